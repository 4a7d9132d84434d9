import { createHash } from "node:crypto";
import { readLines } from "../record-file/line-reader.ts";
import { parseRecordLine, RecordLineError } from "../record-file/parse-line.ts";

/** What a record file holds, known before anything of it is processed. */
export interface Scan {
  /** SHA-256 of the file's lines. */
  readonly digest: string;
  readonly bytes: number;
  /** The highest partition of a record; -1 where none has one. */
  readonly highestPartition: number;
  readonly lacksPartition: boolean;
}

/**
 * Reads a whole record file once, so that a line that is no record is found before the first is processed.
 * @throws {RecordLineError} naming the line.
 */
export function scanRecords(path: string, partitionsMax: number | undefined): Scan {
  const hash = createHash("sha256");
  let bytes = 0;
  let highestPartition = -1;
  let lacksPartition = false;
  for (const line of readLines(path)) {
    hash.update(line.bytes).update("\n");
    bytes = line.end;
    const record = parseRecordLine(line);
    if (!record) continue;
    if (record.partition === undefined) lacksPartition = true;
    else if (partitionsMax !== undefined && record.partition >= partitionsMax) {
      throw new RecordLineError(
        `line ${line.number}: partition ${record.partition} is not among the ${partitionsMax} partitions of this state`,
      );
    } else highestPartition = Math.max(highestPartition, record.partition);
  }
  return { digest: hash.digest("hex"), bytes, highestPartition, lacksPartition };
}
