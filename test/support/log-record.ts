import type { RecordLine } from "../../localstack/record-file/record-line.ts";
import type { LogRecord } from "../../shared/core/record.ts";

/** The record that a line of a record file stands for. */
export function logRecord({ topic, partition, offset, ts, key, payload }: Omit<RecordLine, "tstype">): LogRecord {
  return { topic, partition, offset, timestamp: ts, key: bytesOf(key), value: bytesOf(payload) };
}

function bytesOf(text: string | null): Uint8Array | null {
  return text === null ? null : new TextEncoder().encode(text);
}

/** Consecutive records of one topic, at most `max` of them: what a replay makes one delivery. */
export function* cutDeliveries(records: Iterable<LogRecord>, max: number): Generator<LogRecord[]> {
  let delivery: LogRecord[] = [];
  for (const record of records) {
    if (delivery.length === max || (delivery[0] && delivery[0].topic !== record.topic)) {
      yield delivery;
      delivery = [];
    }
    delivery.push(record);
  }
  if (delivery.length > 0) yield delivery;
}
