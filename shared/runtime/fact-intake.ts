import { atMostAtOnce } from "../core/at-most-at-once.ts";
import { StreamError } from "../core/errors.ts";
import { comparePositions } from "../core/position.ts";
import { utf8Length } from "../core/record.ts";
import type { FactRecord } from "../pipelines/pipeline.ts";
import type { OpenTry } from "./claim.ts";
import type { FactEngine } from "./engine.ts";
import {
  type Fact,
  type FactEffect,
  factDocument,
  isFinal,
  isKnownBefore,
  readFact,
  standsAt,
  textBytesMax,
} from "./fact.ts";
import { foldFacts } from "./fold.ts";
import { type Intake, noneTaken, type Outcome, type Refusal, type TakenIn } from "./intake.ts";
import type { Applicable, Verdict } from "./judge.ts";
import { factKey, laneOf } from "./keys.ts";
import { readTable } from "./lookup-table.ts";
import type { PositionedRow } from "./position-objects.ts";
import { announceWaiting, endWait, waits } from "./waiting-facts.ts";

/** Commits in flight at once: what keeps a Lambda's connection pool (50 sockets) busy without queueing in it. */
const commitsAtOnce = 32;
/** Tries to put a fact that is there and expired at once: each means that DynamoDB removed it, or another put it, in between. */
const triesMax = 5;

/** How facts are found what they belong to, and put: as they come, or by a backfill. */
export interface FactPlan<R extends FactRecord, D> {
  find(opened: OpenTry, records: readonly Applicable<R>[]): Promise<(record: R) => D | null>;
  /** @returns what stands with the fact's own position, put now or by an earlier try; `undefined` where it changes nothing. */
  put(record: R, fact: Fact<D>): Promise<PutFact<D> | undefined>;
}

export interface PutFact<D> {
  readonly fact: Fact<D>;
  /** Whether its row goes with those of its batch. */
  readonly hasRow: boolean;
}

/** What the puts of a batch share. */
interface Putting<R extends FactRecord, D> {
  readonly engine: FactEngine<R, D>;
  readonly plan: FactPlan<R, D>;
  readonly lane: string;
  /** What a record belongs to; null where there is nothing. */
  readonly foundFor: (record: R) => D | null;
  /** Filled: the records whose facts wait, put now or by an earlier try. */
  readonly waiting: Applicable<R>[];
}

/**
 * Takes records in as facts: the first of an id is put if there is none yet, with its position. One that is there already with this very
 * position was put by an earlier try; with any other position it is known, and the record a duplicate, however late.
 */
export function factIntake<R extends FactRecord, D>(
  engine: FactEngine<R, D>,
  plan: FactPlan<R, D> = asTheyCome(engine),
): Intake<R> {
  return async (opened, verdicts) => {
    const { source } = opened;
    const lane = laneOf(engine.pipeline, source);
    const onTime = verdicts.filter((verdict): verdict is Applicable<R> => verdict.kind === "apply");
    const putting: Putting<R, D> = { engine, plan, lane, foundFor: await plan.find(opened, onTime), waiting: [] };
    const byId = [...Map.groupBy(onTime, ({ parsed }) => parsed.id).values()];
    const put = await atMostAtOnce(commitsAtOnce, byId, (ofId) => putFirst(putting, ofId));
    const met = await endNewWaits(engine, source.partition, putting.waiting);
    const taken = [...put, met, await knownAmongLate(engine, lane, verdicts)];
    const { folds } = engine.pipeline;
    if (folds.length === 0 || !engine.settings.views) return taken;
    return [...taken, await foldFacts(engine, { lane, partition: source.partition }, onTime, taken)];
  };
}

function asTheyCome<R extends FactRecord, D>(engine: FactEngine<R, D>): FactPlan<R, D> {
  return {
    find: (opened, records) => lookUp(engine, opened, records),
    put: (record, fact) => putNew(engine, record, fact),
  };
}

/** Finds what the records belong to. Those that are about to wait for it are announced before they are put. */
async function lookUp<R extends FactRecord, D>(
  engine: FactEngine<R, D>,
  { source, row }: OpenTry,
  records: readonly Applicable<R>[],
): Promise<(record: R) => D | null> {
  const { lookup } = engine.pipeline;
  if (!lookup) return () => null;
  const keys = records.map(({ parsed }) => lookup.keyOf(parsed));
  const found = await readTable(engine, source.partition, keys);
  const foundFor = (record: R) => found.get(lookup.keyOf(record)) ?? null;
  const waiting = firstOfEach(engine, records).filter((record) => foundFor(record.parsed) === null && waits(record));
  await announceWaiting({ engine, lookup }, source, row.next, await unknownAmong(engine, waiting));
  return foundFor;
}

/** Of the records of one id the one that is put, unless the id is known. */
function firstOfEach<R extends FactRecord, D>(
  engine: FactEngine<R, D>,
  records: readonly Applicable<R>[],
): Applicable<R>[] {
  const bytesMax = textBytesMax(engine);
  const fitting = records.filter(({ parsed }) => utf8Length(parsed.text) <= bytesMax);
  return [...Map.groupBy(fitting, ({ parsed }) => parsed.id).values()].flatMap(([first]) => first ?? []);
}

/** Those without a fact. Where there is one, whoever put it has announced it, if it waits; nobody would take a second name from the lists. */
async function unknownAmong<R extends FactRecord, D>(
  { pipeline, store }: FactEngine<R, D>,
  records: readonly Applicable<R>[],
): Promise<Applicable<R>[]> {
  const facts = await store.entities.read(records.map(({ parsed }) => factKey(pipeline, parsed.id)));
  return records.filter(({ parsed }) => !facts.has(factKey(pipeline, parsed.id)));
}

/** What has come into the table while facts that wait for it were put: nobody else may have seen them there. */
async function endNewWaits<R extends FactRecord, D>(
  engine: FactEngine<R, D>,
  partition: number,
  waiting: readonly Applicable<R>[],
): Promise<TakenIn> {
  const { lookup } = engine.pipeline;
  const first = waiting.toSorted((a, b) => comparePositions(a.position, b.position))[0];
  if (!lookup || !first) return noneTaken;
  try {
    const keys = waiting.map(({ parsed }) => lookup.keyOf(parsed));
    const arrived = [...(await readTable(engine, partition, keys))];
    const revised = await atMostAtOnce(commitsAtOnce, arrived, ([key, row]) =>
      endWait({ engine, lookup }, partition, key, row, first.watermark),
    );
    return { ...noneTaken, revisions: revised.reduce((sum, one) => sum + one, 0) };
  } catch (cause) {
    return { ...noneTaken, failed: { from: first.position, cause } };
  }
}

/** Puts the first of the records of one id that isn't refused; the others are duplicates. */
async function putFirst<R extends FactRecord, D>(
  putting: Putting<R, D>,
  ofId: readonly Applicable<R>[],
): Promise<TakenIn> {
  const { engine, plan, lane } = putting;
  const bytesMax = textBytesMax(engine);
  const outcomes: { position: Applicable<R>["position"]; outcome: Outcome }[] = [];
  const refusals: Refusal[] = [];
  const rows: PositionedRow[] = [];
  let isKnown = false;
  for (const applicable of ofId) {
    const { position, parsed } = applicable;
    const bytes = utf8Length(parsed.text);
    // Before the id is asked for: whether it is known by now depends on the cut of batches.
    if (bytes > bytesMax) {
      refusals.push({ lane, position, message: `its value of ${bytes} bytes passes the ${bytesMax} of a state` });
      outcomes.push({ position, outcome: "refused" });
      continue;
    }
    let put: PutFact<D> | undefined;
    try {
      put = isKnown ? undefined : await plan.put(parsed, newFact(putting, applicable));
    } catch (cause) {
      return { outcomes, refusals, rows, revisions: 0, failed: { from: position, cause } };
    }
    isKnown = true;
    outcomes.push({ position, outcome: put ? "accepted" : "duplicate" });
    if (put && !isFinal(put.fact)) putting.waiting.push(applicable);
    if (put?.hasRow) rows.push({ position, row: engine.pipeline.row(parsed, put.fact) });
  }
  return { outcomes, refusals, rows, revisions: 0 };
}

function newFact<R extends FactRecord, D>(
  { engine, lane, foundFor }: Putting<R, D>,
  applicable: Applicable<R>,
): Fact<D> {
  const { position, record, parsed } = applicable;
  const found = foundFor(parsed);
  const { pipeline, settings } = engine;
  const isWaiting = pipeline.lookup !== undefined && found === null && waits(applicable);
  const lacks: FactEffect[] = [
    ...(settings.finals ? [] : (["row"] as const)),
    ...(settings.views || pipeline.folds.length === 0 ? [] : (["totals"] as const)),
  ];
  return {
    ...{ lane, position, timestamp: record.timestamp, found, revision: 1, lacks },
    ...(isWaiting && { waiting: { text: parsed.text, isOver: false } }),
  };
}

/** Puts a fact if there is none of its id. One that waits, or has waited, has its row with its bucket. */
export async function putNew<R extends FactRecord, D>(
  engine: FactEngine<R, D>,
  { id, text }: R,
  fact: Fact<D>,
): Promise<PutFact<D> | undefined> {
  for (let attempt = 0; attempt < triesMax; attempt++) {
    const outcome = await engine.store.entities.commit(factDocument(engine, id, 1, fact, text));
    if (outcome.kind === "committed") return { fact, hasRow: !fact.waiting };
    if (!outcome.found) continue;
    const found = readFact<D>(outcome.found);
    return standsAt(found, fact.lane, fact.position) ? { fact: found, hasRow: !found.waiting } : undefined;
  }
  throw new StreamError("dependency", `${factKey(engine.pipeline, id)}: expired ${triesMax} times while it was put`);
}

/** Late records whose ids are known: duplicates. */
async function knownAmongLate<R extends FactRecord, D>(
  { pipeline, store }: FactEngine<R, D>,
  lane: string,
  verdicts: readonly Verdict<R>[],
): Promise<TakenIn> {
  const late = verdicts.flatMap((verdict) =>
    verdict.kind === "reject" && verdict.parsed ? [{ position: verdict.position, id: verdict.parsed.id }] : [],
  );
  const first = late[0];
  if (!first) return noneTaken;
  try {
    const facts = await store.entities.read([...new Set(late.map(({ id }) => factKey(pipeline, id)))]);
    const known = late.filter(({ id, position }) => {
      const document = facts.get(factKey(pipeline, id));
      return document && isKnownBefore(readFact(document), lane, position);
    });
    const outcomes = known.map(({ position }) => ({ position, outcome: "duplicate" as const }));
    return { ...noneTaken, outcomes };
  } catch (cause) {
    return { ...noneTaken, failed: { from: first.position, cause } };
  }
}
