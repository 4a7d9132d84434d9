import type { LogRecord } from "../core/record.ts";
import { lastEventTime } from "../core/time.ts";

/**
 * What an MSK event source mapping invokes a function with: the records of one topic, by `topic-partition`, in order within each.
 * `@types/aws-lambda` has keys and values that are never null or missing, and no batch response; both are wrong.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html
 */
export interface MskEvent {
  readonly eventSource: "aws:kafka" | "SelfManagedKafka";
  readonly eventSourceArn?: string;
  readonly bootstrapServers?: string;
  readonly records: Readonly<Record<string, readonly MskRecord[]>>;
}

export interface MskRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp?: number;
  readonly timestampType?: "CREATE_TIME" | "LOG_APPEND_TIME" | "NO_TIMESTAMP_TYPE";
  /** Base64. */
  readonly key?: string | null;
  /** Base64; null or missing in a tombstone. */
  readonly value?: string | null;
  /** One object per header; its bytes are signed: -128 to 127. */
  readonly headers?: readonly Readonly<Record<string, readonly number[]>>[];
}

/** The records of each partition of an event, in the order of the log. @throws {TypeError} it is no MSK event. */
export function decodeMskEvent(event: MskEvent): { topic: string; partition: number; records: LogRecord[] }[] {
  if (typeof event?.records !== "object" || event.records === null) {
    throw new TypeError("not an event of an MSK event source mapping: it has no records");
  }
  return Object.values(event.records).flatMap((records) => {
    const first = records[0];
    return first ? [{ topic: first.topic, partition: first.partition, records: records.map(decodeRecord) }] : [];
  });
}

function decodeRecord({ topic, partition, offset, timestamp = 0, key, value }: MskRecord): LogRecord {
  return { topic, partition, offset, timestamp: realTime(timestamp), key: bytes(key), value: bytes(value) };
}

function bytes(base64: string | null | undefined): Uint8Array | null {
  return base64 === null || base64 === undefined ? null : Buffer.from(base64, "base64");
}

/** A producer may set any timestamp, and none is -1; what is no time between 1970 and 9999 becomes the nearest that is. */
function realTime(timestamp: number): number {
  return Math.min(Math.max(timestamp, 0), lastEventTime);
}
