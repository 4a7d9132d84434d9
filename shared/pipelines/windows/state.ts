import { type Decimal, formatDecimal, readDecimal, zero } from "../../core/decimal.ts";
import { type KnownIds, noIds } from "./known-ids.ts";

/** All that is kept of one user's one window: a sum of its events, and their ids to tell duplicates by. */
export interface WindowState {
  readonly ids: KnownIds;
  /** Zero, as `least` and `greatest`, while there is no event. */
  readonly total: Decimal;
  readonly least: Decimal;
  readonly greatest: Decimal;
  /** 0 before the first. */
  readonly revision: number;
}

export const emptyState: WindowState = { ids: noIds, total: zero, least: zero, greatest: zero, revision: 0 };

type StoredState = [
  revision: number,
  count: number,
  total: string,
  least: string,
  greatest: string,
  uuids: string,
  others: string,
];

/** What a stored state takes besides its ids, in bytes, at most: brackets, quotes, commas and the digits of five numbers. */
export const frameBytesMax = 128;

export function encode({ ids, total, least, greatest, revision }: WindowState): StoredState {
  const amounts = [formatDecimal(total), formatDecimal(least), formatDecimal(greatest)] as const;
  return [revision, ids.count, ...amounts, ids.uuids, ids.others];
}

export function decode(stored: unknown): WindowState {
  const [revision, count, total, least, greatest, uuids, others] = stored as StoredState;
  return {
    ids: { count, uuids, others },
    total: readDecimal(total),
    least: readDecimal(least),
    greatest: readDecimal(greatest),
    revision,
  };
}
