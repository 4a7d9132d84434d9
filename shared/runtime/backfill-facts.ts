import { StreamError } from "../core/errors.ts";
import type { LogRecord } from "../core/record.ts";
import type { FactRecord } from "../pipelines/pipeline.ts";
import type { FactEngine } from "./engine.ts";
import { type Fact, type FactEffect, factDocument, isFinal, readFact, standsAt } from "./fact.ts";
import { type FactPlan, factIntake, type PutFact, putNew } from "./fact-intake.ts";
import { factKey } from "./keys.ts";
import { countConflict } from "./metering.ts";
import { processBatch, type Unfinished } from "./process-batch.ts";

/** The log that backfilled records count as: their positions are their ids. A run's records all have its start as timestamp. */
export const backfillTopic = "backfill";

export interface BackfillPlan<R extends FactRecord, D> {
  /** What a record belongs to, as its own source says: nothing waits here. */
  readonly foundFor: (record: R) => D | null;
  /** Only gives facts that are there what they lack. Without it, only facts that aren't there are put. */
  readonly repairs?: FactEffect;
}

/** Tries of a repair whose fact others change meanwhile. */
const triesMax = 5;

/**
 * Takes records in that didn't come through the log, as a log of its own: a record may come again and again, and whoever comes second does
 * nothing. What a repair does is decided by one conditional write of the fact, as everything that a fact does.
 */
export function backfillFacts<R extends FactRecord, D>(
  engine: FactEngine<R, D>,
  records: readonly LogRecord[],
  plan: BackfillPlan<R, D>,
): Promise<Unfinished[]> {
  // Without a table nothing waits, and without buckets nothing closes.
  const { lookup: _, finalInterval: __, ...pipeline } = engine.pipeline;
  const backfill: FactEngine<R, D> = { ...engine, pipeline };
  const intake = factIntake(backfill, planOf(backfill, plan));
  return processBatch(backfill, intake, [{ topic: backfillTopic, partition: 0, records }]);
}

function planOf<R extends FactRecord, D>(
  engine: FactEngine<R, D>,
  { foundFor, repairs }: BackfillPlan<R, D>,
): FactPlan<R, D> {
  return {
    find: async () => foundFor,
    put: (record, fact) => (repairs ? repair(engine, record.id, fact, repairs) : putNew(engine, record, fact)),
  };
}

/** Gives a fact what it lacks. One that may still change gets no row yet: it would have to be the last. */
async function repair<R extends FactRecord, D>(
  engine: FactEngine<R, D>,
  id: string,
  { lane, position }: Fact<D>,
  effect: FactEffect,
): Promise<PutFact<D> | undefined> {
  const { pipeline, store } = engine;
  const key = factKey(pipeline, id);
  for (let attempt = 0; attempt < triesMax; attempt++) {
    const document = (await store.entities.read([key])).get(key);
    if (!document) return undefined;
    const fact = readFact<D>(document);
    const hasRow = effect === "row";
    const earlier = fact.repairs?.[effect];
    if (earlier && standsAt(earlier, lane, position)) return { fact, hasRow };
    if (!fact.lacks?.includes(effect) || (hasRow && !isFinal(fact))) return undefined;
    const lacks = fact.lacks.filter((one) => one !== effect);
    const repaired = { ...fact, lacks, repairs: { ...fact.repairs, [effect]: { lane, position } } };
    const outcome = await store.entities.commit(factDocument(engine, id, document.version + 1, repaired, undefined));
    if (outcome.kind === "committed") return { fact: repaired, hasRow };
    countConflict(engine);
  }
  throw new StreamError("dependency", `${key}: lost ${triesMax} races for it`);
}
