import { comparePositions, type Position } from "../core/position.ts";
import { type LogRecord, rejectionReasons } from "../core/record.ts";
import { bucketEnd } from "../core/time.ts";
import type { EventTimeMs } from "../core/units.ts";
import { earlierOf, laterOf } from "../core/watermark.ts";
import type { KeyedRecord } from "../pipelines/pipeline.ts";
import type { DueList } from "../ports/state-store.ts";
import { type OpenTry, openTry, storeProgress } from "./claim.ts";
import { type Counts, noCounts } from "./counts.ts";
import type { KeyedEngine, SourcePartition } from "./engine.ts";
import { judge, type Verdict } from "./judge.ts";
import { closingScope, laneOf } from "./keys.ts";
import { positionAfter } from "./placing.ts";
import { type Reached, type Rejection, writeRejections } from "./rejections.ts";
import { type Applicable, type BatchContext, type TakenIn, takeIn } from "./take-in.ts";

/** The records of one source partition, in the order of the log. */
export interface PartitionBatch extends SourcePartition {
  readonly records: readonly LogRecord[];
}

/** From `offset` on, a partition's records are to be sent again. */
export interface Unfinished extends SourcePartition {
  readonly offset: number;
  readonly cause: unknown;
}

/** Races for a partition's row that a batch may lose before it is sent back; each means that another invocation got on. */
const lostTriesMax = 5;

/**
 * Takes a batch into the pipeline's state, each partition in its own order, partitions side by side.
 * What it answers has to be sent again; everything else is done, once and for all, whatever else goes wrong.
 */
export async function processBatch<R extends KeyedRecord, S>(
  engine: KeyedEngine<R, S>,
  batch: readonly PartitionBatch[],
  signal?: AbortSignal,
): Promise<Unfinished[]> {
  const answers = await Promise.all(batch.map((partition) => processPartition(engine, partition, signal)));
  return answers.filter((answer) => answer !== undefined);
}

async function processPartition<R extends KeyedRecord, S>(
  engine: KeyedEngine<R, S>,
  batch: PartitionBatch,
  signal?: AbortSignal,
): Promise<Unfinished | undefined> {
  let records = batch.records;
  let lostTries = 0;
  let cause: unknown;
  while (records.length > 0 && lostTries < lostTriesMax && cause === undefined) {
    if (signal?.aborted) {
      cause = signal.reason;
      break;
    }
    const attempt = () => oneTry(engine, batch, records);
    try {
      const outcome = await (engine.store.atomically ? engine.store.atomically(attempt) : attempt());
      records = outcome.left;
      cause = outcome.cause;
      if (outcome.lost) lostTries++;
    } catch (error) {
      cause = error;
    }
  }
  const first = records[0];
  if (!first) return undefined;
  cause ??= new Error(`lost ${lostTriesMax} races for the row of ${batch.topic}-${batch.partition}`);
  return { topic: batch.topic, partition: batch.partition, offset: first.offset, cause };
}

/** What a try leaves: records that aren't done, whether another invocation came first, and what went wrong. */
interface TryOutcome {
  readonly left: readonly LogRecord[];
  readonly lost?: boolean;
  readonly cause?: unknown;
}

/** One claim's worth of work. The order of its steps is the protocol: docs/ARCHITECTURE.md says what each is for. */
async function oneTry<R extends KeyedRecord, S>(
  engine: KeyedEngine<R, S>,
  source: SourcePartition,
  records: readonly LogRecord[],
): Promise<TryOutcome> {
  const opened = await openTry(engine, source, records);
  if (opened.kind === "lost") return { left: records, lost: true };
  if (opened.kind === "nothing-new") return { left: [] };
  const { row, claim, placed, beyond } = opened;
  const verdicts = judge(engine, placed, row.highest, claim);
  const applicable = verdicts.filter((verdict): verdict is Applicable<R> => verdict.kind === "apply");

  await engine.store.due.append(dueLists(engine, source, row.next, applicable));
  const taken = await takeIn(engine, applicable, batchContext(engine, opened));

  const failure = firstFailure(taken);
  const done = failure ? verdicts.filter(({ position }) => comparePositions(position, failure.from) < 0) : verdicts;
  const rejections = rejectionsOf(done, laneOf(engine.pipeline, source), taken);
  const reached: Reached = {
    position: failure?.from ?? endOf(opened),
    highest: laterOf(row.highest, done.at(-1)?.highest),
    highestTimestamp: done.at(-1)?.highestTimestamp ?? row.highestTimestamp,
  };
  const stands = await writeRejections(engine, source, row.next, reached, claim.end, rejections);

  const counts = countOf(done, taken);
  const isStored = await storeProgress(engine, opened, { ...stands, counts });
  if (!isStored) return { left: records, lost: true };
  meterCounts(engine, source, counts);
  const left = placed
    .filter(({ position }) => comparePositions(position, stands.position) >= 0)
    .map(({ record }) => record);
  return { left: [...left, ...beyond], ...(failure && { cause: failure.cause }) };
}

/** Where a try that does all of its records ends. Where records stand behind the claim, its own are all here: the log has no others. */
function endOf({ placed, beyond, claim }: OpenTry): Position {
  const last = placed.at(-1);
  return beyond.length > 0 || !last ? claim.end : positionAfter(last.position);
}

/** One due list per bucket that the batch may bring results into. The same batch always makes the same lists. */
function dueLists<R extends KeyedRecord, S>(
  { pipeline }: KeyedEngine<R, S>,
  source: SourcePartition,
  first: Position,
  records: readonly Applicable<R>[],
): DueList[] {
  const keysByBucket = new Map<EventTimeMs, Set<string>>();
  for (const { parsed } of records) {
    const time = pipeline.resultTime(parsed);
    if (time === undefined) continue;
    const bucket = bucketEnd(time, pipeline.finalInterval);
    const keys = keysByBucket.get(bucket);
    if (keys) keys.add(parsed.key);
    else keysByBucket.set(bucket, new Set([parsed.key]));
  }
  const last = records.at(-1)?.position ?? first;
  const name = [laneOf(pipeline, source), first.epoch, first.offset, last.epoch, last.offset].join("-");
  const scope = closingScope(pipeline, source.partition);
  return [...keysByBucket].map(([bucket, keys]) => ({ scope, bucketEnd: bucket, name, keys: [...keys] }));
}

function batchContext<R extends KeyedRecord, S>(
  engine: KeyedEngine<R, S>,
  { source, row, peers, closing }: OpenTry,
): BatchContext {
  const lanes = [{ source, row }, ...peers].map((at) => [laneOf(engine.pipeline, at.source), at.row.next] as const);
  const floors = peers.map((peer) => peer.row.floor);
  return {
    lane: laneOf(engine.pipeline, source),
    partition: source.partition,
    prune: { closed: closing.closed, horizon: laterOf(closing.closed, floors.reduce(earlierOf, row.floor)) },
    refusalsFrom: Object.fromEntries(lanes),
  };
}

function firstFailure(taken: readonly TakenIn[]): TakenIn["failed"] {
  return taken
    .flatMap(({ failed }) => failed ?? [])
    .reduce<TakenIn["failed"]>(
      (first, one) => (first && comparePositions(first.from, one.from) <= 0 ? first : one),
      undefined,
    );
}

function rejectionsOf<R>(done: readonly Verdict<R>[], lane: string, taken: readonly TakenIn[]): Rejection[] {
  const refusals = taken.flatMap((one) => one.refusals).filter((refusal) => refusal.lane === lane);
  return done.flatMap((verdict): Rejection[] => {
    if (verdict.kind === "reject") return [verdict];
    const refusal = refusals.find(({ position }) => comparePositions(position, verdict.position) === 0);
    return refusal ? [{ ...verdict, reason: "oversized", message: refusal.message }] : [];
  });
}

function countOf<R>(done: readonly Verdict<R>[], taken: readonly TakenIn[]): Counts {
  const last = done.at(-1)?.position;
  const rejected = { ...noCounts.rejected };
  let ignored = 0;
  for (const verdict of done) {
    if (verdict.kind === "ignore") ignored++;
    if (verdict.kind === "reject") rejected[verdict.reason]++;
  }
  const outcomes = { accepted: 0, duplicate: 0, refused: 0 };
  for (const { position, outcome } of taken.flatMap((one) => one.outcomes)) {
    if (last && comparePositions(position, last) <= 0) outcomes[outcome]++;
  }
  rejected.oversized += outcomes.refused;
  const revisions = taken.reduce((sum, one) => sum + one.revisions, 0);
  return { accepted: outcomes.accepted, duplicate: outcomes.duplicate, ignored, rejected, revisions };
}

function meterCounts<R extends KeyedRecord, S>(
  { meter, pipeline }: KeyedEngine<R, S>,
  { topic }: SourcePartition,
  counts: Counts,
): void {
  const dimensions = { pipeline: pipeline.name, topic };
  meter.count("records_accepted_total", counts.accepted, dimensions);
  meter.count("records_duplicate_total", counts.duplicate, dimensions);
  meter.count("records_ignored_total", counts.ignored, dimensions);
  for (const reason of rejectionReasons) {
    meter.count("records_rejected_total", counts.rejected[reason], { ...dimensions, reason });
  }
}
