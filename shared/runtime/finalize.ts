import { atMostAtOnce } from "../core/at-most-at-once.ts";
import { compareCodePoints } from "../core/last-touch.ts";
import { bucketStart, formatEventTime, lastEventTime } from "../core/time.ts";
import type { EventTimeMs } from "../core/units.ts";
import { earlierOf, laterOf, type Watermark } from "../core/watermark.ts";
import type { KeyedRecord, Result } from "../pipelines/pipeline.ts";
import type { DueList } from "../ports/state-store.ts";
import { type Closing, commitClosing, readClosing } from "./closing.ts";
import { type KeyedEngine, partitionsTogether } from "./engine.ts";
import { readEntity } from "./entity.ts";
import { closingKey, closingScope, entityKey, rowKey } from "./keys.ts";
import { type PartitionRow, readRow } from "./partition-row.ts";
import { settledIn } from "./settled.ts";

/** Entities read at a time: one DynamoDB BatchGetItem's worth for each of a few requests in flight. */
const entitiesAtOnce = 400;

/**
 * Closes the buckets of event time that can no longer change: each becomes one object with its final rows, and then counts as closed.
 *
 * How far: the least floor of the sources that aren't idle. Whatever is still to be judged is judged by a watermark at or above its own
 * source's floor, so it can't bring a result into these buckets, nor change one.
 *
 * @returns how many final rows were written.
 */
export async function closeBuckets<R extends KeyedRecord, S>(
  engine: KeyedEngine<R, S>,
  partition: number,
): Promise<number> {
  const work = () => closeAll(engine, partition);
  return engine.store.atomically ? engine.store.atomically(work) : work();
}

async function closeAll<R extends KeyedRecord, S>(engine: KeyedEngine<R, S>, partition: number): Promise<number> {
  const { pipeline, store } = engine;
  const scope = closingScope(pipeline, partition);
  const until = await closableUntil(engine, partition, scope);
  if (until === undefined) return 0;
  let { closing } = until;
  let finals = 0;
  for await (const lists of bucketsOf(store.due.upTo(scope, until.time))) {
    const end = (lists[0] as DueList).bucketEnd;
    if (!isClosed(closing, end)) {
      const rows = engine.settings.finals ? await closeBucket(engine, partition, end, lists) : 0;
      finals += rows;
      closing = await raiseClosed(engine, scope, closing, end, rows);
    }
    await store.due.remove(lists);
  }
  if (!isClosed(closing, until.time)) await raiseClosed(engine, scope, closing, until.time, 0);
  return finals;
}

/** The last bucket boundary that may be closed, where it isn't yet; and the closing as it stands. */
async function closableUntil<R extends KeyedRecord, S>(engine: KeyedEngine<R, S>, partition: number, scope: string) {
  const { pipeline, store } = engine;
  let { rows, closing } = await readScope(engine, partition, scope);
  let until = leastFloor(rows);
  if (until === undefined || isClosed(closing, bucketStart(until, pipeline.finalInterval))) return undefined;
  if (rows.some(({ idle }) => idle)) {
    // An idle source that wakes meanwhile must judge by a watermark not below this closing: say how far it goes, then look again.
    const announced = { ...closing, announced: laterOf(closing.announced, until) };
    if ((await commitClosing(store.progress, closingKey(scope), announced, pipeline.finalInterval)).kind === "conflict")
      return undefined;
    ({ rows, closing } = await readScope(engine, partition, scope));
    until = earlierOf(until, leastFloor(rows));
    if (until === undefined) return undefined;
  }
  return { time: bucketStart(until, pipeline.finalInterval), closing };
}

async function readScope<R extends KeyedRecord, S>(engine: KeyedEngine<R, S>, partition: number, scope: string) {
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

async function closeBucket<R extends KeyedRecord, S>(
  engine: KeyedEngine<R, S>,
  partition: number,
  end: EventTimeMs,
  lists: readonly DueList[],
): Promise<number> {
  const { pipeline, objects, rowFormat } = engine;
  const keys = [...new Set(lists.flatMap((list) => list.keys))];
  const results = await finalResults(engine, partition, end, keys);
  if (results.length === 0) return 0;
  const start = end - pipeline.finalInterval;
  const date = formatEventTime(start).slice(0, 10);
  const number = pipeline.scope === "partition" ? partition : "all";
  const bucket = formatEventTime(start).replaceAll(/[:-]/g, "");
  const name = `${pipeline.dataset}/dt=${date}/${pipeline.name}-${number}-${bucket}${rowFormat.extension}`;
  const rows = results.map(({ row }) => row);
  // A taken name is an earlier try that died before it could say so: its rows are these rows, as nothing final changes.
  await objects.create(name, rowFormat.encode(pipeline.columns, rows));
  return results.length;
}

async function finalResults<R extends KeyedRecord, S>(
  { pipeline, store }: KeyedEngine<R, S>,
  partition: number,
  end: EventTimeMs,
  keys: readonly string[],
): Promise<Result[]> {
  const chunks: string[][] = [];
  for (let at = 0; at < keys.length; at += entitiesAtOnce) chunks.push(keys.slice(at, at + entitiesAtOnce));
  const results = await atMostAtOnce(2, chunks, async (chunk) => {
    const documents = await store.entities.read(chunk.map((key) => entityKey(pipeline, { partition, key })));
    return chunk.flatMap((key): Result[] => {
      const of = { partition, key };
      const document = documents.get(entityKey(pipeline, of));
      if (!document) return [];
      const { state, settled } = readEntity(pipeline, of, document);
      return [
        ...settledIn(settled, end).map((stored) => pipeline.settledResult(stored, of)),
        ...pipeline.between(state, end - pipeline.finalInterval, end, of),
      ];
    });
  });
  return results.flat().sort((a, b) => a.time - b.time || compareCodePoints(a.entity, b.entity));
}

/** Moves the closed time up to `end`, never back: another invocation may have been quicker. */
async function raiseClosed<R extends KeyedRecord, S>(
  { pipeline, store }: KeyedEngine<R, S>,
  scope: string,
  closing: Closing,
  end: EventTimeMs,
  finals: number,
): Promise<Closing> {
  const key = closingKey(scope);
  let current = closing;
  while (!isClosed(current, end)) {
    const raised = { ...current, closed: end, finals: current.finals + finals };
    const outcome = await commitClosing(store.progress, key, raised, pipeline.finalInterval);
    if (outcome.kind === "committed") return { ...raised, version: current.version + 1 };
    current = readClosing(outcome.found, pipeline.finalInterval);
  }
  return current;
}

/** After all results: where a stream that has ended is closed up to. */
export function endOfTime(finalInterval: number): EventTimeMs {
  return bucketStart(lastEventTime, finalInterval) + 2 * finalInterval;
}
