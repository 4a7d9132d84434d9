import { atMostAtOnce } from "../core/at-most-at-once.ts";
import { StreamError } from "../core/errors.ts";
import { comparePositions, type Position, readPosition, type StoredPosition, storePosition } from "../core/position.ts";
import type { FactRecord, Fold } from "../pipelines/pipeline.ts";
import type { Document, Entry } from "../ports/state-store.ts";
import type { FactEngine } from "./engine.ts";
import type { TakenIn } from "./intake.ts";
import type { Applicable } from "./judge.ts";
import { listKey, totalKey } from "./keys.ts";

/** A total over the facts of a key. */
export interface Total<T> {
  /** Of the stored document; 0 before the first. */
  readonly version: number;
  readonly total: T;
  /** How many facts are in it. */
  readonly count: number;
  /** The fence: per lane, the highest position that is in it. Whatever lies above isn't, whether or not its fact is stored. */
  readonly folded: Readonly<Record<string, StoredPosition>>;
}

interface StoredTotal<T> {
  at: Record<string, StoredPosition>;
  t: T;
  n: number;
}

/** An entry of a list as it is stored: where its fact stands, and what the list shows of it. */
export interface StoredEntry {
  readonly at: [lane: string, position: StoredPosition];
  readonly e: unknown;
}

/** Lost races for one total in one batch before the batch gives up on it. */
const conflictsMax = 20;
const commitsAtOnce = 32;

export function readTotal<R extends FactRecord, T>(fold: Fold<R, T>, document: Document | undefined): Total<T> {
  if (!document) return { version: 0, total: fold.empty, count: 0, folded: {} };
  const { at, t, n } = JSON.parse(document.body) as StoredTotal<T>;
  return { version: document.version, total: t, count: n, folded: at };
}

/** Whether what stands at a position is in the total. */
export function isFolded({ folded }: Pick<Total<unknown>, "folded">, lane: string, position: Position): boolean {
  const fence = folded[lane];
  return fence !== undefined && comparePositions(position, readPosition(fence)) <= 0;
}

/**
 * Adds the accepted facts to the totals of their keys, each once, and to their lists. The lists first: whoever reads a total, and then
 * shows of the list only what is in it, sees both agree. What an earlier try has folded lies below the fence.
 */
export async function foldFacts<R extends FactRecord, T>(
  engine: FactEngine<R, T>,
  fold: Fold<R, T>,
  lane: string,
  records: readonly Applicable<R>[],
  taken: readonly TakenIn[],
): Promise<TakenIn> {
  const facts = acceptedFacts(records, taken);
  const byKey = Map.groupBy(facts, ({ parsed }) => fold.keyOf(parsed));
  const first = facts[0];
  const nothing = { outcomes: [], refusals: [], revisions: 0 };
  if (!first) return nothing;
  try {
    const { pipeline, store } = engine;
    const documents = await store.entities.read([...byKey.keys()].map((key) => totalKey(pipeline, key)));
    await store.lists.append(
      [...byKey].flatMap(([key, ofKey]) => {
        const total = readTotal(fold, documents.get(totalKey(pipeline, key)));
        const fresh = ofKey.filter(({ position }) => !isFolded(total, lane, position));
        return fresh.map((fact) => entryOf(engine, fold, lane, key, fact));
      }),
    );
    await atMostAtOnce(commitsAtOnce, [...byKey], ([key, ofKey]) =>
      foldKey(engine, fold, lane, key, ofKey, documents.get(totalKey(pipeline, key))),
    );
    return nothing;
  } catch (cause) {
    // Some totals may have been stored: their fences tell the next try.
    return { ...nothing, failed: { from: first.position, cause } };
  }
}

/** Those below the first failure: above it a fact may be missing, which must not be passed by a fence. */
function acceptedFacts<R>(records: readonly Applicable<R>[], taken: readonly TakenIn[]): Applicable<R>[] {
  const accepted = new Set(
    taken.flatMap(({ outcomes }) =>
      outcomes.flatMap(({ position, outcome }) => (outcome === "accepted" ? [position] : [])),
    ),
  );
  const failures = taken.flatMap(({ failed }) => failed ?? []);
  return records.filter(
    ({ position }) => accepted.has(position) && failures.every(({ from }) => comparePositions(position, from) < 0),
  );
}

async function foldKey<R extends FactRecord, T>(
  { pipeline, store }: FactEngine<R, T>,
  fold: Fold<R, T>,
  lane: string,
  key: string,
  facts: readonly Applicable<R>[],
  loaded: Document | undefined,
): Promise<void> {
  let document = loaded;
  for (let conflicts = 0; conflicts < conflictsMax; conflicts++) {
    const before = readTotal(fold, document);
    const fresh = facts.filter(({ position }) => !isFolded(before, lane, position));
    const last = fresh.at(-1);
    if (!last) return;
    const stored: StoredTotal<T> = {
      at: { ...before.folded, [lane]: storePosition(last.position) },
      t: fresh.reduce((total, { parsed }) => fold.add(total, parsed), before.total),
      n: before.count + fresh.length,
    };
    const next = { key: totalKey(pipeline, key), version: before.version + 1, body: JSON.stringify(stored) };
    const outcome = await store.entities.commit(next);
    if (outcome.kind === "committed") return;
    document = outcome.found;
  }
  throw new StreamError("dependency", `${totalKey(pipeline, key)}: lost ${conflictsMax} races for its total`);
}

/** By the log's timestamp, which is all that is known of when a fact came about; then by position. */
function entryOf<R extends FactRecord, T>(
  { pipeline }: FactEngine<R, T>,
  fold: Fold<R, T>,
  lane: string,
  key: string,
  { record: { timestamp, partition }, position, parsed }: Applicable<R>,
): Entry {
  const stored: StoredEntry = { at: [lane, storePosition(position)], e: fold.entry(parsed, timestamp) };
  const order = [timestamp, position.epoch, position.offset, partition].map(padded).join("-");
  return { list: listKey(pipeline, key), order, body: JSON.stringify(stored) };
}

/** Numbers compare as text only when they are equally long; a safe integer has 16 digits at most. */
function padded(number: number): string {
  return String(number).padStart(16, "0");
}
