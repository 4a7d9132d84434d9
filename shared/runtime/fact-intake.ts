import { atMostAtOnce } from "../core/at-most-at-once.ts";
import { StreamError } from "../core/errors.ts";
import { utf8Length } from "../core/record.ts";
import type { FactRecord } from "../pipelines/pipeline.ts";
import type { FactEngine } from "./engine.ts";
import { type Fact, factDocument, isKnownBefore, readFact, standsAt } from "./fact.ts";
import { foldFacts } from "./fold.ts";
import type { Intake, Outcome, Refusal, TakenIn } from "./intake.ts";
import type { Applicable, Verdict } from "./judge.ts";
import { factKey, laneOf } from "./keys.ts";
import type { PositionedRow } from "./position-objects.ts";

/** Commits in flight at once: what keeps a Lambda's connection pool (50 sockets) busy without queueing in it. */
const commitsAtOnce = 32;
/** Tries to put a fact that is there and expired at once: each means that DynamoDB removed it, or another put it, in between. */
const triesMax = 5;

/**
 * Takes records in as facts: the first of an id is put if there is none yet, with its position. One that is there already with this very
 * position was put by an earlier try; with any other position it is known, and the record a duplicate, however late.
 */
export function factIntake<R extends FactRecord, T>(engine: FactEngine<R, T>): Intake<R> {
  return async ({ source }, verdicts) => {
    const lane = laneOf(engine.pipeline, source);
    const onTime = verdicts.filter((verdict): verdict is Applicable<R> => verdict.kind === "apply");
    const byId = [...Map.groupBy(onTime, ({ parsed }) => parsed.id).values()];
    const put = await atMostAtOnce(commitsAtOnce, byId, (ofId) => putFirst(engine, lane, ofId));
    const taken = [...put, await knownAmongLate(engine, lane, verdicts)];
    const { fold } = engine.pipeline;
    return fold && engine.settings.views ? [...taken, await foldFacts(engine, fold, lane, onTime, taken)] : taken;
  };
}

/** Puts the first of the records of one id that isn't refused; the others are duplicates. */
async function putFirst<R extends FactRecord, T>(
  engine: FactEngine<R, T>,
  lane: string,
  ofId: readonly Applicable<R>[],
): Promise<TakenIn> {
  const { stateBytesMax } = engine.settings;
  const outcomes: { position: Applicable<R>["position"]; outcome: Outcome }[] = [];
  const refusals: Refusal[] = [];
  const rows: PositionedRow[] = [];
  let isKnown = false;
  for (const { position, record, parsed } of ofId) {
    const bytes = utf8Length(parsed.text);
    // Before the id is asked for: whether it is known by now depends on the cut of batches.
    if (bytes > stateBytesMax) {
      refusals.push({ lane, position, message: `its value of ${bytes} bytes passes the ${stateBytesMax} of a state` });
      outcomes.push({ position, outcome: "refused" });
      continue;
    }
    const { timestamp } = record;
    let isNew = false;
    try {
      isNew = !isKnown && (await put(engine, parsed, { lane, position, timestamp }));
    } catch (cause) {
      return { outcomes, refusals, rows, revisions: 0, failed: { from: position, cause } };
    }
    isKnown = true;
    outcomes.push({ position, outcome: isNew ? "accepted" : "duplicate" });
    if (isNew) rows.push({ position, row: engine.pipeline.row(parsed, timestamp) });
  }
  return { outcomes, refusals, rows, revisions: 0 };
}

/** @returns whether the fact stands with this position: put now, or by an earlier try. */
async function put<R extends FactRecord, T>(engine: FactEngine<R, T>, record: R, fact: Fact): Promise<boolean> {
  for (let attempt = 0; attempt < triesMax; attempt++) {
    const outcome = await engine.store.entities.commit(factDocument(engine, record, fact));
    if (outcome.kind === "committed") return true;
    if (outcome.found) return standsAt(readFact(outcome.found), fact.lane, fact.position);
  }
  throw new StreamError(
    "dependency",
    `${factKey(engine.pipeline, record.id)}: expired ${triesMax} times while it was put`,
  );
}

/** Late records whose ids are known: duplicates. */
async function knownAmongLate<R extends FactRecord, T>(
  { pipeline, store }: FactEngine<R, T>,
  lane: string,
  verdicts: readonly Verdict<R>[],
): Promise<TakenIn> {
  const late = verdicts.flatMap((verdict) =>
    verdict.kind === "reject" && verdict.parsed ? [{ position: verdict.position, id: verdict.parsed.id }] : [],
  );
  const first = late[0];
  if (!first) return { outcomes: [], refusals: [], revisions: 0 };
  try {
    const facts = await store.entities.read([...new Set(late.map(({ id }) => factKey(pipeline, id)))]);
    const known = late.filter(({ id, position }) => {
      const document = facts.get(factKey(pipeline, id));
      return document && isKnownBefore(readFact(document), lane, position);
    });
    const outcomes = known.map(({ position }) => ({ position, outcome: "duplicate" as const }));
    return { outcomes, refusals: [], revisions: 0 };
  } catch (cause) {
    return { outcomes: [], refusals: [], revisions: 0, failed: { from: first.position, cause } };
  }
}
