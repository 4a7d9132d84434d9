import {
  DuckDBArrayValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  type DuckDBValue,
} from "@duckdb/node-api";
import { printable } from "./printable.ts";

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** A row of a result as `|`-separated text: NULL is empty, control characters are escaped as JSON does it, lists and structs are JSON. */
export function rowText(row: readonly DuckDBValue[]): string {
  return row.map((value) => cellText(jsonOf(value))).join("|");
}

/** A row of a result as a JSON object, in the order of its columns. */
export function rowJson(names: readonly string[], row: readonly DuckDBValue[]): string {
  const fields = row.map((value, at) => `${JSON.stringify(names[at])}:${JSON.stringify(jsonOf(value))}`);
  return printable(`{${fields.join(",")}}`);
}

function cellText(value: Json): string {
  if (value === null) return "";
  return printable(typeof value === "object" ? JSON.stringify(value) : String(value));
}

/** Integers that a double can't hold, decimals and times become text. */
function jsonOf(value: DuckDBValue): Json {
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue) return value.items.map(jsonOf);
  if (value instanceof DuckDBStructValue) return fromEntries(Object.entries(value.entries));
  if (value instanceof DuckDBMapValue) return fromEntries(value.entries.map(({ key, value }) => [keyText(key), value]));
  if (value instanceof DuckDBTimestampTZValue) return isoText(new DuckDBTimestampValue(value.micros), "Z");
  return isTimestamp(value) ? isoText(value, "") : String(value);
}

function fromEntries(entries: readonly (readonly [string, DuckDBValue])[]): Json {
  return Object.fromEntries(entries.map(([name, value]) => [name, jsonOf(value)]));
}

function keyText(key: DuckDBValue): string {
  const json = jsonOf(key);
  return typeof json === "object" ? JSON.stringify(json) : String(json);
}

function isTimestamp(value: DuckDBValue): boolean {
  return (
    value instanceof DuckDBTimestampValue ||
    value instanceof DuckDBTimestampSecondsValue ||
    value instanceof DuckDBTimestampMillisecondsValue ||
    value instanceof DuckDBTimestampNanosecondsValue
  );
}

/** `2024-01-01T12:10:00`, with at least three digits of a fraction where it isn't zero; infinities and years before 1 as DuckDB has them. */
function isoText(timestamp: DuckDBValue, zone: string): string {
  const [, date, time, fraction] = /^(\d{4,}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d+))?$/.exec(String(timestamp)) ?? [];
  if (date === undefined) return String(timestamp);
  return `${date}T${time}${fraction === undefined ? "" : `.${fraction.padEnd(3, "0")}`}${zone}`;
}
