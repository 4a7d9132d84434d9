import { StreamError } from "../../shared/core/errors.ts";
import type { LogRecord } from "../../shared/core/record.ts";
import type { WallTimeMs } from "../../shared/core/units.ts";
import { engagement } from "../../shared/pipelines/engagement/engagement.ts";
import { type Content, type EngagementEvent, parseContentChange } from "../../shared/pipelines/engagement/records.ts";
import type { EventRow, EventRows } from "../../shared/ports/event-rows.ts";
import { backfillFacts, backfillTopic } from "../../shared/runtime/backfill-facts.ts";
import { type Counts, minusCounts } from "../../shared/runtime/counts.ts";
import { type Change, deliver } from "../../shared/runtime/deliver.ts";
import type { EngineSettings, FactEngine } from "../../shared/runtime/engine.ts";
import { type FactEffect, readFact } from "../../shared/runtime/fact.ts";
import type { ImmediateSink } from "../../shared/runtime/immediate-sinks.ts";
import { factKey, rowKey } from "../../shared/runtime/keys.ts";
import { emittedFact } from "../../shared/runtime/outputs.ts";
import { readRow } from "../../shared/runtime/partition-row.ts";
import type { Sink } from "../../shared/settings/definition.ts";
import type { DeployedSettings } from "../../shared/settings/deployment.ts";
import { engineOf, type Surroundings } from "../catalog.ts";
import { BackfillRefused, type BackfillRequest, type BackfillRun, openRun, storeRun } from "./run.ts";

export interface BackfillApp {
  readonly settings: DeployedSettings<"engagement">;
  readonly surroundings: Surroundings;
  readonly rows: EventRows;
  /** Opens a sink that outputs are sent to, rather than written with the state. */
  readonly openSink: (name: SendingSink) => Promise<ImmediateSink>;
  /** Told after each portion. */
  readonly afterPortion?: () => Promise<void>;
}

export type SendingSink = Exclude<Sink, "s3" | "views">;

export interface BackfillProgress {
  readonly isDone: boolean;
  /** Events so far, over all runs of this backfill. */
  readonly rows: number;
  /** About how many there are. */
  readonly total: number;
  /** What they have brought about: `accepted` are new to the pipeline, or to the one sink that is repaired; `duplicate` were known. */
  readonly counts: Counts;
  /** Not sent, as they are wrong in themselves. */
  readonly unusable: number;
}

/** Events read and taken in at a time. */
const portionSize = 500;

/**
 * Takes events in from their table, as if they had come through the log: the same ids, the same transformation, the same sinks. It may be
 * stopped, killed and begun again at any moment; running it over the same events changes nothing.
 * @throws {BackfillRefused} it can't be, or another one is under way.
 * @throws {StreamError} fault `dependency`: a sink can't be reached now; run it again.
 */
export async function* backfill(
  app: BackfillApp,
  request: BackfillRequest,
  signal?: AbortSignal,
): AsyncGenerator<BackfillProgress> {
  const { surroundings, rows } = app;
  const { store, clock } = surroundings;
  checkRequest(app, request);
  const total = await rows.count(request);
  let run = await openRun(store.progress, request, clock.now(), await countsOf(app));
  const takeIn = await intakeOf(app, run, signal);
  const range = { start: run.start, end: run.end, ...(run.after !== undefined && { after: run.after }) };
  for await (const portion of rows.read(range, portionSize)) {
    const last = portion.at(-1);
    if (signal?.aborted || !last) break;
    const unusable = await takeIn(portion);
    if (unusable === undefined) break;
    await app.afterPortion?.();
    const done = { after: last.id, rows: run.rows + portion.length, unusable: run.unusable + unusable };
    run = await storeRun(store.progress, { ...run, ...done });
    yield progressOf(run, total, await countsOf(app));
  }
  if (!signal?.aborted) run = await storeRun(store.progress, { ...run, isDone: true });
  yield progressOf(run, total, await countsOf(app));
}

/** @returns how many of a portion are wrong in themselves, where nobody else keeps them; `undefined` where it was cut short. */
type TakeIn = (portion: readonly EventRow[]) => Promise<number | undefined>;

async function intakeOf(app: BackfillApp, { sink, begun }: BackfillRun, signal?: AbortSignal): Promise<TakeIn> {
  if (sink === undefined) return (portion) => takeInFacts(engineFor(app, {}), portion, begun);
  if (sink === "s3") {
    const alone = { finals: true, immediate: false, views: false };
    return (portion) => takeInFacts(engineFor(app, alone), portion, begun, "row");
  }
  if (sink === "views") {
    const alone = { finals: false, immediate: false, views: true };
    return (portion) => takeInFacts(engineFor(app, alone), portion, begun, "totals");
  }
  const opened = await app.openSink(sink);
  return (portion) => send(app, opened, portion, begun, signal);
}

async function takeInFacts(
  engine: FactEngine<EngagementEvent, Content>,
  portion: readonly EventRow[],
  begun: WallTimeMs,
  repairs?: FactEffect,
): Promise<number> {
  const contents = new Map(portion.map(({ id, content }) => [id, contentIn(content)]));
  const unfinished = await backfillFacts(
    engine,
    portion.map((row) => recordOf(row, begun)),
    { foundFor: ({ id }) => contents.get(id) ?? null, ...(repairs && { repairs }) },
  );
  for (const { cause } of unfinished) throw cause;
  return 0;
}

/** Sends what has left once already, as it has left: what the pipeline doesn't know goes as it would now. */
async function send(
  { surroundings: { store, objects, clock, meter }, settings }: BackfillApp,
  sink: ImmediateSink,
  portion: readonly EventRow[],
  begun: WallTimeMs,
  signal?: AbortSignal,
): Promise<number | undefined> {
  const pipeline = { ...engagement(settings), outputTopic: settings.outputTopic };
  const facts = await store.entities.read(portion.map(({ id }) => factKey(pipeline, id)));
  const changes = portion.flatMap((row): Change[] => {
    const parsed = pipeline.parse(backfillTopic, Buffer.from(row.change));
    if (parsed.kind !== "record") return [];
    const document = facts.get(factKey(pipeline, row.id));
    const fact = document
      ? readFact<Content>(document)
      : { found: contentIn(row.content), revision: 1, timestamp: begun };
    const emitted = [emittedFact(pipeline, parsed.record, fact)];
    return [{ sequence: `backfill-${begun}-${row.id}`, at: clock.now(), key: parsed.record.contentId, emitted }];
  });
  const stop = await deliver({ sink, deadLetters: objects, meter }, changes, clock.now(), signal);
  if (stop && signal?.aborted) return undefined;
  if (stop) throw new StreamError("dependency", `${sink.name}: ${stop.reason}; run the backfill again to go on`);
  return portion.length - changes.length;
}

function engineFor(
  { settings, surroundings }: BackfillApp,
  alone: Partial<EngineSettings>,
): FactEngine<EngagementEvent, Content> {
  const engine = engineOf({ name: "engagement", settings }, surroundings);
  const pipeline = { ...engagement(settings), outputTopic: settings.outputTopic };
  return { ...engine, settings: { ...engine.settings, ...alone }, pipeline };
}

/** An event's id is its place in the log that a backfill is. @throws {BackfillRefused} it is no such number. */
function recordOf({ id, change }: EventRow, begun: WallTimeMs): LogRecord {
  const offset = Number(id);
  if (!Number.isSafeInteger(offset) || offset < 0) {
    throw new BackfillRefused(`engagement_events: the id ${id} can't be backfilled; ids go from 0 to 2^53 - 1`);
  }
  return { topic: backfillTopic, partition: 0, offset, timestamp: begun, key: null, value: Buffer.from(change) };
}

function contentIn(change: string | null): Content | null {
  const parsed = change === null ? undefined : parseContentChange(Buffer.from(change));
  return parsed?.kind === "record" ? parsed.record.row : null;
}

async function countsOf({ surroundings: { store } }: BackfillApp): Promise<Counts> {
  const key = rowKey({ name: "engagement", scope: "partition", sources: [] }, { topic: backfillTopic, partition: 0 });
  return readRow((await store.progress.read([key])).get(key)).counts;
}

function progressOf({ rows, unusable, before, isDone }: BackfillRun, total: number, now: Counts): BackfillProgress {
  return { isDone, rows, total: Math.max(total, rows), counts: minusCounts(now, before), unusable };
}

function checkRequest({ settings: { sinks } }: BackfillApp, { start, end, sink }: BackfillRequest): void {
  if (start >= end) throw new BackfillRefused("the start of a backfill must lie before its end");
  if (sink !== undefined && !sinks.includes(sink)) {
    throw new BackfillRefused(`engagement has no sink ${sink} here; it has ${sinks.join(", ")}`);
  }
}
