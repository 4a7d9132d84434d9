import { appendFileSync, existsSync, mkdirSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import type { LogRecord } from "../../shared/core/record.ts";
import { readLines } from "../record-file/line-reader.ts";
import { parseRecordLine } from "../record-file/parse-line.ts";
import type { RecordLine } from "../record-file/record-line.ts";

/** A file is emptied when it is this long and all of it is consumed: the retention of this log. */
const fileBytesMax = 32 * 1024 * 1024;

interface PartitionLog {
  readonly file: string;
  /** What one group or another has still to consume, in order. */
  readonly ahead: LogRecord[];
  /** The next offset of each group. */
  readonly positions: Map<string, number>;
  next: number;
  bytes: number;
}

/** A partitioned log in a directory: one NDJSON file per `topic-partition`. One process produces and consumes. */
export class FileLog {
  readonly #directory: string;
  readonly #partitions = new Map<string, PartitionLog>();

  constructor(directory: string) {
    mkdirSync(directory, { recursive: true });
    this.#directory = directory;
  }

  /**
   * Opens a partition for the groups of consumers in `positions`, each of which has come to its own offset: what stands in the file from
   * there on is still to be consumed.
   */
  open(topic: string, partition: number, positions: ReadonlyMap<string, number>): void {
    const file = join(this.#directory, `${topic}-${partition}.ndjson`);
    const log: PartitionLog = {
      file,
      ahead: [],
      positions: new Map(positions),
      next: Math.max(0, ...positions.values()),
      bytes: existsSync(file) ? statSync(file).size : 0,
    };
    const from = Math.min(...positions.values());
    let whole = 0;
    for (const line of log.bytes > 0 ? readLines(file) : []) {
      // Without its line break it is what a process was writing when it died: nobody was told that it stands.
      if (line.end === whole + line.bytes.length) break;
      whole = line.end;
      const record = parseRecordLine(line);
      if (record?.offset === undefined) continue;
      const { offset, ts = 0, key, value } = record;
      log.next = Math.max(log.next, offset + 1);
      if (offset >= from) log.ahead.push({ topic, partition, offset, timestamp: ts, key, value });
    }
    if (whole < log.bytes) truncateSync(file, whole);
    log.bytes = whole;
    this.#partitions.set(`${topic}-${partition}`, log);
  }

  /** Appends records; their offsets are the log's. */
  produce(lines: readonly Omit<RecordLine, "offset">[]): void {
    const texts = new Map<PartitionLog, string[]>();
    for (const line of lines) {
      const log = this.#partition(line.topic, line.partition);
      const offset = log.next++;
      const { topic, partition, tstype, ts, key, payload } = line;
      log.ahead.push({ topic, partition, offset, timestamp: ts, key: bytes(key), value: bytes(payload) });
      const text = `${JSON.stringify({ topic, partition, offset, tstype, ts, key, payload })}\n`;
      const ofLog = texts.get(log);
      if (ofLog) ofLog.push(text);
      else texts.set(log, [text]);
    }
    for (const [log, text] of texts) {
      const joined = text.join("");
      appendFileSync(log.file, joined);
      log.bytes += Buffer.byteLength(joined);
    }
  }

  /** The next records of a partition that a group hasn't consumed, at most `max`. */
  peek(group: string, topic: string, partition: number, max: number): readonly LogRecord[] {
    const { ahead, positions } = this.#partition(topic, partition);
    const position = positions.get(group);
    if (position === undefined) throw new Error(`${topic}-${partition} is not open for ${group}`);
    const first = ahead.findIndex(({ offset }) => offset >= position);
    return first === -1 ? [] : ahead.slice(first, first + max);
  }

  /** A group has consumed the records before `offset`. What all have consumed is let go. */
  commit(group: string, topic: string, partition: number, offset: number): void {
    const log = this.#partition(topic, partition);
    log.positions.set(group, offset);
    const consumed = Math.min(...log.positions.values());
    const left = log.ahead.findIndex((record) => record.offset >= consumed);
    log.ahead.splice(0, left === -1 ? log.ahead.length : left);
    if (log.ahead.length === 0 && log.bytes > fileBytesMax) {
      truncateSync(log.file, 0);
      log.bytes = 0;
    }
  }

  #partition(topic: string, partition: number): PartitionLog {
    const log = this.#partitions.get(`${topic}-${partition}`);
    if (!log) throw new Error(`${topic}-${partition} is not open`);
    return log;
  }
}

function bytes(text: string | null): Buffer | null {
  return text === null ? null : Buffer.from(text);
}
