import type { Row } from "../core/row.ts";
import { bucketStart, formatEventTime, lastEventTime } from "../core/time.ts";
import type { DurationMs, EventTimeMs } from "../core/units.ts";
import { earlierOf, laterOf, type Watermark, watermarkOf } from "../core/watermark.ts";
import type { Pipeline, StreamRecord } from "../pipelines/pipeline.ts";
import type { DueList } from "../ports/state-store.ts";
import { type Closing, commitClosing, readClosing } from "./closing.ts";
import { type Engine, partitionsTogether } from "./engine.ts";
import { closingKey, closingScope, rowKey } from "./keys.ts";
import { countConflict } from "./metering.ts";
import { commitRow, type PartitionRow, readRow } from "./partition-row.ts";

/** A pipeline whose results close in buckets of event time. */
export interface ClosingEngine extends Engine<Pipeline<StreamRecord> & { readonly finalInterval: DurationMs }> {
  /** The topics of the tables that its records are looked up in. */
  readonly tables?: readonly string[];
}

/**
 * The final rows of a bucket that ends at `end`, out of what its due lists name. What it answers never changes: it may be asked again by
 * a try that comes after one that died.
 */
export type FinalRows = (partition: number, end: EventTimeMs, keys: readonly string[]) => Promise<readonly Row[]>;

/**
 * Closes the buckets of event time that can no longer change: each becomes one object with its final rows, and then counts as closed.
 *
 * How far: the least floor of the sources that aren't idle. Whatever is still to be judged is judged by a watermark at or above its own
 * source's floor, so it can't bring a result into these buckets, nor change one.
 *
 * @returns how many final rows were written.
 */
export async function closeBuckets(engine: ClosingEngine, partition: number, finalRows: FinalRows): Promise<number> {
  const work = () => closeAll(engine, partition, finalRows);
  return engine.store.atomically ? engine.store.atomically(work) : work();
}

async function closeAll(engine: ClosingEngine, partition: number, finalRows: FinalRows): Promise<number> {
  const { pipeline, store } = engine;
  const scope = closingScope(pipeline, partition);
  const until = await closableUntil(engine, partition, scope);
  if (until === undefined) return 0;
  let { closing } = until;
  let finals = 0;
  for await (const lists of bucketsOf(store.due.upTo(scope, until.time))) {
    const end = (lists[0] as DueList).bucketEnd;
    if (!isClosed(closing, end)) {
      const rows = await closeBucket(engine, partition, end, lists, finalRows);
      finals += rows;
      closing = await raiseClosed(engine, scope, closing, end, rows);
    }
    await store.due.remove(lists);
  }
  if (!isClosed(closing, until.time)) await raiseClosed(engine, scope, closing, until.time, 0);
  return finals;
}

/** The last bucket boundary that may be closed, where it isn't yet; and the closing as it stands. */
async function closableUntil(engine: ClosingEngine, partition: number, scope: string) {
  const { pipeline, store } = engine;
  let { rows, closing } = await readScope(engine, partition, scope);
  let until = leastFloor(rows);
  if (until === undefined || isClosed(closing, bucketStart(until, pipeline.finalInterval))) return undefined;
  if (rows.some(({ idle }) => idle)) {
    // An idle source that wakes meanwhile must judge by a watermark not below this closing: say how far it goes, then look again.
    const announced = { ...closing, announced: laterOf(closing.announced, until) };
    const outcome = await commitClosing(store.progress, closingKey(scope), announced, pipeline.finalInterval);
    if (outcome.kind === "conflict") {
      countConflict(engine);
      return undefined;
    }
    ({ rows, closing } = await readScope(engine, partition, scope));
    until = earlierOf(until, leastFloor(rows));
    if (until === undefined) return undefined;
  }
  const time = await heldByTables(engine, partition, bucketStart(until, pipeline.finalInterval));
  return time === undefined ? undefined : { time, closing };
}

/**
 * A change of a table is judged by its claim, however late it is done: no bucket closes that a change still under way is in time for. And
 * whoever claims changes from now on judges them by a watermark not below this closing, as the floor of the table's row says.
 * @returns up to where may be closed; `undefined`: another invocation has been quicker.
 */
async function heldByTables(engine: ClosingEngine, partition: number, until: EventTimeMs): Promise<Watermark> {
  const { pipeline, store, tables = [] } = engine;
  let held: Watermark = until;
  for (const topic of tables) {
    const key = rowKey(pipeline, { topic, partition });
    const row = readRow((await store.progress.read([key])).get(key));
    if (row.claim) {
      const { peers, floor } = row.claim;
      held = earlierOf(held, watermarkOf(peers, pipeline.allowedLateness, floor));
    } else if (row.floor === undefined || row.floor < until) {
      if ((await commitRow(store.progress, key, { ...row, floor: until })).kind === "committed") continue;
      countConflict(engine);
      return undefined;
    }
  }
  return held === undefined ? undefined : bucketStart(held, pipeline.finalInterval);
}

async function readScope(engine: ClosingEngine, partition: number, scope: string) {
  const { pipeline, store } = engine;
  const keys = partitionsTogether(engine, partition).map((source) => rowKey(pipeline, source));
  const documents = await store.progress.read([...keys, closingKey(scope)]);
  return {
    rows: keys.map((key) => readRow(documents.get(key))),
    closing: readClosing(documents.get(closingKey(scope)), pipeline.finalInterval),
  };
}

function leastFloor(rows: readonly PartitionRow[]): Watermark {
  const floors = rows.filter(({ idle }) => !idle).map(({ floor }) => floor);
  return floors.length === 0 ? undefined : floors.reduce(earlierOf);
}

function isClosed({ closed }: Closing, end: EventTimeMs): boolean {
  return closed !== undefined && closed >= end;
}

/** The lists of one bucket after those of another. */
async function* bucketsOf(lists: AsyncIterable<DueList>): AsyncGenerator<DueList[]> {
  let bucket: DueList[] = [];
  for await (const list of lists) {
    if (bucket.length > 0 && bucket[0]?.bucketEnd !== list.bucketEnd) {
      yield bucket;
      bucket = [];
    }
    bucket.push(list);
  }
  if (bucket.length > 0) yield bucket;
}

async function closeBucket(
  engine: ClosingEngine,
  partition: number,
  end: EventTimeMs,
  lists: readonly DueList[],
  finalRows: FinalRows,
): Promise<number> {
  const { pipeline, objects, rowFormat, settings } = engine;
  // The waits of facts end with their bucket, whether or not anybody takes their rows.
  if (!settings.finals && pipeline.kind !== "facts") return 0;
  const rows = await finalRows(partition, end, [...new Set(lists.flatMap((list) => list.keys))]);
  if (rows.length === 0 || !settings.finals) return 0;
  const start = end - pipeline.finalInterval;
  const date = formatEventTime(start).slice(0, 10);
  const number = pipeline.scope === "partition" ? partition : "all";
  const bucket = formatEventTime(start).replaceAll(/[:-]/g, "");
  const name = `${pipeline.dataset}/dt=${date}/${pipeline.name}-${number}-${bucket}${rowFormat.extension}`;
  // A taken name is an earlier try that died before it could say so: its rows are these rows, as nothing final changes.
  await objects.create(name, rowFormat.encode(pipeline.columns, rows));
  return rows.length;
}

/** Moves the closed time up to `end`, never back: another invocation may have been quicker. */
async function raiseClosed(
  engine: ClosingEngine,
  scope: string,
  closing: Closing,
  end: EventTimeMs,
  finals: number,
): Promise<Closing> {
  const { pipeline, store } = engine;
  const key = closingKey(scope);
  let current = closing;
  while (!isClosed(current, end)) {
    const raised = { ...current, closed: end, finals: current.finals + finals };
    const outcome = await commitClosing(store.progress, key, raised, pipeline.finalInterval);
    if (outcome.kind === "committed") return { ...raised, version: current.version + 1 };
    countConflict(engine);
    current = readClosing(outcome.found, pipeline.finalInterval);
  }
  return current;
}

/** After all results: where a stream that has ended is closed up to. */
export function endOfTime(finalInterval: number): EventTimeMs {
  return bucketStart(lastEventTime, finalInterval) + 2 * finalInterval;
}
