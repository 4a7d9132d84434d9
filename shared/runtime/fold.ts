import { atMostAtOnce } from "../core/at-most-at-once.ts";
import { StreamError } from "../core/errors.ts";
import { comparePositions, type Position, readPosition, type StoredPosition, storePosition } from "../core/position.ts";
import type { FactRecord, Fold, FoldContext } from "../pipelines/pipeline.ts";
import type { Document, Entry } from "../ports/state-store.ts";
import type { FactEngine } from "./engine.ts";
import { noneTaken, type TakenIn } from "./intake.ts";
import type { Applicable } from "./judge.ts";
import { listKey, totalKey } from "./keys.ts";
import { countConflict } from "./metering.ts";

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

/** The facts of one batch that one key's total takes. */
interface Portion<R extends FactRecord> {
  readonly fold: Fold<R>;
  readonly key: string;
  /** Of its total. */
  readonly documentKey: string;
  readonly facts: readonly Applicable<R>[];
}

/** What the folding of a batch shares. */
interface Folding<R extends FactRecord> {
  readonly engine: FactEngine<R>;
  readonly lane: string;
  readonly context: FoldContext;
}

/** Lost races for one total in one batch before the batch gives up on it. */
const conflictsMax = 20;
const commitsAtOnce = 32;

export function readTotal<T>(empty: T, document: Document | undefined): Total<T> {
  if (!document) return { version: 0, total: empty, count: 0, folded: {} };
  const { at, t, n } = JSON.parse(document.body) as StoredTotal<T>;
  return { version: document.version, total: t, count: n, folded: at };
}

/** Whether what stands at a position is in the total. */
export function isFolded({ folded }: Pick<Total<unknown>, "folded">, lane: string, position: Position): boolean {
  const fence = folded[lane];
  return fence !== undefined && comparePositions(position, readPosition(fence)) <= 0;
}

/**
 * Adds the accepted facts of a partition to the totals of their keys, each once, and to their lists. The lists first: whoever reads a total,
 * and then shows of the list only what is in it, sees both agree. What an earlier try has folded lies below the fence.
 */
export async function foldFacts<R extends FactRecord>(
  engine: FactEngine<R>,
  { lane, partition }: { readonly lane: string; readonly partition: number },
  records: readonly Applicable<R>[],
  taken: readonly TakenIn[],
): Promise<TakenIn> {
  const facts = acceptedFacts(records, taken);
  const first = facts[0];
  if (!first) return noneTaken;
  const now = engine.settings.forgets ? engine.clock.now() : undefined;
  const folding: Folding<R> = { engine, lane, context: { partition, now } };
  const portions = engine.pipeline.folds.flatMap((fold) => portionsOf(folding, fold, facts));
  try {
    const documents = await engine.store.entities.read(portions.map(({ documentKey }) => documentKey));
    await engine.store.lists.append(
      portions.flatMap((portion) => newEntries(folding, portion, documents.get(portion.documentKey))),
    );
    await atMostAtOnce(commitsAtOnce, portions, (portion) =>
      addPortion(folding, portion, documents.get(portion.documentKey)),
    );
    return noneTaken;
  } catch (cause) {
    // Some totals may have been stored: their fences tell the next try.
    return { ...noneTaken, failed: { from: first.position, cause } };
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

function portionsOf<R extends FactRecord>(
  { engine, context }: Folding<R>,
  fold: Fold<R>,
  facts: readonly Applicable<R>[],
): Portion<R>[] {
  const byKey = Map.groupBy(facts, ({ parsed }) => fold.keyOf(parsed, context));
  return [...byKey].flatMap(([key, ofKey]) =>
    key === undefined ? [] : [{ fold, key, documentKey: totalKey(engine.pipeline, fold, key), facts: ofKey }],
  );
}

async function addPortion<R extends FactRecord>(
  { engine, lane, context }: Folding<R>,
  { fold, key, documentKey, facts }: Portion<R>,
  loaded: Document | undefined,
): Promise<void> {
  let document = loaded;
  const expiresAt = engine.settings.forgets ? fold.expiryOf?.(key) : undefined;
  for (let conflicts = 0; conflicts < conflictsMax; conflicts++) {
    const before = readTotal(fold.empty, document);
    const fresh = facts.filter(({ position }) => !isFolded(before, lane, position));
    const last = fresh.at(-1);
    if (!last) return;
    const stored: StoredTotal<unknown> = {
      at: { ...before.folded, [lane]: storePosition(last.position) },
      t: fold.add(
        before.total,
        fresh.map(({ parsed }) => parsed),
        context,
      ),
      n: before.count + fresh.length,
    };
    const next = { key: documentKey, version: before.version + 1, body: JSON.stringify(stored) };
    const outcome = await engine.store.entities.commit({ ...next, ...(expiresAt !== undefined && { expiresAt }) });
    if (outcome.kind === "committed") return;
    countConflict(engine);
    document = outcome.found;
  }
  throw new StreamError("dependency", `${documentKey}: lost ${conflictsMax} races for its total`);
}

/** What the list of a key doesn't have yet. By the log's timestamp, which is all that is known of when a fact came about; then by position. */
function newEntries<R extends FactRecord>(
  { engine, lane }: Folding<R>,
  { fold, key, facts }: Portion<R>,
  document: Document | undefined,
): Entry[] {
  if (!fold.entry) return [];
  const total = readTotal(fold.empty, document);
  const list = listKey(engine.pipeline, key);
  return facts.flatMap(({ record: { timestamp, partition }, position, parsed }) => {
    if (isFolded(total, lane, position)) return [];
    const stored: StoredEntry = { at: [lane, storePosition(position)], e: fold.entry?.(parsed, timestamp) };
    const order = [timestamp, position.epoch, position.offset, partition].map(padded).join("-");
    return [{ list, order, body: JSON.stringify(stored) }];
  });
}

/** Numbers compare as text only when they are equally long; a safe integer has 16 digits at most. */
function padded(number: number): string {
  return String(number).padStart(16, "0");
}
