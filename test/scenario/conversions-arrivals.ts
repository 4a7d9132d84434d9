import type { LogRecord } from "../../shared/core/record.ts";
import { rowsOf } from "../support/arrivals.ts";
import { logRecord } from "../support/log-record.ts";

/** A row of a scenario: a record, or that buckets are closed. */
export type Arrival = { readonly kind: "record"; readonly record: LogRecord } | { readonly kind: "close" };

const day = 86_400_000;
const firstDay = Date.parse("2024-01-01T00:00:00Z");
const time = String.raw`(?:\d+d)?\d\d:\d\d\S*`;
/**
 * `12:05 click c1 shoes` or `12:05 conversion v1 shoes 99.99`: its id, its campaign, its value as it stands in the JSON (without one, 1).
 * Then in any order the user (`u2`), the partition (`p1`) and when it is said to have arrived (`@12:07`).
 */
const recordForm = new RegExp(
  String.raw`^(?<time>${time}) (?<kind>click|conversion) (?<id>\S+) (?<campaign>\S+)(?<value> [-"\d]\S*)?(?<details>(?: (?:u\S+|p\d+|@\S+))*)$`,
);
/** `value {"event_id"`: a value as it stands; `tombstone`: none. */
const valueForm = /^(?:value (?<value>.*)|tombstone)$/;

/** Reads a scenario: arrivals from top to bottom, each with the event time it carries. Offsets count up per partition. */
export function readArrivals(text: string): Arrival[] {
  const offsets = new Map<number, number>();
  return rowsOf(text).map((row) => {
    if (row === "close") return { kind: "close" };
    const unplaced = readRecord(row) ?? readValue(row);
    if (!unplaced) throw new SyntaxError(`not an arrival: ${row}`);
    const offset = offsets.get(unplaced.partition) ?? 0;
    offsets.set(unplaced.partition, offset + 1);
    return { kind: "record", record: logRecord({ topic: "raw-events", ...unplaced, offset }) };
  });
}

/** `12:05`, `12:05:30` or `12:05:30.001` of the first day; `1d12:05` a day later. */
export function timeOf(text: string): number {
  const [, days = "0", clock = ""] = /^(?:(\d+)d)?(.*)$/.exec(text) ?? [];
  const ofDay = Date.parse(`1970-01-01T${clock.length === 5 ? `${clock}:00` : clock}Z`);
  if (Number.isNaN(ofDay)) throw new SyntaxError(`no time of day: ${text}`);
  return firstDay + Number(days) * day + ofDay;
}

/** As short as `timeOf` reads it. */
export function clockTime(at: number): string {
  const days = Math.floor((at - firstDay) / day);
  const clock = new Date(at)
    .toISOString()
    .slice(11, -1)
    .replace(/\.000$/, "")
    .replace(/:00$/, "");
  return days === 0 ? clock : `${days}d${clock}`;
}

type Unplaced = Pick<Parameters<typeof logRecord>[0], "partition" | "ts" | "key" | "payload">;

function readRecord(row: string): Unplaced | undefined {
  const { time: at = "", kind, id, campaign, value = " 1", details = "" } = recordForm.exec(row)?.groups ?? {};
  if (kind === undefined) return undefined;
  const words = details.split(" ");
  const key = words.find((word) => word.startsWith("u")) ?? "u1";
  const partition = Number(words.find((word) => word.startsWith("p"))?.slice(1) ?? 0);
  const ts = timeOf(words.find((word) => word.startsWith("@"))?.slice(1) ?? at);
  const who = `{"event_type":"${kind}","event_id":"${id}","user_id":"${key}","campaign_id":"${campaign}"`;
  const what =
    kind === "click"
      ? `"ad_id":"ad_of_${id}","source":"search","metadata":{"value":0.5}`
      : `"type":"purchase","value":${value.trim()},"source":"shop"`;
  return { partition, ts, key, payload: `${who},${what},"timestamp":${timeOf(at)}}` };
}

function readValue(row: string): Unplaced | undefined {
  const form = valueForm.exec(row);
  return form ? { partition: 0, ts: timeOf("12:00"), key: "u1", payload: form.groups?.value ?? null } : undefined;
}
