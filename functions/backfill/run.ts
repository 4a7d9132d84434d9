import { formatEventTime } from "../../shared/core/time.ts";
import type { EventTimeMs, WallTimeMs } from "../../shared/core/units.ts";
import type { Document, DocumentTable } from "../../shared/ports/state-store.ts";
import { type Counts, noCounts } from "../../shared/runtime/counts.ts";
import type { Sink } from "../../shared/settings/definition.ts";

/** A backfill that can't be, or not now. The message says what to do. */
export class BackfillRefused extends Error {
  override readonly name = "BackfillRefused";
}

/** What is asked for. */
export interface BackfillRequest {
  /** Events from then on, by their own time. */
  readonly start: EventTimeMs;
  /** Events before then. */
  readonly end: EventTimeMs;
  /** Without it, all sinks of the deployment get the events that the pipeline doesn't know yet. */
  readonly sink?: Sink;
  /** Lets go of another backfill that hasn't come to its end. */
  readonly abandon?: boolean;
}

/** How far a backfill has come. There is one at a time: its events are a log, and a log has one reader. */
export interface BackfillRun {
  /** Of the stored document; 0 before the first. */
  readonly version: number;
  readonly start: EventTimeMs;
  readonly end: EventTimeMs;
  readonly sink?: Sink;
  /** When it was begun; tells it from an earlier one of the same range. */
  readonly begun: WallTimeMs;
  /** The id of the last event that is done; without it, none is. */
  readonly after?: string;
  /** Events done. */
  readonly rows: number;
  /** Of those, what was wrong in itself. */
  readonly unusable: number;
  /** What the backfills before it had brought about. */
  readonly before: Counts;
  readonly isDone: boolean;
}

const runKey = "backfill|engagement";

/**
 * Goes on with a run that hasn't come to its end, or begins a new one.
 * @throws {BackfillRefused} another one hasn't come to its end.
 */
export async function openRun(
  table: DocumentTable,
  { start, end, sink, abandon }: BackfillRequest,
  now: WallTimeMs,
  countsSoFar: Counts,
): Promise<BackfillRun> {
  const last = readRun((await table.read([runKey])).get(runKey));
  if (last && !last.isDone) {
    if (last.start === start && last.end === end && last.sink === sink) return last;
    if (!abandon) throw new BackfillRefused(unfinished(last));
  }
  const begun = Math.max(now, (last?.begun ?? 0) + 1);
  return storeRun(table, {
    ...{ version: last?.version ?? 0, start, end, begun, rows: 0, unusable: 0, before: countsSoFar, isDone: false },
    ...(sink && { sink }),
  });
}

/** Stores how far a run has come. @throws {BackfillRefused} somebody else is at it. */
export async function storeRun(table: DocumentTable, run: BackfillRun): Promise<BackfillRun> {
  const { version, ...stored } = run;
  const outcome = await table.commit({ key: runKey, version: version + 1, body: JSON.stringify(stored) });
  if (outcome.kind === "committed") return { ...run, version: version + 1 };
  throw new BackfillRefused("another process is at this backfill; it goes on there");
}

function readRun(document: Document | undefined): BackfillRun | undefined {
  return document && { before: noCounts, ...JSON.parse(document.body), version: document.version };
}

function unfinished({ start, end, sink, rows }: BackfillRun): string {
  const range = `${formatEventTime(start)} to ${formatEventTime(end)}${sink ? ` for ${sink}` : ""}`;
  return `a backfill of ${range} has stopped after ${rows} events; run it again to finish it, or abandon it`;
}
