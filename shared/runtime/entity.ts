import { comparePositions, type Position, readPosition, type StoredPosition, storePosition } from "../core/position.ts";
import type { WallTimeMs } from "../core/units.ts";
import type { KeyedPipeline, KeyedRecord, StateOf } from "../pipelines/pipeline.ts";
import type { Document } from "../ports/state-store.ts";
import type { Refusal } from "./intake.ts";
import { entityKey } from "./keys.ts";
import type { SettledLines } from "./settled.ts";

/** The state of a key, and what of each source partition is in it. */
export interface Entity<S> {
  readonly of: StateOf;
  /** Of the stored document; 0 before the first. */
  readonly version: number;
  readonly state: S;
  /** The highest position taken in, per lane. */
  readonly applied: Readonly<Record<string, StoredPosition>>;
  /**
   * Positions up to `applied` that were refused as oversized. Unlike the other verdicts this one depends on the state, so the write
   * that passes the position decides it, for all tries.
   */
  readonly refused: readonly Refusal[];
  /** Results that can't change any more, as lines of text; only a closing reads them. */
  readonly settled: SettledLines;
}

interface StoredEntity {
  at: Record<string, StoredPosition>;
  /** By lane and message: hundreds of records may be refused in one batch, all of them for the same reason. */
  no?: [lane: string, message: string, positions: StoredPosition[]][];
  s: unknown;
}

export function readEntity<R extends KeyedRecord, S>(
  pipeline: KeyedPipeline<R, S>,
  of: StateOf,
  document: Pick<Document, "version" | "body" | "settled"> | undefined,
): Entity<S> {
  if (!document) return { of, version: 0, state: pipeline.emptyState, applied: {}, refused: [], settled: "" };
  const stored = JSON.parse(document.body) as StoredEntity;
  return {
    of,
    version: document.version,
    state: pipeline.decode(stored.s, Buffer.byteLength(document.body)),
    applied: stored.at,
    refused: (stored.no ?? []).flatMap(([lane, message, positions]) =>
      positions.map((position) => ({ lane, position: readPosition(position), message })),
    ),
    settled: document.settled ?? "",
  };
}

/** The document that stores `entity` as the next version, with an outbox where `marks` aren't empty. */
export function entityDocument<R extends KeyedRecord, S>(
  pipeline: KeyedPipeline<R, S>,
  entity: Entity<S>,
  marks: readonly number[],
  expiresAt: WallTimeMs | undefined,
): Document {
  const stored: StoredEntity = {
    at: entity.applied,
    ...(entity.refused.length > 0 && { no: storeRefused(entity.refused) }),
    s: pipeline.encode(entity.state),
  };
  return {
    key: entityKey(pipeline, entity.of),
    version: entity.version + 1,
    body: JSON.stringify(stored),
    ...(entity.settled !== "" && { settled: entity.settled }),
    ...(marks.length > 0 && { outbox: JSON.stringify(marks) }),
    ...(expiresAt !== undefined && { expiresAt }),
  };
}

/** Whether the record at `position` has been taken in, or refused, already. */
export function hasApplied<S>(entity: Entity<S>, lane: string, position: Position): boolean {
  const applied = entity.applied[lane];
  return applied !== undefined && comparePositions(position, readPosition(applied)) <= 0;
}

function storeRefused(refused: readonly Refusal[]): NonNullable<StoredEntity["no"]> {
  const byLane = Map.groupBy(refused, ({ lane, message }) => `${lane} ${message}`);
  return Array.from(byLane.values(), (same) => {
    const { lane, message } = same[0] as Refusal;
    return [lane, message, same.map(({ position }) => storePosition(position))];
  });
}
