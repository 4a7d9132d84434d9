import { comparePositions, type Position } from "../core/position.ts";
import type { LogRecord } from "../core/record.ts";
import type { WallTimeMs } from "../core/units.ts";
import type { PartitionRow } from "./partition-row.ts";

/** A record and where it stands, which only the partition's row can tell. */
export interface PlacedRecord {
  readonly record: LogRecord;
  readonly position: Position;
  /** The highest record timestamp seen up to and with this record. */
  readonly highestTimestamp: WallTimeMs;
}

/** The records that are new to `row`, placed. The others are redeliveries. */
export function placeRecords(row: PartitionRow, records: readonly LogRecord[]): PlacedRecord[] {
  const placed: PlacedRecord[] = [];
  let { next, highestTimestamp } = row;
  for (const record of records) {
    let position: Position = { epoch: next.epoch, offset: record.offset };
    if (comparePositions(position, next) < 0) {
      if (!startsAnew(record, highestTimestamp)) continue;
      position = { epoch: next.epoch + 1, offset: record.offset };
    }
    highestTimestamp = Math.max(highestTimestamp, record.timestamp);
    next = { epoch: position.epoch, offset: record.offset + 1 };
    placed.push({ record, position, highestTimestamp });
  }
  return placed;
}

/**
 * A record at an offset that was passed already is a redelivery, unless it is younger than everything ever seen in its partition:
 * then the log has started anew under the same name, and skipping the record would lose it.
 */
function startsAnew(record: LogRecord, highestTimestamp: WallTimeMs): boolean {
  return record.timestamp > highestTimestamp;
}

export function positionAfter({ epoch, offset }: Position): Position {
  return { epoch, offset: offset + 1 };
}
