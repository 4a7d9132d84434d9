import type { Position } from "../core/position.ts";
import { type LogRecord, type RejectionReason, utf8Text } from "../core/record.ts";
import type { Column, Row } from "../core/row.ts";
import type { Watermark } from "../core/watermark.ts";

export const rejectedEvents = "rejected_events";

/** What stands in `rejected_events`, for all pipelines. */
export const rejectedEventColumns: readonly Column[] = [
  { name: "pipeline", type: "string", nullable: false },
  { name: "topic", type: "string", nullable: false },
  { name: "partition", type: "int32", nullable: false },
  { name: "offset", type: "int64", nullable: false },
  { name: "timestamp", type: "timestamp", nullable: false },
  { name: "key", type: "string", nullable: true },
  { name: "value", type: "string", nullable: true },
  { name: "value_encoding", type: "string", nullable: false },
  { name: "reason", type: "string", nullable: false },
  { name: "message", type: "string", nullable: false },
  { name: "watermark", type: "timestamp", nullable: true },
];

export interface Rejection {
  readonly record: LogRecord;
  readonly position: Position;
  readonly reason: RejectionReason;
  readonly message: string;
  readonly watermark: Watermark;
}

export function rejectionRow(pipeline: string, { record, reason, message, watermark }: Rejection): Row {
  const text = record.value && utf8Text(record.value);
  return {
    pipeline,
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    timestamp: record.timestamp,
    key: record.key && (utf8Text(record.key) ?? base64(record.key)),
    value: record.value && (text ?? base64(record.value)),
    value_encoding: text === undefined ? "base64" : "utf8",
    reason,
    message,
    watermark: watermark ?? null,
  };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}
