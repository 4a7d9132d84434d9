import { comparePositions, type Position, readPosition, type StoredPosition, storePosition } from "../core/position.ts";
import type { WallTimeMs } from "../core/units.ts";
import type { FactRecord } from "../pipelines/pipeline.ts";
import type { Document } from "../ports/state-store.ts";
import type { FactEngine } from "./engine.ts";
import { factKey } from "./keys.ts";

/** Where a fact was seen first, and the timestamp that its record has there. */
export interface Fact {
  readonly lane: string;
  readonly position: Position;
  readonly timestamp: WallTimeMs;
}

type StoredFact = [lane: string, position: StoredPosition, timestamp: WallTimeMs];

export function readFact(document: Pick<Document, "body">): Fact {
  const [lane, position, timestamp] = JSON.parse(document.body) as StoredFact;
  return { lane, position: readPosition(position), timestamp };
}

/** The document of a fact that isn't known yet. Its outbox is the record's text: all else follows from that. */
export function factDocument<R extends FactRecord, T>(
  { pipeline, settings, clock }: FactEngine<R, T>,
  { id, text }: R,
  { lane, position, timestamp }: Fact,
): Document {
  const stored: StoredFact = [lane, storePosition(position), timestamp];
  return {
    key: factKey(pipeline, id),
    version: 1,
    body: JSON.stringify(stored),
    ...(settings.immediate && { outbox: text }),
    ...(settings.retention !== undefined && { expiresAt: clock.now() + settings.retention }),
  };
}

/** Whether `fact` was brought about by the record at this very position. */
export function standsAt(fact: Fact, lane: string, position: Position): boolean {
  return fact.lane === lane && comparePositions(fact.position, position) === 0;
}

/** Whether `fact` was known before the record at this position. Of records in other partitions nobody can say; those that are there count. */
export function isKnownBefore(fact: Fact, lane: string, position: Position): boolean {
  return fact.lane !== lane || comparePositions(fact.position, position) < 0;
}
