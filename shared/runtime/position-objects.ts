import { comparePositions, type Position, readPosition, type StoredPosition, storePosition } from "../core/position.ts";
import type { Row } from "../core/row.ts";
import { formatEventTime } from "../core/time.ts";
import type { EventTimeMs, WallTimeMs } from "../core/units.ts";
import { laterOf, type Watermark } from "../core/watermark.ts";
import type { Engine, SourcePartition } from "./engine.ts";
import type { Claim } from "./partition-row.ts";
import type { PlacedRecord } from "./placing.ts";
import { type Rejection, rejectedEventColumns, rejectedEvents, rejectionRow } from "./rejections.ts";

/** How far a batch has come, and the highest event time accepted and the highest record timestamp seen up to there. */
export interface Reached {
  readonly position: Position;
  readonly highest: Watermark;
  readonly highestTimestamp: WallTimeMs;
}

/** What a try works on: from its first new position on, in a claim. */
export interface Span {
  readonly source: SourcePartition;
  readonly first: Position;
  readonly claim: Pick<Claim, "end">;
  /** The records of the try. */
  readonly placed: readonly PlacedRecord[];
}

export interface PositionedRow {
  readonly position: Position;
  readonly row: Row;
}

/** What a try has to write, in the order of positions. */
export interface PositionedContent {
  readonly rejections: readonly Rejection[];
  /** Rows of facts. */
  readonly rows: readonly PositionedRow[];
}

/** Many batches have a row or two to write; compressing so little costs more time than the rest of their file. */
const compressedFrom = 50;

/**
 * Writes rejections and rows of facts up to `reached`, each into exactly one object.
 *
 * An object is named by its first position and says where it ends. Where the name is taken, another try of the same claim was here: its
 * rows stand, so its end and its highest event time are taken over, and what is left is written behind it. A try that ends before its
 * claim does leaves an object even without rows: a longer try could otherwise make one that reaches past it, and name a row twice.
 *
 * Two datasets must not be cut at different positions, so only one object decides: where rows of facts are written, theirs. It carries
 * the file of the rejections between the same positions, for whoever finds it to put in place: its maker may have died over it.
 *
 * @returns where the partition stands now: at `reached`, or beyond it where a longer try's object was found.
 */
export async function writePositionObjects(
  engine: Engine,
  span: Span,
  reached: Reached,
  content: PositionedContent,
): Promise<Reached> {
  let at: Reached = { ...reached, position: span.first };
  while (comparePositions(at.position, reached.position) < 0) {
    const left = contentFrom(engine, content, at.position);
    const there = { ...at, position: reached.position };
    const isLast = comparePositions(reached.position, span.claim.end) >= 0;
    if (isLast && left.rejections.length === 0 && left.rows.length === 0) return there;
    const { name, bytes } = decidingObject(engine, span, at.position, left, describe(there));
    const isCreated = (await engine.objects.create(name, bytes)) === "created";
    const standing = isCreated ? bytes : await readTaken(engine, name);
    await putRejectionsBeside(engine, span, at.position, standing);
    if (isCreated) return there;
    const found = readNote(engine, standing);
    at = {
      position: found.position,
      highest: laterOf(at.highest, found.highest),
      highestTimestamp: Math.max(at.highestTimestamp, found.highestTimestamp),
    };
  }
  return at;
}

/** Whether rows of facts are written: then their object decides where the rejections' ends. */
function writesFacts({ pipeline, settings }: Engine): boolean {
  return pipeline.kind === "facts" && settings.finals;
}

function contentFrom(engine: Engine, { rejections, rows }: PositionedContent, from: Position): PositionedContent {
  const isLeft = ({ position }: { position: Position }) => comparePositions(position, from) >= 0;
  return { rejections: rejections.filter(isLeft), rows: writesFacts(engine) ? rows.filter(isLeft) : [] };
}

function decidingObject(
  engine: Engine,
  span: Span,
  at: Position,
  { rejections, rows }: PositionedContent,
  metadata: Record<string, string>,
): { readonly name: string; readonly bytes: Uint8Array } {
  const { pipeline, rowFormat } = engine;
  if (!writesFacts(engine)) {
    return { name: rejectionsName(engine, span, at), bytes: rejectionsFile(engine, rejections, metadata) };
  }
  const beside = rejections.length > 0 && { [rejectedEvents]: base64(rejectionsFile(engine, rejections, metadata)) };
  const inOrder = rows.map(({ row }) => row);
  if (pipeline.compareRows) inOrder.sort(pipeline.compareRows);
  const bytes = rowFormat.encode(pipeline.columns, inOrder, {
    metadata: { ...metadata, ...beside },
    compress: rows.length >= compressedFrom,
  });
  return { name: factsName(engine, span, at), bytes };
}

/** The object of the rejections between the same positions, from the one that decides. */
async function putRejectionsBeside(engine: Engine, span: Span, at: Position, deciding: Uint8Array): Promise<void> {
  const file = engine.rowFormat.metadataOf(deciding)[rejectedEvents];
  // A taken name is this very file.
  if (file !== undefined) await engine.objects.create(rejectionsName(engine, span, at), Buffer.from(file, "base64"));
}

function rejectionsFile(
  { pipeline, rowFormat }: Engine,
  rejections: readonly Rejection[],
  metadata: Record<string, string>,
): Uint8Array {
  const rows = rejections.map((rejection) => rejectionRow(pipeline.name, rejection));
  return rowFormat.encode(rejectedEventColumns, rows, { metadata, compress: rows.length >= compressedFrom });
}

function rejectionsName({ pipeline, rowFormat }: Engine, { source }: Span, at: Position): string {
  const { topic, partition } = source;
  return `${rejectedEvents}/${pipeline.name}/${topic}/${partition}/${positionName(at)}${rowFormat.extension}`;
}

/** By the day of the log's own timestamp at that position, which all tries of it share. */
function factsName({ pipeline, rowFormat }: Engine, { source, placed }: Span, at: Position): string {
  const first = placed.find(({ position }) => comparePositions(position, at) >= 0);
  const day = formatEventTime(first?.record.timestamp ?? 0).slice(0, 10);
  const file = `${pipeline.name}-${source.topic}-${source.partition}-${positionName(at)}${rowFormat.extension}`;
  return `${pipeline.dataset}/dt=${day}/${file}`;
}

function positionName({ epoch, offset }: Position): string {
  return `${epoch}-${String(offset).padStart(20, "0")}`;
}

/** An object that is found taken can't be gone: nothing deletes it before its partition has moved on. */
async function readTaken({ objects }: Engine, name: string): Promise<Uint8Array> {
  const bytes = await objects.read(name);
  if (!bytes) throw new Error(`${name} was taken a moment ago and is gone`);
  return bytes;
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

function readNote({ rowFormat }: Engine, bytes: Uint8Array): Reached {
  const { end, highest, timestamp } = JSON.parse(rowFormat.metadataOf(bytes).tidemark ?? "{}") as ReachedNote;
  return { position: readPosition(end), highest, highestTimestamp: timestamp };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}
