import { comparePositions, type Position } from "../core/position.ts";
import type { LogRecord } from "../core/record.ts";
import { laterOf } from "../core/watermark.ts";
import type { Pipeline, StreamRecord } from "../pipelines/pipeline.ts";
import { type OpenTry, openTry, storeProgress } from "./claim.ts";
import { type Counts, noCounts } from "./counts.ts";
import type { Engine, SourcePartition } from "./engine.ts";
import type { Failure, Intake, TakenIn } from "./intake.ts";
import { judge, type Verdict, watermarkWith } from "./judge.ts";
import { laneOf } from "./keys.ts";
import { meterBatch } from "./metering.ts";
import { positionAfter } from "./placing.ts";
import { type Reached, writePositionObjects } from "./position-objects.ts";
import type { Rejection } from "./rejections.ts";

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
export async function processBatch<R extends StreamRecord>(
  engine: Engine<Pipeline<R>>,
  intake: Intake<R>,
  batch: readonly PartitionBatch[],
  signal?: AbortSignal,
): Promise<Unfinished[]> {
  const answers = await Promise.all(batch.map((partition) => processPartition(engine, intake, partition, signal)));
  return answers.filter((answer) => answer !== undefined);
}

async function processPartition<R extends StreamRecord>(
  engine: Engine<Pipeline<R>>,
  intake: Intake<R>,
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
    const attempt = () => oneTry(engine, intake, batch, records);
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
async function oneTry<R extends StreamRecord>(
  engine: Engine<Pipeline<R>>,
  intake: Intake<R>,
  source: SourcePartition,
  records: readonly LogRecord[],
): Promise<TryOutcome> {
  const opened = await openTry(engine, source, records);
  if (opened.kind === "lost") return { left: records, lost: true };
  if (opened.kind === "nothing-new") return { left: [] };
  const { row, claim, placed, beyond } = opened;
  const verdicts = judge(engine, placed, row.highest, claim);
  const taken = await intake(opened, verdicts);

  const failure = firstFailure(taken);
  const isDone = ({ position }: { position: Position }) => !failure || comparePositions(position, failure.from) < 0;
  const done = verdicts.filter(isDone);
  const rejections = rejectionsOf(done, laneOf(engine.pipeline, source), taken);
  const rows = taken
    .flatMap((one) => one.rows ?? [])
    .filter(isDone)
    .sort((a, b) => comparePositions(a.position, b.position));
  const reached: Reached = {
    position: failure?.from ?? endOf(opened),
    highest: laterOf(row.highest, done.at(-1)?.highest),
    highestTimestamp: done.at(-1)?.highestTimestamp ?? row.highestTimestamp,
  };
  const stands = await writePositionObjects(engine, { source, first: row.next, claim, placed }, reached, {
    rejections,
    rows,
  });

  const counts = countOf(engine, done, taken, rows.length);
  const isStored = await storeProgress(engine, opened, { ...stands, counts });
  if (!isStored) return { left: records, lost: true };
  meterBatch(engine, source, counts, watermarkWith(engine, stands.highest, claim));
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

function firstFailure(taken: readonly TakenIn[]): Failure | undefined {
  return taken
    .flatMap(({ failed }) => failed ?? [])
    .reduce<Failure | undefined>(
      (first, one) => (first && comparePositions(first.from, one.from) <= 0 ? first : one),
      undefined,
    );
}

function rejectionsOf<R>(done: readonly Verdict<R>[], lane: string, taken: readonly TakenIn[]): Rejection[] {
  const ofLane = taken.flatMap((one) => one.refusals).filter((refusal) => refusal.lane === lane);
  const refusals = new Map(ofLane.map((refusal) => [nameOf(refusal.position), refusal]));
  const known = new Set(taken.flatMap((one) => one.outcomes).map(({ position }) => nameOf(position)));
  return done.flatMap((verdict): Rejection[] => {
    if (verdict.kind === "reject" && !known.has(nameOf(verdict.position))) return [verdict];
    const refusal = refusals.get(nameOf(verdict.position));
    return refusal ? [{ ...verdict, reason: "oversized", message: refusal.message }] : [];
  });
}

/** `rows`: of facts that are final by now. */
function countOf<R>(
  { pipeline, settings }: Engine,
  done: readonly Verdict<R>[],
  taken: readonly TakenIn[],
  rows: number,
): Counts {
  const outcomes = new Map(
    taken.flatMap((one) => one.outcomes).map(({ position, outcome }) => [nameOf(position), outcome]),
  );
  const fates = { accepted: 0, duplicate: 0, refused: 0, ignored: 0 };
  const rejected = { ...noCounts.rejected };
  for (const verdict of done) {
    const outcome = outcomes.get(nameOf(verdict.position));
    if (outcome) fates[outcome]++;
    else if (verdict.kind === "ignore") fates.ignored++;
    else if (verdict.kind === "reject") rejected[verdict.reason]++;
  }
  rejected.oversized += fates.refused;
  // A fact is a result by itself.
  const revisions = taken.reduce((sum, one) => sum + one.revisions, pipeline.kind === "facts" ? fates.accepted : 0);
  const { accepted, duplicate, ignored } = fates;
  return { accepted, duplicate, ignored, rejected, revisions, finals: settings.finals ? rows : 0 };
}

function nameOf({ epoch, offset }: Position): string {
  return `${epoch}.${offset}`;
}
