import { setTimeout as sleep } from "node:timers/promises";
import { rowKey } from "../../shared/runtime/keys.ts";
import { readRow } from "../../shared/runtime/partition-row.ts";
import type { FileLog } from "../embedded/file-log.ts";
import type { RecordLine } from "../record-file/record-line.ts";
import { deliverRecords, localContext } from "./msk-mapping.ts";
import { progressEvent } from "./stream-mapping.ts";
import type { World } from "./world.ts";

/** How often an empty partition is looked at. */
const pollMs = 100;
const produceMs = 100;
const streamMs = 100;
const closeMs = 1_000;
const forever = {
  tries: Number.POSITIVE_INFINITY,
  wait: (attempt: number) => sleep(Math.min(100 * 2 ** attempt, 5_000)),
};

export interface LiveOptions {
  readonly log: FileLog;
  /** What is to be produced now. */
  readonly traffic: (now: number) => readonly RecordLine[];
  readonly signal: AbortSignal;
}

/** Opens every source partition of the log where the pipeline has come to. */
export async function openLog(world: World, log: FileLog): Promise<void> {
  const { pipeline, store } = world.engine;
  for (const { topic, partition } of sourcePartitions(world)) {
    const key = rowKey(pipeline, { topic, partition });
    const row = readRow((await store.progress.read([key])).get(key));
    log.open(topic, partition, row.next.offset);
  }
}

/**
 * Runs what AWS would run: a poller per source partition, the change stream, the closing of buckets, and a producer for them to work on.
 * Ends, in good order, when `signal` fires.
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
    await world.handlers.finalize(progressEvent(keys), localContext);
  };
  const loops = [
    every(produceMs, produce, signal),
    every(streamMs, () => deliverOutputs(world), signal),
    every(closeMs, close, signal),
    ...sourcePartitions(world).map((source) => poll(world, source, moved, log, signal)),
  ];
  // One that fails ends all: the others would go on without what it did for them.
  for (const loop of loops) loop.catch(() => failed.abort());
  const ends = await Promise.allSettled(loops);
  for (const end of ends) if (end.status === "rejected") throw end.reason;
  await deliverOutputs(world);
}

export function sourcePartitions({ pipeline }: World): { topic: string; partition: number }[] {
  return pipeline.sources.flatMap((topic) =>
    Array.from({ length: pipeline.partitions }, (_, partition) => ({ topic, partition })),
  );
}

async function poll(
  world: World,
  source: { topic: string; partition: number },
  moved: Set<string>,
  log: FileLog,
  signal: AbortSignal,
) {
  const { topic, partition } = source;
  const consumer = world.consumerOf(topic);
  while (consumer && !signal.aborted) {
    const records = log.peek(topic, partition, consumer.batchSize);
    const last = records.at(-1);
    if (!last) {
      await pause(pollMs, signal);
      continue;
    }
    await deliverRecords(consumer.handler, records, forever);
    log.commit(topic, partition, last.offset + 1);
    moved.add(rowKey(world.engine.pipeline, source));
  }
}

async function deliverOutputs({ delivery, store }: World): Promise<void> {
  await delivery?.start();
  await delivery?.finished();
  await store.atomically?.(async () => delivery?.remember());
}

async function every(ms: number, work: () => Promise<void>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await work();
    await pause(ms, signal);
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {});
}
