import { setTimeout as sleep } from "node:timers/promises";
import type { DurationMs, WallTimeMs } from "../../shared/core/units.ts";
import { rowKey } from "../../shared/runtime/keys.ts";
import type { FileLog } from "../embedded/file-log.ts";
import type { RecordLine } from "../record-file/record-line.ts";
import { deliverRecords, localContext } from "./msk-mapping.ts";
import { progressEvent } from "./stream-mapping.ts";
import type { Consumer, World } from "./world.ts";

/** How often an empty partition is looked at. */
const pollMs: DurationMs = 100;
const produceMs: DurationMs = 100;
const streamMs: DurationMs = 100;
const closeMs: DurationMs = 1_000;
const expireMs: DurationMs = 1_000;
/** Expired documents removed at a time: more than expire meanwhile, few enough to hold nobody up. */
const expiredMax = 5_000;
const forever = {
  tries: Number.POSITIVE_INFINITY,
  wait: (attempt: number) => sleep(Math.min(100 * 2 ** attempt, 5_000)),
};

export interface LiveOptions {
  readonly log: FileLog;
  /** What is to be produced now. */
  readonly traffic: (now: WallTimeMs) => readonly RecordLine[];
  readonly signal: AbortSignal;
}

/** Opens every partition of the topics, for each pipeline where that has come to. */
export async function openLog({ pipelines }: World, log: FileLog): Promise<void> {
  const partitions = new Map<string, { topic: string; partition: number; positions: Map<string, number> }>();
  for (const pipeline of pipelines) {
    for (const { sources, tables } of await pipeline.progress()) {
      for (const { topic, partition, row } of [...sources, ...tables]) {
        const name = `${topic}-${partition}`;
        const opened = partitions.get(name) ?? { topic, partition, positions: new Map() };
        partitions.set(name, opened);
        opened.positions.set(pipeline.name, row.next.offset);
      }
    }
  }
  for (const { topic, partition, positions } of partitions.values()) log.open(topic, partition, positions);
}

/**
 * Runs what AWS would run: a poller per function and source partition, the change streams, the closing of buckets, expiry, and a producer
 * for them to work on. Ends, in good order, when `signal` fires.
 */
export async function runLive(world: World, options: LiveOptions): Promise<void> {
  const { log, traffic } = options;
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  const moved = new Set<string>();
  const produce = async () => log.produce(traffic(Date.now()));
  const close = async () => {
    if (moved.size === 0) return;
    const keys = [...moved];
    moved.clear();
    await world.finalize(progressEvent(keys), localContext);
  };
  const expire = async () => void world.store.removeExpired(expiredMax);
  const loops = [
    every(produceMs, produce, signal),
    every(streamMs, () => deliverOutputs(world), signal),
    every(closeMs, close, signal),
    every(expireMs, expire, signal),
    ...pollers(world).map((poller) => poll(poller, moved, log, signal)),
  ];
  // One that fails ends all: the others would go on without what it did for them.
  for (const loop of loops) loop.catch(() => failed.abort());
  const ends = await Promise.allSettled(loops);
  for (const end of ends) if (end.status === "rejected") throw end.reason;
  await deliverOutputs(world);
}

interface Poller {
  readonly consumer: Consumer;
  readonly topic: string;
  readonly partition: number;
}

function pollers(world: World): Poller[] {
  const topics = new Set(world.pipelines.flatMap(({ sources, tables }) => [...sources, ...tables]));
  return [...topics].flatMap((topic) =>
    world
      .consumersOf(topic)
      .flatMap((consumer) =>
        Array.from({ length: consumer.pipeline.partitions }, (_, partition) => ({ consumer, topic, partition })),
      ),
  );
}

/** Waits for a full batch as an event source mapping does: no longer than its window. */
async function poll({ consumer, topic, partition }: Poller, moved: Set<string>, log: FileLog, signal: AbortSignal) {
  const { pipeline, handler, batchSize, batchWindowMs } = consumer;
  let since = Number.POSITIVE_INFINITY;
  while (!signal.aborted) {
    const records = log.peek(pipeline.name, topic, partition, batchSize);
    const last = records.at(-1);
    since = last ? Math.min(since, Date.now()) : Number.POSITIVE_INFINITY;
    if (!last || (records.length < batchSize && Date.now() - since < batchWindowMs)) {
      await pause(pollMs, signal);
      continue;
    }
    await deliverRecords(handler, records, forever);
    log.commit(pipeline.name, topic, partition, last.offset + 1);
    moved.add(rowKey(pipeline, { topic, partition }));
    since = Number.POSITIVE_INFINITY;
  }
}

async function deliverOutputs({ delivery, store }: World): Promise<void> {
  await delivery?.start();
  await delivery?.finished();
  await store.atomically?.(async () => delivery?.remember());
}

async function every(ms: DurationMs, work: () => Promise<void>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await work();
    await pause(ms, signal);
  }
}

async function pause(ms: DurationMs, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {});
}
