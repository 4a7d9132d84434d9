import { comparePositions, type Position, readPosition, type StoredPosition, storePosition } from "../core/position.ts";
import type { WallTimeMs } from "../core/units.ts";
import type { FactContext, FactRecord } from "../pipelines/pipeline.ts";
import type { Document } from "../ports/state-store.ts";
import type { FactEngine } from "./engine.ts";
import { factKey } from "./keys.ts";

/** A record that counts: where it was seen first, and what it was found to belong to. */
export interface Fact<D> extends FactContext<D>, LanePosition {
  /** There where its row is written by the closing of its bucket, because it had nothing to belong to when it came. */
  readonly waiting?: Waiting;
  /** What it was put without, as the deployment had no use for it then. */
  readonly lacks?: readonly FactEffect[];
  /** Where a backfill has made up for what it lacked. */
  readonly repairs?: Readonly<Partial<Record<FactEffect, LanePosition>>>;
}

export interface LanePosition {
  readonly lane: string;
  readonly position: Position;
}

/** What a fact brings about once, besides what leaves through its outbox: a row in S3, and a part in totals. */
export type FactEffect = "row" | "totals";

export interface Waiting {
  /** Of its record. */
  readonly text: string;
  /** Its bucket is closed: it stays as it is. */
  readonly isOver: boolean;
}

type StoredFact = [lane: string, position: StoredPosition, timestamp: WallTimeMs, more?: StoredMore];

/**
 * `d`: what it was found to belong to; `r`: the revision, from 2 on; `w`: the text of one that waits or waited; `o`: in vain; `l`: what it
 * lacks; `b`: where a backfill has repaired it.
 */
interface StoredMore {
  l?: readonly FactEffect[];
  b?: Partial<Record<FactEffect, [lane: string, position: StoredPosition]>>;
  d?: unknown;
  r?: number;
  w?: string;
  o?: true;
}

export function readFact<D>(document: Pick<Document, "body">): Fact<D> {
  const [lane, position, timestamp, more = {}] = JSON.parse(document.body) as StoredFact;
  const { d = null, r = 1, w, o = false, l, b } = more;
  return {
    ...{ lane, position: readPosition(position), timestamp, found: d as D | null, revision: r },
    ...(w !== undefined && { waiting: { text: w, isOver: o } }),
    ...(l && { lacks: l }),
    ...(b && { repairs: mapped(b, ([lane, position]) => ({ lane, position: readPosition(position) })) }),
  };
}

/** The document that stores a fact. `outbox`: the text of its record where it is to leave at once; all else follows from that and the fact. */
export function factDocument<R extends FactRecord, D>(
  { pipeline, settings, clock }: FactEngine<R, D>,
  id: string,
  version: number,
  { lane, position, timestamp, found, revision, waiting, lacks = [], repairs }: Fact<D>,
  outbox: string | undefined,
): Document {
  const more: StoredMore = {
    ...(found !== null && { d: found }),
    ...(revision > 1 && { r: revision }),
    ...(waiting && { w: waiting.text }),
    ...(waiting?.isOver && { o: true }),
    ...(lacks.length > 0 && { l: lacks }),
    ...(repairs && { b: mapped(repairs, ({ lane, position }) => [lane, storePosition(position)]) }),
  };
  const stored: StoredFact = [lane, storePosition(position), timestamp];
  if (Object.keys(more).length > 0) stored.push(more);
  return {
    key: factKey(pipeline, id),
    version,
    body: JSON.stringify(stored),
    ...(settings.immediate && outbox !== undefined && { outbox }),
    ...(settings.retention !== undefined && { expiresAt: clock.now() + settings.retention }),
  };
}

function mapped<T, U>(record: Partial<Record<FactEffect, T>>, map: (value: T) => U): Partial<Record<FactEffect, U>> {
  return Object.fromEntries(Object.entries(record).map(([effect, value]) => [effect, map(value)]));
}

/**
 * The longest text of a record, and row of its table, in bytes. Where a fact may wait its item holds the text twice, with the row, and a
 * total may hold it again; otherwise once.
 */
export function textBytesMax({ pipeline, settings }: Pick<FactEngine<FactRecord>, "pipeline" | "settings">): number {
  return pipeline.lookup ? Math.floor(settings.stateBytesMax / 4) : settings.stateBytesMax;
}

/** Whether its row is written by somebody else than the closing of its bucket: S3 was no sink then, or a backfill has seen to it. */
export function hasOtherRow({ lacks, repairs }: Fact<unknown>): boolean {
  return lacks?.includes("row") === true || repairs?.row !== undefined;
}

/** Whether nothing changes it any more. */
export function isFinal({ found, waiting }: Pick<Fact<unknown>, "found" | "waiting">): boolean {
  return found !== null || waiting === undefined || waiting.isOver;
}

/** Whether `fact` was brought about by the record at this very position. */
export function standsAt(fact: LanePosition, lane: string, position: Position): boolean {
  return fact.lane === lane && comparePositions(fact.position, position) === 0;
}

/** Whether `fact` was known before the record at this position. Of records in other partitions nobody can say; those that are there count. */
export function isKnownBefore(fact: LanePosition, lane: string, position: Position): boolean {
  return fact.lane !== lane || comparePositions(fact.position, position) < 0;
}
