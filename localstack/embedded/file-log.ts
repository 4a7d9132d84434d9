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
  readonly ahead: LogRecord[];
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

  /** Opens a partition whose consumer has come to `from`: what stands in the file from there on is still to be consumed. */
  open(topic: string, partition: number, from: number): void {
    const file = join(this.#directory, `${topic}-${partition}.ndjson`);
    const log: PartitionLog = { file, ahead: [], next: from, bytes: existsSync(file) ? statSync(file).size : 0 };
    for (const line of log.bytes > 0 ? readLines(file) : []) {
      const record = parseRecordLine(line);
      if (record?.offset === undefined) continue;
      log.next = Math.max(log.next, record.offset + 1);
      if (record.offset >= from) {
        log.ahead.push({
          topic,
          partition,
          offset: record.offset,
          timestamp: record.ts ?? 0,
          key: record.key,
          value: record.value,
        });
      }
    }
    this.#partitions.set(`${topic}-${partition}`, log);
  }

  /** Appends records; their offsets are the log's. */
  produce(lines: readonly RecordLine[]): void {
    const texts = new Map<PartitionLog, string[]>();
    for (const line of lines) {
      const log = this.#partition(line.topic, line.partition);
      const offset = log.next++;
      const { topic, partition, ts, key, payload } = line;
      log.ahead.push({ topic, partition, offset, timestamp: ts, key: bytes(key), value: bytes(payload) });
      texts.set(log, [...(texts.get(log) ?? []), `${JSON.stringify({ ...line, offset })}\n`]);
    }
    for (const [log, text] of texts) {
      const joined = text.join("");
      appendFileSync(log.file, joined);
      log.bytes += Buffer.byteLength(joined);
    }
  }

  /** The next records of a partition that aren't consumed, at most `max`. */
  peek(topic: string, partition: number, max: number): readonly LogRecord[] {
    return this.#partition(topic, partition).ahead.slice(0, max);
  }

  /** Records before `offset` are consumed. */
  commit(topic: string, partition: number, offset: number): void {
    const log = this.#partition(topic, partition);
    const first = log.ahead.findIndex((record) => record.offset >= offset);
    log.ahead.splice(0, first === -1 ? log.ahead.length : first);
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
