import { missing, optionalText, type Parsed, parsedBy, requiredText, UnusableValue } from "../../core/record.ts";
import type { EventTimeMs } from "../../core/units.ts";
import type { FactRecord } from "../pipeline.ts";
import { type Change, type ChangedRow, changeReader } from "./change.ts";
import { bigintColumn, eventTimeColumn, idColumn, wholeNumberColumn } from "./column-values.ts";

export const engagementEvents = "dbserver1.public.engagement_events";
export const contentTable = "dbserver1.public.content";

/** A row of the table `content`. */
export interface Content {
  readonly contentType: string;
  readonly lengthSeconds: number | null;
}

/** A row that was added to the table `engagement_events`. */
export interface EngagementEvent extends FactRecord {
  readonly time: EventTimeMs;
  readonly contentId: string;
  readonly userId: string;
  readonly eventType: string;
  readonly durationMs: number | null;
  readonly device: string | null;
}

export interface ContentChange {
  /** The content's id. */
  readonly key: string;
  /** Null: it is deleted. */
  readonly row: Content | null;
}

const readEventChange = changeReader();
const readContentChange = changeReader();

/**
 * Reads a change of `engagement_events`. Only that a row was created counts, or with `includeSnapshot` that a snapshot has read it.
 * The record's text is a change too, without what isn't needed, and is read as the same record whatever the options.
 */
export function parseEvent(
  value: Uint8Array,
  { includeSnapshot }: { includeSnapshot: boolean },
): Parsed<EngagementEvent> {
  return parsedBy(() => {
    const change = readEventChange(value);
    const counts = change && (change.op === "c" || (change.op === "r" && includeSnapshot));
    return counts ? eventIn(change.row("after") ?? missing("after")) : undefined;
  });
}

function eventIn(row: ChangedRow): EngagementEvent {
  const event = {
    id: bigintColumn(row, "id"),
    time: eventTimeColumn(row, "event_ts"),
    contentId: bigintColumn(row, "content_id"),
    userId: idColumn(row, "user_id"),
    eventType: requiredText(row, "event_type"),
    durationMs: wholeNumberColumn(row, "duration_ms"),
    device: optionalText(row, "device"),
  };
  return { ...event, text: changeText(event) };
}

/** Ids as text, which is read back exactly without a look at the source of a number. */
function changeText(event: Omit<EngagementEvent, "text">): string {
  const { id, time, contentId, userId, eventType, durationMs, device } = event;
  const after = {
    ...{ id, content_id: contentId, user_id: userId, event_type: eventType, event_ts: time },
    ...{ duration_ms: durationMs, device },
  };
  return JSON.stringify({ op: "c", after });
}

/** Reads a change of `content`: what a row is from now on, also one that a snapshot has read. */
export function parseContentChange(value: Uint8Array): Parsed<ContentChange> {
  return parsedBy(() => {
    const change = readContentChange(value);
    switch (change?.op) {
      case "c":
      case "u":
      case "r":
        return contentIn(change.row("after") ?? missing("after"));
      case "d":
        return { key: deletedKey(change), row: null };
      default:
        return undefined;
    }
  });
}

function contentIn(row: ChangedRow): ContentChange {
  const key = bigintColumn(row, "content_id");
  return {
    key,
    row: { contentType: requiredText(row, "content_type"), lengthSeconds: wholeNumberColumn(row, "length_seconds") },
  };
}

/** A deleted row has at least the columns of the table's replica identity: by default its primary key. */
function deletedKey(change: Change): string {
  const before = change.row("before");
  if (before && (before.fields.content_id ?? null) !== null) return bigintColumn(before, "content_id");
  const mend = "ALTER TABLE content REPLICA IDENTITY DEFAULT has Postgres tell it";
  throw new UnusableValue("malformed", `before.content_id of a deleted row is missing: ${mend}`);
}
