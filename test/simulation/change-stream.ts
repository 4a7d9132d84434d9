import type { DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from "aws-lambda";
import type { Random } from "../../localstack/generate/random.ts";
import { streamEvent } from "../../localstack/runner/stream-mapping.ts";
import { textHash } from "../../shared/core/text-hash.ts";
import type { WallTimeMs } from "../../shared/core/units.ts";
import type { Document } from "../../shared/ports/state-store.ts";
import { type Actor, isAsleep } from "./scheduler.ts";

const shards = 2;
const batchMax = 8;

/** The change stream of the table of entities: each item's versions in order, in one of two shards. */
export class ChangeStream {
  readonly #shards: DynamoDBRecord[][] = Array.from({ length: shards }, () => []);
  #sequence = 0;

  get length(): number {
    return this.#sequence;
  }

  write({ key, version, body, outbox }: Document, at: WallTimeMs): void {
    // What every version without an outbox is to the function: nothing, which the mapping's filter spares it.
    if (outbox === undefined) return;
    const change = { sequence: ++this.#sequence, at, document: { key, version, body, outbox } };
    this.#shardOf(key).push(...streamEvent([change], "entities").Records);
  }

  /** What TTL has removed is in the stream too, and no filter on an outbox takes it out for a reader without one. */
  remove({ key }: Document): void {
    const sequence = String(++this.#sequence).padStart(21, "0");
    const dynamodb = { Keys: { pk: { S: key }, sk: { S: "-" } }, SequenceNumber: sequence };
    this.#shardOf(key).push({ eventName: "REMOVE", eventSource: "aws:dynamodb", dynamodb });
  }

  shard(number: number): readonly DynamoDBRecord[] {
    return this.#shards[number] as DynamoDBRecord[];
  }

  #shardOf(key: string): DynamoDBRecord[] {
    return this.#shards[textHash(key) % shards] as DynamoDBRecord[];
  }
}

export interface StreamMappingOptions {
  readonly stream: ChangeStream;
  readonly invoke: (event: DynamoDBStreamEvent, ended: (answer: DynamoDBBatchResponse | undefined) => void) => Actor;
  readonly random: Random;
}

interface Reader {
  readonly shard: number;
  cursor: number;
  inFlight: Actor | undefined;
}

/** An event source mapping of the change stream: one invocation a shard, and again from where it stopped. */
export class StreamMapping {
  readonly #options: StreamMappingOptions;
  readonly #readers: readonly Reader[] = Array.from({ length: shards }, (_, shard) => {
    return { shard, cursor: 0, inFlight: undefined };
  });

  constructor(options: StreamMappingOptions) {
    this.#options = options;
  }

  get isAtEnd(): boolean {
    return this.#readers.every(({ shard, cursor, inFlight }) => {
      return (!inFlight || isAsleep(inFlight)) && cursor >= this.#options.stream.shard(shard).length;
    });
  }

  send(): boolean {
    const { random, stream, invoke } = this.#options;
    const ready = this.#readers.filter(({ shard, cursor, inFlight }) => {
      return (!inFlight || isAsleep(inFlight)) && cursor < stream.shard(shard).length;
    });
    if (ready.length === 0) return false;
    const reader = random.pick(ready);
    const from = reader.cursor;
    const records = stream.shard(reader.shard).slice(from, from + random.integer(1, batchMax));
    const actor: Actor = invoke({ Records: [...records] }, (answer) => {
      if (reader.inFlight !== actor) return;
      reader.inFlight = undefined;
      if (answer) reader.cursor = from + doneOf(answer, records);
    });
    reader.inFlight = actor;
    actor.onDeath.push(() => {
      if (reader.inFlight === actor) reader.inFlight = undefined;
    });
    return true;
  }

  /** A batch is taken for failed, and comes again with what follows, in other cuts, beside who may still be at work on it. */
  goBack(): boolean {
    const { random } = this.#options;
    const reader = random.pick(this.#readers);
    if (reader.cursor === 0 && !reader.inFlight) return false;
    reader.cursor = Math.max(0, reader.cursor - random.integer(0, batchMax));
    reader.inFlight = undefined;
    return true;
  }
}

function doneOf({ batchItemFailures }: DynamoDBBatchResponse, records: readonly DynamoDBRecord[]): number {
  const failed = batchItemFailures[0]?.itemIdentifier;
  if (failed === undefined) return records.length;
  const at = records.findIndex(({ dynamodb }) => dynamodb?.SequenceNumber === failed);
  return Math.max(at, 0);
}
