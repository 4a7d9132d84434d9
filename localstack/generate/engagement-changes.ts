import type { EventTimeMs, WallTimeMs } from "../../shared/core/units.ts";
import type { PayloadFields } from "./faults.ts";
import { writtenNumber } from "./written-number.ts";

/** Changes of the tables `engagement_events` and `content`, as Debezium 3.6 writes them. */

/** Created, updated, deleted, read by a snapshot; the table was truncated. */
export type Operation = "c" | "u" | "d" | "r" | "t";

export interface Change {
  readonly topic: string;
  readonly op: Operation;
  readonly before?: PayloadFields | null;
  readonly after?: PayloadFields | null;
  /** When it was committed, or read by the snapshot. */
  readonly committed: WallTimeMs;
  /** When Debezium passed it on. */
  readonly processed: WallTimeMs;
  /** Which change of the database it is: those that are committed later have a higher one. */
  readonly number: number;
  /** `true`, `first`, `last`, `last_in_data_collection` or `incremental` where it comes from a snapshot. */
  readonly snapshot?: string;
}

export interface EventRow {
  /** Digits, as are `contentId`: a 64-bit integer may be more than a number can hold. */
  readonly id: string;
  readonly contentId: string;
  readonly user: unknown;
  readonly type: string;
  readonly time: unknown;
  readonly duration: unknown;
  readonly device: string | null;
  /** JSON text. */
  readonly rawPayload: string | null;
}

export interface ContentRow {
  readonly contentId: string;
  readonly type: string;
  readonly length: number | null;
}

/** What the database's log grows by with each change, about. */
const logBytesPerChange = 208;

/** The key of every change of a content and of its events: `{"content_id":1}`. */
export function changeKey(contentId: string): string {
  return `{"content_id":${contentId}}`;
}

/** The value of a change, without the schema that Debezium puts before it where `value.converter.schemas.enable` is on. */
export function changeFields(change: Change): PayloadFields {
  const { op, before = null, after = null, processed, number } = change;
  return {
    before,
    after,
    source: sourceFields(change),
    transaction: null,
    op,
    ...times(processed, (number * 37) % 1_000),
  };
}

export function eventRow(row: EventRow): PayloadFields {
  return {
    id: bigint(row.id),
    content_id: bigint(row.contentId),
    user_id: row.user,
    event_type: row.type,
    event_ts: row.time,
    duration_ms: row.duration,
    device: row.device,
    raw_payload: row.rawPayload,
  };
}

export function contentRow({ contentId, type, length }: ContentRow): PayloadFields {
  return { content_id: bigint(contentId), content_type: type, length_seconds: length };
}

/** What is left of a row that was deleted, where the table's replica identity is its primary key, which is the default. */
export function deletedContentRow(contentId: string): PayloadFields {
  return contentRow({ contentId, type: "", length: null });
}

/** The same of an event. Its key is no part of the primary key, so all that is left of it is a 0. */
export function deletedEventRow(id: string): PayloadFields {
  const nothing = { user: "", type: "", time: zonedTimestamp(0, 0), duration: null, device: null, rawPayload: null };
  return eventRow({ id, contentId: "0", ...nothing });
}

/** `2024-01-01T12:10:00.000000Z`: six digits after the point, always. */
export function zonedTimestamp(time: EventTimeMs, microseconds: number): string {
  return `${new Date(time).toISOString().slice(0, -1)}${String(microseconds).padStart(3, "0")}Z`;
}

/** Written as a number, which takes less time, where that is the same. */
function bigint(digits: string): unknown {
  const number = Number(digits);
  return Number.isSafeInteger(number) ? number : writtenNumber(digits);
}

function sourceFields({ topic, committed, number, snapshot = "false" }: Change): PayloadFields {
  const [name, schema, table] = topic.split(".");
  const { ts_ms, ...finer } = times(committed, number % 1_000);
  const lsn = 26_000_000 + number * logBytesPerChange;
  const lastCommitted = snapshot === "false" ? String(lsn) : null;
  return {
    version: "3.6.1.Final",
    connector: "postgresql",
    name,
    ts_ms,
    snapshot,
    db: "media",
    sequence: JSON.stringify([lastCommitted, String(lsn)]),
    ...finer,
    schema,
    table,
    txId: 700 + number,
    lsn,
    xmin: null,
    origin: null,
    origin_lsn: null,
  };
}

function times(time: WallTimeMs, microseconds: number): PayloadFields {
  const ts_us = time * 1_000 + microseconds;
  // A double is printed with the 16 digits that tell it from its neighbours, and zeros: the microseconds, exactly.
  return { ts_ms: time, ts_us, ts_ns: ts_us * 1_000 };
}
