import fc from "fast-check";
import type { RecordLine } from "../../localstack/record-file/record-line.ts";
import {
  contentFaults,
  contentRow,
  eventFaults,
  eventId,
  eventRow,
  type Fields,
  jsonText,
  type RowChoices,
  spoiltTexts,
  wrapped,
  wrappings,
} from "./engagement-rows.ts";

export interface TrafficShape {
  /** 1 to 3. */
  readonly partitions: number;
  readonly maxFutureSkew: number;
  /** Whether an event that comes again may go into another partition than before. */
  readonly wanders: boolean;
}

/** One record to be, small enough to collide with others in all that matters. */
interface Move extends RowChoices {
  readonly table: "event" | "content";
  readonly kind: "plain" | "again" | "again, changed" | "tombstone" | "malformed" | "ahead";
  /** What it says that has become of the row. */
  readonly eventOp: string;
  readonly contentOp: string;
  /** Whether it goes into another partition than its content's. */
  readonly isAstray: boolean;
  /** Behind its arrival, in half minutes, and then a millisecond more or less. */
  readonly behind: number;
  readonly jitter: number;
  readonly wrapping: (typeof wrappings)[number];
  /** Which of the earlier ones, or which fault. */
  readonly pick: number;
}

const base = Date.parse("2024-01-01T12:00:00Z");
const halfMinute = 30_000;

const move: fc.Arbitrary<Move> = fc.record({
  table: fc.constantFrom("event", "event", "event", "content"),
  kind: fc.oneof(
    { weight: 16, arbitrary: fc.constant("plain" as const) },
    { weight: 3, arbitrary: fc.constantFrom("again", "again, changed") },
    { weight: 3, arbitrary: fc.constantFrom("malformed", "malformed", "malformed", "ahead", "tombstone") },
  ),
  eventOp: fc.oneof({ weight: 12, arbitrary: fc.constant("c") }, fc.constantFrom(..."rrudtmx")),
  contentOp: fc.constantFrom(..."cccuurrdddtm"),
  content: fc.nat(3),
  isAstray: fc.nat(9).map((n) => n === 0),
  behind: fc.oneof({ weight: 3, arbitrary: fc.nat(4) }, fc.nat(30)),
  jitter: fc.constantFrom(0, 0, 0, -1, 1),
  wrapping: fc.constantFrom(...wrappings),
  choice: fc.nat(9_999),
  pick: fc.nat(999),
});

/**
 * Input of up to `max` records of both tables: few contents that come, change and go, events that come before and after them, late ones
 * and duplicates, every form of an envelope and of a time, all that can be wrong with a record. Two records come in half a minute.
 */
export function engagementTraffic(max: number, shape: TrafficShape): fc.Arbitrary<RecordLine[]> {
  return fc.array(move, { maxLength: max, size: "max" }).map((moves) => linesOf(moves, shape));
}

type Content = Pick<RecordLine, "topic" | "partition" | "key" | "payload">;

/** What may come again. */
interface Sent extends Content {
  readonly id: unknown;
}

function linesOf(moves: readonly Move[], shape: TrafficShape): RecordLine[] {
  const offsets = new Map<string, number>();
  const sent: Sent[] = [];
  return moves.map((made, place): RecordLine => {
    const ts = base + Math.floor(place / 2) * halfMinute;
    const fresh = freshRecord(made, place, ts, shape, eventId(made, place));
    const { topic, partition, key, payload } = recordOf(made, place, ts, shape, fresh, sent);
    if (made.kind === "plain") sent.push(fresh);
    const offset = offsets.get(`${topic} ${partition}`) ?? 0;
    offsets.set(`${topic} ${partition}`, offset + 1);
    return { topic, partition, offset, tstype: "create", ts, key, payload };
  });
}

function recordOf(
  made: Move,
  place: number,
  ts: number,
  shape: TrafficShape,
  fresh: Sent,
  sent: readonly Sent[],
): Content {
  const { kind, pick } = made;
  const ofTopic = sent.filter(({ topic }) => topic === fresh.topic);
  const earlier = ofTopic[pick % Math.max(ofTopic.length, 1)] ?? fresh;
  const mayWander = shape.wanders && made.table === "event";
  const partition = mayWander ? fresh.partition : earlier.partition;
  if (kind === "again") return { ...earlier, partition };
  if (kind === "again, changed") return { ...freshRecord(made, place, ts, shape, earlier.id), partition };
  if (kind === "tombstone") return { ...fresh, payload: null };
  const spoil = pick % 4 === 0 ? spoiltTexts[pick % spoiltTexts.length] : undefined;
  return kind === "malformed" && spoil ? { ...fresh, payload: spoil(fresh.payload ?? "") } : fresh;
}

function freshRecord(made: Move, place: number, ts: number, shape: TrafficShape, id: unknown): Sent {
  const { kind, table, behind, jitter, pick } = made;
  const time = kind === "ahead" ? ts + shape.maxFutureSkew + jitter : ts - behind * halfMinute + jitter;
  const { row, types } = table === "event" ? eventRow(made, id, time) : { row: contentRow(made, place), types: {} };
  const faults = table === "event" ? eventFaults : contentFaults;
  const isSpoilt = kind === "malformed";
  // Only what would count can be spoilt.
  const op = table === "event" ? (isSpoilt ? "c" : made.eventOp) : isSpoilt ? "u" : made.contentOp;
  const envelope = envelopeOf(op, isSpoilt ? { ...row, ...faults[pick % faults.length] } : row, made.choice);
  return {
    topic: table === "event" ? "dbserver1.public.engagement_events" : "dbserver1.public.content",
    partition: (made.content + Number(made.isAstray)) % shape.partitions,
    key: jsonText({ content_id: row.content_id }),
    payload: jsonText(wrapped(made.wrapping, envelope, types)),
    id,
  };
}

/** As Debezium tells of a row: of a deleted one what was before, of a truncation and of a message no row at all. */
function envelopeOf(op: string, row: Fields, choice: number): Fields {
  const [isShort, isFull] = [choice % 2 === 0, choice % 3 === 0];
  const before = isFull ? { ...row, device: "before", length_seconds: 1 } : { id: row.id, content_id: row.content_id };
  const source = { connector: "postgresql", db: "postgres", schema: "public", op: "source", ts_ms: 1 };
  const more = isShort ? {} : { source, ts_ms: 1_704_110_400_000, transaction: null };
  if (op === "d") return { before, after: null, ...more, op };
  if (op === "t" || op === "m") return { before: null, after: null, ...more, op };
  return { before: op === "u" && isFull ? before : null, after: row, ...more, op };
}
