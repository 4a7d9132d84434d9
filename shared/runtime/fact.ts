import { comparePositions, type Position, readPosition, type StoredPosition, storePosition } from "../core/position.ts";
import type { WallTimeMs } from "../core/units.ts";
import type { FactContext, FactRecord } from "../pipelines/pipeline.ts";
import type { Document } from "../ports/state-store.ts";
import type { FactEngine } from "./engine.ts";
import { factKey } from "./keys.ts";

/** A record that counts: where it was seen first, and what it was found to belong to. */
export interface Fact<D> extends FactContext<D> {
  readonly lane: string;
  readonly position: Position;
  /** There where its row is written by the closing of its bucket, because it had nothing to belong to when it came. */
  readonly waiting?: Waiting;
}

export interface Waiting {
  /** Of its record. */
  readonly text: string;
  /** Its bucket is closed: it stays as it is. */
  readonly isOver: boolean;
}

type StoredFact = [lane: string, position: StoredPosition, timestamp: WallTimeMs, more?: StoredMore];

/** `d`: what it was found to belong to; `r`: the revision, from 2 on; `w`: the text of one that waits or waited; `o`: in vain. */
interface StoredMore {
  d?: unknown;
  r?: number;
  w?: string;
  o?: true;
}

export function readFact<D>(document: Pick<Document, "body">): Fact<D> {
  const [lane, position, timestamp, { d = null, r = 1, w, o = false } = {}] = JSON.parse(document.body) as StoredFact;
  return {
    ...{ lane, position: readPosition(position), timestamp, found: d as D | null, revision: r },
    ...(w !== undefined && { waiting: { text: w, isOver: o } }),
  };
}

/** The document that stores a fact. `outbox`: the text of its record where it is to leave at once; all else follows from that and the fact. */
export function factDocument<R extends FactRecord, D>(
  { pipeline, settings, clock }: FactEngine<R, D>,
  id: string,
  version: number,
  { lane, position, timestamp, found, revision, waiting }: Fact<D>,
  outbox: string | undefined,
): Document {
  const more: StoredMore = {
    ...(found !== null && { d: found }),
    ...(revision > 1 && { r: revision }),
    ...(waiting && { w: waiting.text }),
    ...(waiting?.isOver && { o: true }),
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

/** Whether nothing changes it any more. */
export function isFinal({ found, waiting }: Fact<unknown>): boolean {
  return found !== null || waiting === undefined || waiting.isOver;
}

/** Whether `fact` was brought about by the record at this very position. */
export function standsAt(fact: Pick<Fact<unknown>, "lane" | "position">, lane: string, position: Position): boolean {
  return fact.lane === lane && comparePositions(fact.position, position) === 0;
}

/** Whether `fact` was known before the record at this position. Of records in other partitions nobody can say; those that are there count. */
export function isKnownBefore(
  fact: Pick<Fact<unknown>, "lane" | "position">,
  lane: string,
  position: Position,
): boolean {
  return fact.lane !== lane || comparePositions(fact.position, position) < 0;
}
