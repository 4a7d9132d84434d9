import type { LogRecord } from "../../shared/core/record.ts";
import { logRecord } from "./log-record.ts";

/** A row of a scenario: a record, or that buckets are closed. */
export type Arrival = { readonly kind: "record"; readonly record: LogRecord } | { readonly kind: "close" };

const day = "2024-01-01";
const topics: Readonly<Record<string, string>> = { click: "ad_clicks", view: "page_views" };
/** `12:05 click c1`, then in any order the user (`u2`), the partition (`p1`) and when it is said to have arrived (`@12:07`). */
const recordForm = /^(?<time>\d\S*) (?<kind>click|view) (?<id>\S+)(?<details>( (u\S+|p\d+|@\S+))*)$/;
/** `bad view {"event_id"`: a value as it stands; `tombstone click`: none. */
const valueForm = /^(?:bad (?<badKind>click|view) (?<value>.*)|tombstone (?<emptyKind>click|view))$/;

/** Reads a scenario: arrivals from top to bottom, each with the event time it carries. Offsets count up per topic and partition. */
export function readArrivals(text: string): Arrival[] {
  const offsets = new Map<string, number>();
  return rowsOf(text).map((row) => {
    if (row === "close") return { kind: "close" };
    const unplaced = readRecord(row) ?? readValue(row);
    if (!unplaced) throw new SyntaxError(`not an arrival: ${row}`);
    const name = `${unplaced.topic}-${unplaced.partition}`;
    const offset = offsets.get(name) ?? 0;
    offsets.set(name, offset + 1);
    return { kind: "record", record: logRecord({ ...unplaced, offset }) };
  });
}

/** The records of a scenario in which nothing else happens. */
export function readRecords(text: string): LogRecord[] {
  return readArrivals(text).flatMap((arrival) => (arrival.kind === "record" ? [arrival.record] : []));
}

/** One row a line, or several in a line with semicolons between. */
export function rowsOf(text: string): string[] {
  return text
    .split(/[\n;]/)
    .map((row) => row.trim().replace(/\s+/g, " "))
    .filter((row) => row !== "");
}

/** Of that day, `12:05`, `12:05:30` or `12:05:30.001`. */
export function timeOf(text: string): number {
  const time = Date.parse(`${day}T${text.length === 5 ? `${text}:00` : text}Z`);
  if (Number.isNaN(time)) throw new SyntaxError(`no time of day: ${text}`);
  return time;
}

/** As short as `timeOf` reads it. */
export function clockTime(time: number): string {
  return new Date(time)
    .toISOString()
    .slice(11, -1)
    .replace(/\.000$/, "")
    .replace(/:00$/, "");
}

type Unplaced = Omit<Parameters<typeof logRecord>[0], "offset">;

function readRecord(row: string): Unplaced | undefined {
  const { time = "", kind = "", id = "", details = "" } = recordForm.exec(row)?.groups ?? {};
  if (kind === "") return undefined;
  const words = details.split(" ");
  const user = words.find((word) => word.startsWith("u")) ?? "u1";
  const partition = Number(words.find((word) => word.startsWith("p"))?.slice(1) ?? 0);
  const ts = timeOf(words.find((word) => word.startsWith("@"))?.slice(1) ?? time);
  const event_time = new Date(timeOf(time)).toISOString();
  const fields =
    kind === "click"
      ? { click_id: id, user_id: user, campaign_id: `campaign_of_${id}`, event_time }
      : { event_id: id, user_id: user, url: `https://example.com/${id}`, event_time };
  return { topic: topics[kind] ?? "", partition, ts, key: user, payload: JSON.stringify(fields) };
}

function readValue(row: string): Unplaced | undefined {
  const { badKind, emptyKind, value = null } = valueForm.exec(row)?.groups ?? {};
  const topic = topics[badKind ?? emptyKind ?? ""];
  return topic === undefined ? undefined : { topic, partition: 0, ts: timeOf("12:00"), key: "u1", payload: value };
}
