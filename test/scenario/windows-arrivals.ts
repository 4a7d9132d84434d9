import type { LogRecord } from "../../shared/core/record.ts";
import { incomingEvents } from "../../shared/pipelines/windows/records.ts";
import { rowsOf, timeOf } from "../support/arrivals.ts";
import { logRecord } from "../support/log-record.ts";

/** A row of a scenario: a record, or that buckets are closed. */
export type Arrival = { readonly kind: "record"; readonly record: LogRecord } | { readonly kind: "close" };

/** `12:05 e1`, then in any order the amount (`0.1`, `null`, `none`; otherwise 1), the user (`u2`), the partition (`p1`), when it arrived (`@12:07`). */
const recordForm = /^(?<time>\d\S*) (?<id>\S+)(?<details>( (-?\d\S*|null|none|u\S*|p\d+|@\S+))*)$/;
/** `bad {"eventId"`: a value as it stands; `tombstone`: none. */
const valueForm = /^(?:bad (?<value>.*)|tombstone)$/;

/** Reads a scenario: arrivals from top to bottom, each with the event time it carries. Offsets count up per partition. */
export function readArrivals(text: string): Arrival[] {
  const offsets = new Map<number, number>();
  return rowsOf(text).map((row) => {
    if (row === "close") return { kind: "close" };
    const unplaced = readRecord(row) ?? readValue(row);
    if (!unplaced) throw new SyntaxError(`not an arrival: ${row}`);
    const offset = offsets.get(unplaced.partition) ?? 0;
    offsets.set(unplaced.partition, offset + 1);
    return { kind: "record", record: logRecord({ topic: incomingEvents, ...unplaced, offset }) };
  });
}

/** The records of a scenario in which nothing else happens. */
export function readRecords(text: string): LogRecord[] {
  return readArrivals(text).flatMap((arrival) => (arrival.kind === "record" ? [arrival.record] : []));
}

type Unplaced = Omit<Parameters<typeof logRecord>[0], "offset" | "topic">;

function readRecord(row: string): Unplaced | undefined {
  const { time = "", id = "", details = "" } = recordForm.exec(row)?.groups ?? {};
  if (id === "") return undefined;
  const words = details.split(" ").filter((word) => word !== "");
  const wordOf = (start: RegExp) => words.find((word) => start.test(word));
  const userId = wordOf(/^u/) ?? "u1";
  const amount = wordOf(/^(-?\d|n)/) ?? "1";
  const fields = {
    eventId: id,
    userId,
    ...(amount !== "none" && { amount: amount === "null" ? null : amount }),
    eventTime: new Date(timeOf(time)).toISOString(),
  };
  return {
    partition: Number(wordOf(/^p/)?.slice(1) ?? 0),
    ts: timeOf(wordOf(/^@/)?.slice(1) ?? time),
    key: userId,
    payload: JSON.stringify(fields),
  };
}

function readValue(row: string): Unplaced | undefined {
  const found = valueForm.exec(row);
  return found ? { partition: 0, ts: timeOf("12:00"), key: "u1", payload: found.groups?.value ?? null } : undefined;
}
