import { fileLines, noon, type Sent } from "./file-lines.ts";

/** A change of one of the two tables, to be written into a file. */
export interface TableRecord extends Sent {
  readonly topic: string;
}

export const events = "dbserver1.public.engagement_events";
export const contents = "dbserver1.public.content";

/** The lines of a record file with these records in this order. */
export function tableLines(records: readonly TableRecord[]): string[] {
  const left = new Map(
    Array.from(
      Map.groupBy(records, ({ topic }) => topic),
      ([topic, of]) => [topic, fileLines(topic, of)],
    ),
  );
  return records.flatMap(({ topic }) => left.get(topic)?.splice(0, 1) ?? []);
}

/** A new row of `engagement_events`: 7 seconds of content 1. */
export function engagement(id: unknown, time: number, row: object = {}, op = "c"): TableRecord {
  const plain = {
    content_id: 1,
    user_id: "u1",
    event_type: "play",
    duration_ms: 7_000,
    device: "ios",
    raw_payload: null,
  };
  const after = { id, ...plain, event_ts: new Date(time).toISOString(), ...row };
  return { topic: events, ts: time, payload: { before: null, after, op } };
}

/** A row of `content`, such as it is from now on: a video of 300 seconds. */
export function content(op: "c" | "u" | "r", row: object = {}): TableRecord {
  const after = { content_id: 1, content_type: "video", length_seconds: 300, ...row };
  return { topic: contents, ts: noon(), payload: { before: null, after, op } };
}

/** A row of `content` that is gone. Postgres tells its key, and of the rest what has to be there. */
export function gone(content_id: unknown = 1): TableRecord {
  const before = { content_id, content_type: "", length_seconds: null };
  return { topic: contents, ts: noon(), payload: { before, after: null, op: "d" } };
}

export function inPartition(partition: number, record: TableRecord): TableRecord {
  return { ...record, partition };
}
