import { atMostAtOnce } from "../core/at-most-at-once.ts";
import { StreamError } from "../core/errors.ts";
import { comparePositions, type Position, storePosition } from "../core/position.ts";
import { bucketEnd } from "../core/time.ts";
import { turnsByName } from "../core/turns-by-name.ts";
import type { WallTimeMs } from "../core/units.ts";
import { earlierOf, laterOf } from "../core/watermark.ts";
import type { KeyedRecord, PruneContext } from "../pipelines/pipeline.ts";
import type { Document } from "../ports/state-store.ts";
import type { OpenTry } from "./claim.ts";
import { dueLists } from "./due-keys.ts";
import type { KeyedEngine } from "./engine.ts";
import { type Entity, entityDocument, hasApplied, readEntity } from "./entity.ts";
import type { Intake, Outcome, Refusal, TakenIn } from "./intake.ts";
import type { Applicable } from "./judge.ts";
import { entityKey, laneOf } from "./keys.ts";
import { countConflict } from "./metering.ts";
import { addSettled, dropClosed } from "./settled.ts";

/** What the commits of a batch share. */
interface BatchContext {
  readonly lane: string;
  readonly partition: number;
  readonly prune: PruneContext;
  /** Refusals below these positions have their rows; they need not be kept. */
  readonly refusalsFrom: Readonly<Record<string, Position>>;
}

/** Lost races of one key in one batch before the batch gives up on it; each of them means that another handler got on. */
const conflictsMax = 20;
/** Commits in flight at once: what keeps a Lambda's connection pool (50 sockets) busy without queueing in it. */
const commitsAtOnce = 32;

/**
 * Takes the records of one invocation into the states of their keys: one conditional write per key. Keys are independent of each other.
 * Partitions that meet in a key take turns: a hot key would otherwise cost a failed write for each pair of them.
 */
export function keyedIntake<R extends KeyedRecord, S>(engine: KeyedEngine<R, S>): Intake<R> {
  const inTurn = turnsByName();
  return async (opened, verdicts) => {
    const records = verdicts.filter((verdict): verdict is Applicable<R> => verdict.kind === "apply");
    await engine.store.due.append(dueLists(engine, opened.source, opened.row.next, records));
    return takeIn(engine, inTurn, records, batchContext(engine, opened));
  };
}

async function takeIn<R extends KeyedRecord, S>(
  engine: KeyedEngine<R, S>,
  inTurn: ReturnType<typeof turnsByName>,
  records: readonly Applicable<R>[],
  context: BatchContext,
): Promise<TakenIn[]> {
  const byKey = new Map<string, Applicable<R>[]>();
  for (const record of records) {
    const key = entityKey(engine.pipeline, { partition: context.partition, key: record.parsed.key });
    const sameKey = byKey.get(key);
    if (sameKey) sameKey.push(record);
    else byKey.set(key, [record]);
  }
  if (byKey.size === 0) return [];
  const documents = await engine.store.entities.read([...byKey.keys()]);
  return atMostAtOnce(commitsAtOnce, [...byKey], ([key, ofKey]) =>
    inTurn(key, () => takeInKey(engine, documents.get(key), ofKey, context)),
  );
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

async function takeInKey<R extends KeyedRecord, S>(
  engine: KeyedEngine<R, S>,
  loaded: Document | undefined,
  records: readonly Applicable<R>[],
  context: BatchContext,
): Promise<TakenIn> {
  const first = records[0] as Applicable<R>;
  const of = { partition: context.partition, key: first.parsed.key };
  const failed = (cause: unknown): TakenIn => ({
    outcomes: [],
    refusals: [],
    revisions: 0,
    failed: { from: first.position, cause },
  });
  let document = loaded;
  for (let conflicts = 0; conflicts < conflictsMax; conflicts++) {
    const entity = readEntity(engine.pipeline, of, document);
    const stepped = stepAll(engine, entity, records, context);
    try {
      const outcome = stepped.document
        ? await engine.store.entities.commit(stepped.document)
        : ({ kind: "committed" } as const);
      if (outcome.kind === "committed") return stepped.taken;
      countConflict(engine);
      document = outcome.found;
    } catch (cause) {
      return failed(cause);
    }
  }
  return failed(
    new StreamError("dependency", `${entityKey(engine.pipeline, of)}: lost ${conflictsMax} races for its state`),
  );
}

/** Runs the step over what the entity hasn't seen yet. Without a document there is nothing to store. */
function stepAll<R extends KeyedRecord, S>(
  engine: KeyedEngine<R, S>,
  entity: Entity<S>,
  records: readonly Applicable<R>[],
  { lane, partition, prune, refusalsFrom }: BatchContext,
): { document?: Document; taken: TakenIn } {
  const { pipeline, settings } = engine;
  const { stateBytesMax } = settings;
  const settledBytes = Buffer.byteLength(entity.settled);
  let { state } = entity;
  const refusals = entity.refused.filter((refusal) => !isSettled(refusal, refusalsFrom));
  const outcomes = records.map(({ parsed, position, watermark }) => {
    // An earlier try got this far, whose progress was lost: what it refused it has left in the entity.
    if (hasApplied(entity, lane, position)) {
      const outcome: Outcome = refusals.some((refusal) => isAt(refusal, lane, position)) ? "refused" : "accepted";
      return { position, outcome };
    }
    const result = pipeline.step(state, parsed, { partition, watermark, stateBytesMax, settledBytes });
    if (result.kind === "duplicate") return { position, outcome: result.kind };
    if (result.kind === "accepted") {
      state = result.state;
      return { position, outcome: result.kind };
    }
    refusals.push({ lane, position, message: result.message });
    return { position, outcome: "refused" as const };
  });
  // Duplicates alone are written too, for the position: a stalled try that comes back when their ids are forgotten must not take them for
  // new. Only where an earlier try has taken in everything is there nothing to write.
  const last = (records.at(-1) as Applicable<R>).position;
  if (hasApplied(entity, lane, last)) return { taken: { outcomes, refusals, revisions: 0 } };
  const pruned = pipeline.prune(state, prune);
  const sealed = pipeline.seal(entity.state, pruned.state);
  const settled = pruned.settled.reduce(
    (lines, { time, stored }) => addSettled(lines, bucketEnd(time, pipeline.finalInterval), stored),
    dropClosed(entity.settled, prune.closed),
  );
  const applied = { ...entity.applied, [lane]: storePosition(last) };
  const next = { ...entity, state: sealed.state, refused: refusals, applied, settled };
  return {
    document: entityDocument(pipeline, next, settings.immediate ? sealed.changed : [], expiry(engine)),
    taken: { outcomes, refusals, revisions: sealed.changed.length },
  };
}

function isSettled({ lane, position }: Refusal, refusalsFrom: Readonly<Record<string, Position>>): boolean {
  const from = refusalsFrom[lane];
  return from !== undefined && comparePositions(position, from) < 0;
}

function isAt(refusal: Refusal, lane: string, position: Position): boolean {
  return refusal.lane === lane && comparePositions(refusal.position, position) === 0;
}

function expiry<R extends KeyedRecord, S>({ settings, clock }: KeyedEngine<R, S>): WallTimeMs | undefined {
  return settings.retention === undefined ? undefined : clock.now() + settings.retention;
}
