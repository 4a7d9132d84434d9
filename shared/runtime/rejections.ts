import { comparePositions, type Position, readPosition, type StoredPosition, storePosition } from "../core/position.ts";
import { type LogRecord, type RejectionReason, utf8Text } from "../core/record.ts";
import type { Column, Row } from "../core/row.ts";
import type { EventTimeMs, WallTimeMs } from "../core/units.ts";
import { laterOf, type Watermark } from "../core/watermark.ts";
import type { Engine, SourcePartition } from "./engine.ts";

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

/** Most batches reject a record or two; compressing so little costs more time than the rest of their file. */
const compressedFrom = 50;

/** How far a batch has come, and the highest event time accepted and the highest record timestamp seen up to there. */
export interface Reached {
  readonly position: Position;
  readonly highest: Watermark;
  readonly highestTimestamp: WallTimeMs;
}

/**
 * Writes the rejections from `first` up to `reached`, each into exactly one object.
 *
 * An object is named by its first position and says where it ends. Where the name is taken, another try of the same claim was here: its
 * rows stand, so its end and its highest event time are taken over, and what is left is written behind it. A try that ends before its
 * claim does leaves an object even without rows: a longer try could otherwise make one that reaches past it, and name a row twice.
 *
 * @returns where the partition stands now: at `reached`, or beyond it where a longer try's object was found.
 */
export async function writeRejections(
  engine: Engine,
  source: SourcePartition,
  first: Position,
  reached: Reached,
  claimEnd: Position,
  rejections: readonly Rejection[],
): Promise<Reached> {
  let at: Reached = { ...reached, position: first };
  while (comparePositions(at.position, reached.position) < 0) {
    const left = rejections.filter(({ position }) => comparePositions(position, at.position) >= 0);
    if (left.length === 0 && comparePositions(reached.position, claimEnd) >= 0)
      return { ...at, position: reached.position };
    const metadata = describe({ ...at, position: reached.position });
    const rows = left.map((rejection) => rejectionRow(engine.pipeline.name, rejection));
    const compress = rows.length >= compressedFrom;
    const bytes = engine.rowFormat.encode(rejectedEventColumns, rows, { metadata, compress });
    const name = objectName(engine, source, at.position);
    if ((await engine.objects.create(name, bytes)) === "created") return { ...at, position: reached.position };
    const found = await readReached(engine, name);
    at = {
      position: found.position,
      highest: laterOf(at.highest, found.highest),
      highestTimestamp: Math.max(at.highestTimestamp, found.highestTimestamp),
    };
  }
  return at;
}

function objectName(
  { pipeline, rowFormat }: Engine,
  { topic, partition }: SourcePartition,
  { epoch, offset }: Position,
): string {
  const position = `${epoch}-${String(offset).padStart(20, "0")}`;
  return `${rejectedEvents}/${pipeline.name}/${topic}/${partition}/${position}${rowFormat.extension}`;
}

/** An object that is found taken can't be gone: nothing deletes it before its partition has moved on. */
async function readReached({ objects, rowFormat }: Engine, name: string): Promise<Reached> {
  const bytes = await objects.read(name);
  if (!bytes) throw new Error(`${name} was taken a moment ago and is gone`);
  const { end, highest, timestamp } = JSON.parse(rowFormat.metadataOf(bytes).tidemark ?? "{}") as ReachedNote;
  return { position: readPosition(end), highest, highestTimestamp: timestamp };
}

interface ReachedNote {
  readonly end: StoredPosition;
  readonly highest?: EventTimeMs;
  readonly timestamp: WallTimeMs;
}

function describe({ position, highest, highestTimestamp }: Reached): Record<string, string> {
  const note: ReachedNote = {
    end: storePosition(position),
    ...(highest !== undefined && { highest }),
    timestamp: highestTimestamp,
  };
  return { tidemark: JSON.stringify(note) };
}

function rejectionRow(pipeline: string, { record, reason, message, watermark }: Rejection): Row {
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
