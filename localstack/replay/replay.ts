import { renameSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { PipelineConfig } from "../../functions/catalog.ts";
import type { LogRecord } from "../../shared/core/record.ts";
import { rowKey } from "../../shared/runtime/keys.ts";
import type { RunningPipeline } from "../../shared/runtime/running-pipeline.ts";
import { UsageError } from "../cli/usage-error.ts";
import { deliverRecords, localContext } from "../runner/msk-mapping.ts";
import { progressEvent } from "../runner/stream-mapping.ts";
import type { World } from "../runner/world.ts";
import { writeContentViews, writeTopContent } from "./content-views-file.ts";
import { cutDeliveries, type FileDelivery } from "./deliveries.ts";
import { writePurchaseViews } from "./purchase-views-file.ts";
import { type RunNote, RunNotes } from "./run-notes.ts";
import type { Scan } from "./scan.ts";
import { type Summary, summarize } from "./summary.ts";

export interface ReplayOptions {
  /** The one pipeline of the world. */
  readonly config: PipelineConfig;
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

/** What every part of a replay works on. */
interface Run {
  readonly world: World;
  readonly pipeline: RunningPipeline;
  readonly notes: RunNotes;
}

/** Records between two transactions: enough to make a commit to disk a small part of the work, few enough to lose little to a kill. */
const recordsPerGroup = 4_000;
const retries = {
  tries: 5,
  wait: (attempt: number) => new Promise<void>((done) => setTimeout(done, 100 * 2 ** attempt)),
};

/** Runs a record file through the real handlers, from where an earlier run of the same file stopped. */
export async function replay(world: World, options: ReplayOptions): Promise<ReplayResult> {
  const { config, outDirectory } = options;
  const started = performance.now();
  const run = { world, pipeline: world.pipelineNamed(config.name), notes: new RunNotes(world.store, config.name) };
  const secondsSoFar = () => (performance.now() - started) / 1_000;
  let records = 0;
  for await (const part of replayInput(run, options)) {
    records += part.records;
    options.onProgress?.({ bytes: part.offset, records, seconds: secondsSoFar() });
  }
  await finish(run, options.drain);
  if (config.settings.sinks.includes("views")) await writeViews(world, config, join(outDirectory, "views"));
  const seconds = secondsSoFar();
  const summary = await summarize(config, run.pipeline, run.notes.ignored);
  const recordsPerSecond = Math.round(records / Math.max(seconds, 0.001));
  const result = { ...summary, seconds: Math.round(seconds * 1_000) / 1_000, recordsPerSecond };
  writeWhole(join(outDirectory, "summary.json"), `${JSON.stringify(result, null, 2)}\n`);
  return result;
}

/** What the API would answer. */
async function writeViews({ store }: World, { name, settings }: PipelineConfig, directory: string): Promise<void> {
  if (name === "purchases") return writePurchaseViews(store, join(directory, "purchases.json"));
  await writeContentViews(store, join(directory, "content.json"));
  await writeTopContent(store, settings.partitions, join(directory, "top.json"));
}

/** The input in groups; each is one transaction of state and notes, and its outputs are delivered behind it. */
async function* replayInput({ world, pipeline, notes }: Run, options: ReplayOptions) {
  const input = resolve(options.input);
  const start = await startOf(pipeline, notes, input, options.scan.digest);
  if (start.stage !== "reading") return;
  const done = new Map(Object.entries(start.nextOffsets));
  // The cutter reads one record ahead of the delivery it yields, so what it counts is not yet what is done.
  const deliveries = cutDeliveries(input, start, pipeline, options.batchMax, new Map(done));
  for (let next = deliveries.next(), isRead = false; !isRead; ) {
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
      if (moved.size > 0) await world.finalize(progressEvent([...moved]), localContext);
      isRead = next.done === true;
      const stage = isRead ? "read" : "reading";
      notes.run = { ...start, offset, lines, nextOffsets: Object.fromEntries(done), stage };
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
  { topic, records }: FileDelivery,
  moved: Set<string>,
  ignored: Record<string, number>,
) {
  const consumers = world.consumersOf(topic);
  if (consumers.length === 0) ignored[topic] = (ignored[topic] ?? 0) + records.length;
  for (const { pipeline, handler } of consumers) {
    await deliverRecords(handler, records, retries);
    for (const { partition } of records) moved.add(rowKey(pipeline, { topic, partition }));
  }
}

/** Closes what the end of the input lets close: what the watermark has passed, or, where nothing is to follow, everything. */
async function finish({ world, pipeline, notes }: Run, drain: boolean): Promise<void> {
  const { scope, partitions } = pipeline;
  await world.store.group(async () => {
    for (let partition = 0; partition < (scope === "topic" ? 1 : partitions); partition++) {
      await pipeline.settle(partition, drain ? "end" : "watermark");
      await pipeline.close(partition);
    }
  });
  await world.delivery?.start();
  await world.delivery?.finished();
  await world.store.group(async () => {
    world.delivery?.remember();
    if (notes.run) notes.run = { ...notes.run, stage: "finished" };
  });
}

/** Where to begin: where the last run of this very input stopped, else at its first line. */
async function startOf(pipeline: RunningPipeline, notes: RunNotes, input: string, digest: string): Promise<RunNote> {
  const last = notes.run;
  if (last?.input === input && last.digest === digest) return last;
  if (last?.input === input && last.stage === "reading") {
    throw new UsageError(
      `${input} is not what the unfinished replay in this state has read; put that back, or give another --state`,
    );
  }
  return { input, digest, offset: 0, lines: 0, nextOffsets: await storedOffsets(pipeline), stage: "reading" };
}

async function storedOffsets(pipeline: RunningPipeline): Promise<Record<string, number>> {
  const read = (await pipeline.progress()).flatMap(({ sources, tables }) => [...sources, ...tables]);
  return Object.fromEntries(
    read.map(({ topic, partition, row }) => [`${topic}-${partition}`, row.next.offset] as const),
  );
}

function writeWhole(path: string, text: string): void {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}
