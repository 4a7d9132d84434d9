import type { EventRow } from "../../ports/event-rows.ts";

/** An event with its content, integers as their digits. */
export interface PageRow {
  readonly id: string;
  readonly content_id: string;
  readonly user_id: string;
  readonly event_type: string;
  /** `2024-01-01T12:10:00.000000Z`, as Debezium writes it. */
  readonly event_ts: string;
  readonly duration_ms: string | null;
  readonly device: string | null;
  /** The content's id again; null where there is no such content. */
  readonly known_content_id: string | null;
  readonly content_type: string | null;
  readonly length_seconds: string | null;
}

/** Integers are written as they came, so that they are exact whatever their size. */
export function eventRow(row: PageRow): EventRow {
  const { id, content_id, user_id, event_type, event_ts, duration_ms, device } = row;
  const after =
    `"id":${id},"content_id":${content_id},"user_id":${text(user_id)},"event_type":${text(event_type)},` +
    `"event_ts":"${event_ts}","duration_ms":${duration_ms},"device":${text(device)}`;
  return { id, change: created(after), content: contentChange(row) };
}

function contentChange({ known_content_id, content_type, length_seconds }: PageRow): string | null {
  if (known_content_id === null) return null;
  const after = `"content_id":${known_content_id},"content_type":${text(content_type)},"length_seconds":${length_seconds}`;
  return created(after);
}

function created(after: string): string {
  return `{"op":"c","after":{${after}}}`;
}

function text(value: string | null): string {
  return JSON.stringify(value);
}
