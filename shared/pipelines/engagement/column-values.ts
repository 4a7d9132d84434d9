import { boundedId, missing, own, shown, UnusableValue } from "../../core/record.ts";
import { isEventTime, lastEventTime, parseEventTime } from "../../core/time.ts";
import type { EventTimeMs } from "../../core/units.ts";
import type { ChangedRow } from "./change.ts";

/** How a `numeric` column comes unless `decimal.handling.mode` says otherwise: as bytes in base64, which may look like digits. */
const decimalType = "org.apache.kafka.connect.data.Decimal";

/** How many of its units make a millisecond, by the name of a timestamp's type. */
const unitsPerMs: ReadonlyMap<string | undefined, bigint> = new Map([
  ["io.debezium.time.Timestamp", 1n],
  ["org.apache.kafka.connect.data.Timestamp", 1n],
  ["io.debezium.time.MicroTimestamp", 1_000n],
  ["io.debezium.time.NanoTimestamp", 1_000_000n],
]);

/** What Debezium makes of Postgres's `infinity` where a timestamp is a number: in microseconds, in nanoseconds, in milliseconds. */
const infinities = new Set(["9223372036825200000", "9223372036854775807", "9223372036825200"]);

/**
 * A required `bigint`, as its digits: a JSON number, also beyond 2^53, or a text of digits.
 * @throws {UnusableValue} missing, null, no integer of 64 bits, or with a needless zero or plus.
 */
export function bigintColumn(row: ChangedRow, name: string): string {
  const value = own(row.fields, name) ?? missing(name);
  const digits = digitsOf(row, name, value);
  if (digits !== undefined && isInt64(digits)) return digits;
  throw notWhole(row, name, value, "an integer of 64 bits");
}

/**
 * An optional whole number, as `bigintColumn` takes it, between -(2^53 - 1) and 2^53 - 1; a missing and a null one are the same.
 * @throws {UnusableValue} it is something else.
 */
export function wholeNumberColumn(row: ChangedRow, name: string): number | null {
  const value = own(row.fields, name) ?? null;
  if (value === null) return null;
  const digits = digitsOf(row, name, value);
  const whole = digits !== undefined && isInt64(digits) ? Number(digits) : Number.NaN;
  if (Number.isSafeInteger(whole)) return whole;
  throw notWhole(row, name, value, "a whole number that a double holds exactly");
}

/**
 * A required id: a non-empty text, or an integer, kept exactly.
 * @throws {UnusableValue} missing, null, mistyped, empty or too long.
 */
export function idColumn(row: ChangedRow, name: string): string {
  const value = own(row.fields, name) ?? missing(name);
  const id = digitsOf(row, name, value);
  if (id !== undefined && (typeof value === "string" || /^-?\d+$/.test(id))) return boundedId(id, name);
  throw notWhole(row, name, value, "text or an integer");
}

/**
 * A required event time: text with a zone, or a number since the epoch in the unit that its type says. Without a type a number is in
 * milliseconds where those reach, up to the year 9999, then in microseconds, then in nanoseconds. What is beyond milliseconds is cut.
 * @throws {UnusableValue} missing, null, mistyped, infinite, or outside the years 1970 to 9999.
 */
export function eventTimeColumn(row: ChangedRow, name: string): EventTimeMs {
  const value = own(row.fields, name) ?? missing(name);
  const time = typeof value === "string" ? parseEventTime(value) : timeOf(digitsOf(row, name, value), row.typeOf(name));
  if (time !== undefined) return time;
  throw new UnusableValue("malformed", `${name} is no event time of the years 1970 to 9999: ${shown(value)}`);
}

function timeOf(digits: string | undefined, type: string | undefined): EventTimeMs | undefined {
  if (digits === undefined || !isInt64(digits) || infinities.has(digits)) return undefined;
  const units = BigInt(digits);
  const time = Number(units / (unitsPerMs.get(type) ?? likelyUnitsPerMs(units)));
  return units >= 0n && isEventTime(time) ? time : undefined;
}

function likelyUnitsPerMs(units: bigint): bigint {
  const afterLastMs = BigInt(lastEventTime) + 1n;
  if (units < afterLastMs) return 1n;
  return units < afterLastMs * 1_000n ? 1_000n : 1_000_000n;
}

/** A text as it is, and a number as it was sent; that of a safe integer needs no look at the text. */
function digitsOf(row: ChangedRow, name: string, value: unknown): string | undefined {
  if (typeof value === "string") return row.typeOf(name) === decimalType ? undefined : value;
  if (typeof value !== "number") return undefined;
  return Number.isSafeInteger(value) ? String(value) : row.sourceOf(name);
}

function isInt64(digits: string): boolean {
  if (!/^(?:0|-?[1-9]\d{0,18})$/.test(digits)) return false;
  return digits.length < 19 || BigInt.asIntN(64, BigInt(digits)) === BigInt(digits);
}

function notWhole(row: ChangedRow, name: string, value: unknown, wanted: string): UnusableValue {
  const isCoded = typeof value !== "number" && typeof value !== "boolean";
  const mend = isCoded ? `; a numeric column is one only where Debezium's decimal.handling.mode is string` : "";
  const source = typeof value === "number" ? (digitsOf(row, name, value) ?? value) : value;
  return new UnusableValue("malformed", `${name} is not ${wanted}: ${shown(source)}${mend}`);
}
