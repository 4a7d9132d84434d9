import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  type DynamoDBClient,
  type WriteRequest,
} from "@aws-sdk/client-dynamodb";
import { StreamError } from "../core/errors.ts";
import type { DurationMs } from "../core/units.ts";
import { askForUnits, type OnConsumed, tellUnits } from "./consumed.ts";
import type { Item } from "./items.ts";

/** A table, and how to wait for it. */
export interface Table {
  readonly client: DynamoDBClient;
  readonly name: string;
  /** From 0 up to 1, as Math.random. */
  readonly random: () => number;
  readonly sleep: (delay: DurationMs) => Promise<unknown>;
  readonly onConsumed?: OnConsumed | undefined;
}

/** What one BatchGetItem and one BatchWriteItem take. @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html */
const keysPerGetMax = 100;
const requestsPerWriteMax = 25;
/** Requests in flight per call: enough to hide the round trips, few beside the 50 sockets that a client has by default. */
const requestsAtOnceMax = 8;
/** Answers in a row that did nothing of what was asked, before the table counts as down. Their waits add up to 6 s on average. */
const idleTriesMax = 8;
const firstDelayMax: DurationMs = 100;
const delayMax: DurationMs = 5_000;

/** The items of `keys` (none twice) that exist, in any order; strongly consistent. @throws {StreamError} fault `dependency`: given up. */
export async function getItems(table: Table, keys: readonly Item[]): Promise<Item[]> {
  const items: Item[] = [];
  await inChunks(keys, keysPerGetMax, (chunk) =>
    untilProcessed(table, chunk, async (left) => {
      const request = { [table.name]: { Keys: [...left], ConsistentRead: true } };
      const answer = await table.client.send(
        new BatchGetItemCommand({ RequestItems: request, ...askForUnits(table.onConsumed) }),
      );
      tellUnits(table.onConsumed, "read", answer.ConsumedCapacity);
      items.push(...(answer.Responses?.[table.name] ?? []));
      return answer.UnprocessedKeys?.[table.name]?.Keys ?? [];
    }),
  );
  return items;
}

/** Puts and deletes (no item twice), in any order. @throws {StreamError} fault `dependency`: given up; some may be done. */
export function writeItems(table: Table, requests: readonly WriteRequest[]): Promise<void> {
  return inChunks(requests, requestsPerWriteMax, (chunk) =>
    untilProcessed(table, chunk, async (left) => {
      const request = { [table.name]: [...left] };
      const answer = await table.client.send(
        new BatchWriteItemCommand({ RequestItems: request, ...askForUnits(table.onConsumed) }),
      );
      tellUnits(table.onConsumed, "write", answer.ConsumedCapacity);
      return answer.UnprocessedItems?.[table.name] ?? [];
    }),
  );
}

async function inChunks<T>(
  all: readonly T[],
  size: number,
  work: (chunk: readonly T[]) => Promise<void>,
): Promise<void> {
  const count = Math.ceil(all.length / size);
  // The workers share one iterator: each takes the next chunk when it is done with its last.
  const starts = Array.from({ length: count }, (_, chunk) => chunk * size).values();
  const worker = async () => {
    for (const start of starts) await work(all.slice(start, start + size));
  };
  await Promise.all(Array.from({ length: Math.min(requestsAtOnceMax, count) }, worker));
}

/**
 * Sends `all`, and again what the answer leaves: DynamoDB cuts a batch short at 16 MB and where a partition is throttled. A part done is
 * progress, and what is left shrinks with it; so only answers that did nothing at all count as tries.
 */
async function untilProcessed<T>(
  table: Table,
  all: readonly T[],
  send: (left: readonly T[]) => Promise<readonly T[]>,
): Promise<void> {
  let left = await send(all);
  let idleTries = left.length < all.length ? 0 : 1;
  while (left.length > 0) {
    if (idleTries >= idleTriesMax) {
      throw new StreamError(
        "dependency",
        `${table.name}: ${left.length} items of a batch left unprocessed ${idleTriesMax} times in a row`,
      );
    }
    await table.sleep(table.random() * Math.min(delayMax, firstDelayMax * 2 ** idleTries));
    const still = await send(left);
    idleTries = still.length < left.length ? 0 : idleTries + 1;
    left = still;
  }
}
