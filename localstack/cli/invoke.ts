import { readFileSync } from "node:fs";
import type { Context, DynamoDBStreamEvent } from "aws-lambda";
import { nearest } from "../../shared/settings/nearest.ts";
import { readSettings } from "../../shared/settings/settings.ts";
import { readDelivered, writeDelivered } from "../runner/delivery-thread.ts";
import { openHttpDelivery } from "../runner/http-delivery.ts";
import { claimOutput, holdState } from "../runner/state-directory.ts";
import { openWorld } from "../runner/world.ts";
import type { CommandIo } from "./io.ts";
import { keyValues, wholeNumberFrom } from "./options.ts";
import { UsageError } from "./usage-error.ts";

export interface InvokeFlags {
  readonly state: string;
  readonly out: string;
  readonly partitions: string;
  readonly set: readonly string[];
}

/** What a Kafka event source mapping allows a function, in milliseconds. */
const timeoutMs = 14 * 60_000;

/** `tidemark invoke`: one event through one real handler, over embedded state. */
export async function invokeCommand(name: string, eventFile: string, flags: InvokeFlags, io: CommandIo): Promise<void> {
  const event = readEvent(eventFile);
  const settings = readSettings("attribution", keyValues(flags.set));
  const partitions = wholeNumberFrom(flags.partitions, "--partitions", 1, 10_000);
  const held = holdState(flags.state);
  try {
    claimOutput(flags.out, held.store);
    const { store, path: statePath } = held;
    const world = await openWorld({
      settings,
      partitions,
      sinks: new Set(["s3"]),
      store,
      statePath,
      outDirectory: flags.out,
      futureClock: "wall",
      durable: true,
      batchMax: 1,
      deliveryTries: 1,
    });
    const delivered = readDelivered(store);
    const http = { statePath, outDirectory: flags.out, delivered, batchMax: 1, tries: 1 };
    const delivery = await openHttpDelivery(world.pipeline, world.objects, http, { now: () => momentOf(event) });
    try {
      const handlers: Record<string, unknown> = { ...world.handlers, deliver: delivery.handler };
      const handler = Object.hasOwn(handlers, name) ? handlers[name] : undefined;
      if (!handler) throw new UsageError(unknownFunction(name, Object.keys(handlers)));
      const invoke = handler as (event: unknown, context: Context) => Promise<unknown>;
      io.out(JSON.stringify((await invoke(event, contextOf(name))) ?? null, null, 2));
      writeDelivered(store, delivery.delivered());
    } finally {
      await delivery.close();
    }
  } finally {
    held.close();
  }
}

/** When a stream's event happened: a sample is taken as of its own time, in which nothing of it is too old to be delivered. */
function momentOf(event: unknown): number {
  const records = (event as Partial<DynamoDBStreamEvent> | null)?.Records ?? [];
  return (
    Math.max(...records.map(({ dynamodb }) => 1_000 * (dynamodb?.ApproximateCreationDateTime ?? 0)), 0) || Date.now()
  );
}

function readEvent(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new UsageError(`${file} is no readable JSON file; test/events holds samples`, { cause });
  }
}

function unknownFunction(name: string, known: readonly string[]): string {
  const close = nearest(name, known);
  return `there is no function "${name}"; ${close ? `did you mean ${close}?` : `known are ${known.join(", ")}`}`;
}

function contextOf(name: string): Context {
  const end = Date.now() + timeoutMs;
  return { functionName: name, awsRequestId: "local", getRemainingTimeInMillis: () => end - Date.now() } as Context;
}
