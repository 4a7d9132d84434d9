import { origin, type Position, readPosition, type StoredPosition, storePosition } from "../core/position.ts";
import type { EventTimeMs, WallTimeMs } from "../core/units.ts";
import type { Watermark } from "../core/watermark.ts";
import type { CommitOutcome, Document, DocumentTable } from "../ports/state-store.ts";
import { type Counts, noCounts } from "./counts.ts";

/** What every try of a batch judges by, so that they all reach the same verdicts. */
export interface Claim {
  /** Where the claimed batch ends, exclusive. */
  readonly end: Position;
  /** The highest event times of the other source partitions that weren't idle. */
  readonly peers: readonly Watermark[];
  /** No watermark of this batch lies below it. */
  readonly floor: Watermark;
  /** The wall clock that `future` is judged by. */
  readonly clock: WallTimeMs;
}

/** How far a pipeline has come in one partition of one source. */
export interface PartitionRow {
  /** Of the stored document; 0 before the first. */
  readonly version: number;
  /** M: the highest event time accepted. */
  readonly highest: Watermark;
  readonly next: Position;
  /** The highest record timestamp seen: what tells a log that started anew from a redelivery. */
  readonly highestTimestamp: WallTimeMs;
  /** The watermark as of the last batch that stored its progress: nothing is judged by an older one any more. */
  readonly floor: Watermark;
  readonly claim?: Claim;
  /** Nothing came for a while, and nothing was left to read: it doesn't hold its peers back. */
  readonly idle: boolean;
  readonly counts: Counts;
}

interface StoredRow {
  highest?: EventTimeMs;
  next: StoredPosition;
  highestTimestamp: WallTimeMs;
  floor?: EventTimeMs;
  claim?: { end: StoredPosition; peers: (EventTimeMs | null)[]; floor?: EventTimeMs; clock: WallTimeMs };
  idle?: true;
  counts: Counts;
}

const freshRow: PartitionRow = {
  version: 0,
  highest: undefined,
  next: origin,
  highestTimestamp: -1,
  floor: undefined,
  idle: false,
  counts: noCounts,
};

export function readRow(document: Document | undefined): PartitionRow {
  if (!document) return freshRow;
  const stored = JSON.parse(document.body) as StoredRow;
  const { claim } = stored;
  return {
    version: document.version,
    highest: stored.highest,
    next: readPosition(stored.next),
    highestTimestamp: stored.highestTimestamp,
    floor: stored.floor,
    idle: stored.idle === true,
    counts: stored.counts,
    ...(claim && {
      claim: {
        end: readPosition(claim.end),
        peers: claim.peers.map((m) => m ?? undefined),
        floor: claim.floor,
        clock: claim.clock,
      },
    }),
  };
}

/** Stores a row, if it still is as it was read. `row.version` is that of the row that was read. */
export function commitRow(table: DocumentTable, key: string, row: PartitionRow): Promise<CommitOutcome> {
  const { claim } = row;
  const stored: StoredRow = {
    ...(row.highest !== undefined && { highest: row.highest }),
    next: storePosition(row.next),
    highestTimestamp: row.highestTimestamp,
    ...(row.floor !== undefined && { floor: row.floor }),
    ...(claim && {
      claim: {
        end: storePosition(claim.end),
        peers: claim.peers.map((m) => m ?? null),
        ...(claim.floor !== undefined && { floor: claim.floor }),
        clock: claim.clock,
      },
    }),
    ...(row.idle && { idle: true }),
    counts: row.counts,
  };
  return table.commit({ key, version: row.version + 1, body: JSON.stringify(stored) });
}
