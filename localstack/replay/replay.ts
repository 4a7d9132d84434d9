import { renameSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { LogRecord } from "../../shared/core/record.ts";
import { rowKey } from "../../shared/runtime/keys.ts";
import { readRow } from "../../shared/runtime/partition-row.ts";
import { settle } from "../../shared/runtime/settle.ts";
import { UsageError } from "../cli/usage-error.ts";
import { deliverRecords, localContext } from "../runner/msk-mapping.ts";
import { progressEvent } from "../runner/stream-mapping.ts";
import type { World } from "../runner/world.ts";
import { cutDeliveries, type FileDelivery } from "./deliveries.ts";
import { ReplayNotes, type RunNote } from "./progress-note.ts";
import type { Scan } from "./scan.ts";
import { type Summary, summarize } from "./summary.ts";

export interface ReplayOptions {
  readonly input: string;
  readonly scan: Scan;
  /** Records per delivery at most. */
  readonly batchMax: number;
  /** Whether the stream ends with this input. */
  readonly drain: boolean;
  readonly outDirectory: string;
  /** Told now and then. */
  readonly onProgress?: (progress: { bytes: number; records: number; seconds: number }) => void;
}

export interface ReplayResult extends Summary {
  readonly seconds: number;
  /** Of this run. */
  readonly recordsPerSecond: number;
}

/** Records between two transactions: enough to make a commit to disk a small part of the work, few enough to lose little to a kill. */
const recordsPerGroup = 4_000;
const retries = {
  tries: 5,
  wait: (attempt: number) => new Promise<void>((done) => setTimeout(done, 100 * 2 ** attempt)),
};

/** Runs a record file through the real handlers, from where an earlier run of the same file stopped. */
export async function replay(world: World, options: ReplayOptions): Promise<ReplayResult> {
  const started = performance.now();
  const notes = new ReplayNotes(world.store);
  const secondsSoFar = () => (performance.now() - started) / 1_000;
  let records = 0;
  for await (const part of replayInput(world, notes, options)) {
    records += part.records;
    options.onProgress?.({ bytes: part.offset, records, seconds: secondsSoFar() });
  }
  await finish(world, options.drain);
  const seconds = secondsSoFar();
  const summary = await summarize(world.engine, notes.ignored);
  const result = {
    ...summary,
    seconds: round(seconds),
    recordsPerSecond: Math.round(records / Math.max(seconds, 0.001)),
  };
  writeWhole(join(options.outDirectory, "summary.json"), `${JSON.stringify(result, null, 2)}\n`);
  return result;
}

/** The input in groups; each is one transaction of state and notes, and its outputs are delivered behind it. */
async function* replayInput(world: World, notes: ReplayNotes, options: ReplayOptions) {
  const input = resolve(options.input);
  const start = await startOf(world, notes, input, options.scan.digest);
  if (start.done) return;
  const done = new Map(Object.entries(start.nextOffsets));
  // The cutter reads one record ahead of the delivery it yields, so what it counts is not yet what is done.
  const deliveries = cutDeliveries(input, start, world.pipeline, options.batchMax, new Map(done));
  for (let next = deliveries.next(), isDone = false; !isDone; ) {
    yield await world.store.group(async () => {
      const group = { records: 0, offset: start.offset };
      const moved = new Set<string>();
      const ignored = notes.ignored;
      let { offset, lines } = notes.run ?? start;
      for (; !next.done && group.records < recordsPerGroup; next = deliveries.next()) {
        const delivery = next.value;
        await processDelivery(world, delivery, moved, ignored);
        for (const record of delivery.records) advance(done, record);
        group.records += delivery.records.length;
        ({ offset, lines } = delivery);
      }
      if (moved.size > 0) await world.handlers.finalize(progressEvent([...moved]), localContext);
      isDone = next.done === true;
      notes.run = { ...start, offset, lines, nextOffsets: Object.fromEntries(done), done: isDone };
      notes.ignored = ignored;
      world.delivery?.remember();
      return { ...group, offset };
    });
    await world.delivery?.start();
  }
}

function advance(nextOffsets: Map<string, number>, { topic, partition, offset }: LogRecord): void {
  const name = `${topic}-${partition}`;
  nextOffsets.set(name, Math.max(offset + 1, nextOffsets.get(name) ?? 0));
}

async function processDelivery(
  world: World,
  delivery: FileDelivery,
  moved: Set<string>,
  ignored: Record<string, number>,
) {
  const { topic, records } = delivery;
  const consumer = world.consumerOf(topic);
  if (!consumer) {
    ignored[topic] = (ignored[topic] ?? 0) + records.length;
    return;
  }
  await deliverRecords(consumer.handler, records, retries);
  for (const { partition } of records) moved.add(rowKey(world.engine.pipeline, { topic, partition }));
}

/** Closes what the end of the input lets close: what the watermark has passed, or, where nothing is to follow, everything. */
async function finish(world: World, drain: boolean): Promise<void> {
  await world.store.group(async () => {
    for (let partition = 0; partition < world.pipeline.partitions; partition++) {
      await settle(world.engine, partition, drain ? "end" : "watermark");
      await world.pipeline.close(partition);
    }
  });
  await world.delivery?.start();
  await world.delivery?.finished();
  await world.store.group(async () => world.delivery?.remember());
}

/** Where to begin: where the last run of this very input stopped, else at its first line. */
async function startOf(world: World, notes: ReplayNotes, input: string, digest: string): Promise<RunNote> {
  const last = notes.run;
  if (last?.input === input && last.digest === digest) return last;
  if (last?.input === input && !last.done) {
    throw new UsageError(
      `${input} is not what the unfinished replay in this state has read; put that back, or give another --state`,
    );
  }
  return { input, digest, offset: 0, lines: 0, nextOffsets: await storedOffsets(world), done: false };
}

async function storedOffsets({ engine: { pipeline, store, settings } }: World): Promise<Record<string, number>> {
  const offsets: Record<string, number> = {};
  for (const topic of pipeline.sources) {
    for (let partition = 0; partition < settings.partitions; partition++) {
      const key = rowKey(pipeline, { topic, partition });
      const row = readRow((await store.progress.read([key])).get(key));
      offsets[`${topic}-${partition}`] = row.next.offset;
    }
  }
  return offsets;
}

function writeWhole(path: string, text: string): void {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

function round(seconds: number): number {
  return Math.round(seconds * 1_000) / 1_000;
}
