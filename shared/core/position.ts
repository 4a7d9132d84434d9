/**
 * Where a record stands in its partition. The epoch is 0 until the log starts anew under the same name (a topic created again, a
 * truncated log); offsets of a later epoch come after all of an earlier one.
 */
export interface Position {
  readonly epoch: number;
  readonly offset: number;
}

export const origin: Position = { epoch: 0, offset: 0 };

/** Negative, zero or positive as `a` stands before, at or after `b`. */
export function comparePositions(a: Position, b: Position): number {
  return a.epoch - b.epoch || a.offset - b.offset;
}

/** How a position is stored: the bare offset in epoch 0, where nearly all of them are. */
export type StoredPosition = number | readonly [epoch: number, offset: number];

export function storePosition({ epoch, offset }: Position): StoredPosition {
  return epoch === 0 ? offset : [epoch, offset];
}

export function readPosition(stored: StoredPosition): Position {
  return typeof stored === "number" ? { epoch: 0, offset: stored } : { epoch: stored[0], offset: stored[1] };
}
