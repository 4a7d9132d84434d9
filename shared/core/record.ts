import { type Decimal, parseDecimal, zero } from "./decimal.ts";
import { nestsDeeperThan, numberSource } from "./json-text.ts";
import { isEventTime, parseEventTime } from "./time.ts";
import type { EventTimeMs, WallTimeMs } from "./units.ts";

/** A record of a partitioned log, as the log holds it. `value` null is a tombstone. */
export interface LogRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** The log's timestamp of the record in wall time; 0 where it has none. */
  readonly timestamp: WallTimeMs;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
}

/** Why a record can't be used. There are no others. */
export const rejectionReasons = ["malformed", "late", "future", "oversized"] as const;
export type RejectionReason = (typeof rejectionReasons)[number];

/** What a record's value turned out to be. */
export type Parsed<R> =
  | { readonly kind: "record"; readonly record: R }
  | { readonly kind: "ignored" }
  | { readonly kind: "rejected"; readonly reason: RejectionReason; readonly message: string };

/** A value's fields, and the text they came from: numbers beyond 2^53 are exact only there. */
export interface JsonFields {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** The longest id or key, in UTF-8 bytes: it has to fit DynamoDB's 2,048-byte keys and an HTTP header, with room around it. */
export const idBytesMax = 1_024;
/** The longest value, in bytes: what a Kafka broker takes by default (`message.max.bytes`). */
export const valueBytesMax = 1_048_588;
/** The deepest nesting: far beyond any honest record, and far from where recursive readers of a record's text break. */
export const nestingMax = 1_000;

/** Says why a value can't be used; thrown and caught within one `parse`, it never leaves it. */
export class UnusableValue extends Error {
  override readonly name = "UnusableValue";
  readonly reason: RejectionReason;
  constructor(reason: RejectionReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lenientUtf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * The value as a JSON object.
 * @throws {UnusableValue} it is too long, no UTF-8, no JSON, no object, or nested too deep.
 */
export function readJsonObject(value: Uint8Array): JsonFields {
  const text = readText(value);
  return { fields: readObject(text, nestingMax), text };
}

/** @throws {UnusableValue} the value is too long, or no UTF-8. */
export function readText(value: Uint8Array): string {
  if (value.length > valueBytesMax) {
    throw new UnusableValue("oversized", `value of ${value.length} bytes is longer than ${valueBytesMax}`);
  }
  const text = utf8Text(value);
  if (text === undefined) throw new UnusableValue("malformed", "value is not UTF-8");
  return text;
}

/** @throws {UnusableValue} the text is no JSON, no object, or nested deeper than `depthMax`. */
export function readObject(text: string, depthMax: number): JsonFields["fields"] {
  if (text.length > depthMax && nestsDeeperThan(text, depthMax)) {
    throw new UnusableValue("malformed", `value is nested deeper than ${depthMax}`);
  }
  const fields = parseJson(text);
  if (isObject(fields)) return fields;
  throw new UnusableValue("malformed", "value is not a JSON object");
}

/** Whether what JSON.parse gave is an object, and no array. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The text of UTF-8 bytes, `undefined` where they aren't UTF-8. */
export function utf8Text(bytes: Uint8Array): string | undefined {
  const text = lenientUtf8.decode(bytes);
  // U+FFFD is what a lenient reader puts for bytes that aren't UTF-8; it may also stand there by right.
  if (!text.includes("\ufffd")) return text;
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/**
 * A required id: a non-empty string, or an integer, kept exactly, also beyond 2^53.
 * @throws {UnusableValue} missing, null, mistyped, empty or too long.
 */
export function requiredId(json: JsonFields, name: string): string {
  const value = own(json.fields, name);
  if (typeof value === "string") return boundedId(value, name);
  if (typeof value === "number") return integerText(json, name, value);
  if (value === undefined || value === null) missing(name);
  throw new UnusableValue("malformed", `${name} is neither text nor an integer`);
}

/**
 * A required event time, as text or as integer epoch milliseconds.
 * @throws {UnusableValue} missing, null, mistyped, no real date, or outside the years 1970 to 9999.
 */
export function requiredEventTime(json: JsonFields, name: string): EventTimeMs {
  const value = own(json.fields, name);
  if (value === undefined || value === null) missing(name);
  if (typeof value === "number" && isEventTime(value)) return value;
  const time = typeof value === "string" ? parseEventTime(value) : undefined;
  if (time !== undefined) return time;
  throw new UnusableValue("malformed", `${name} is no event time of the years 1970 to 9999: ${shown(value)}`);
}

/** An optional text: a missing and a null one are the same. @throws {UnusableValue} it is something else. */
export function optionalText(json: Pick<JsonFields, "fields">, name: string): string | null {
  const value = own(json.fields, name);
  if (value === undefined || value === null) return null;
  if (typeof value === "string") return value;
  throw new UnusableValue("malformed", `${name} is not text: ${shown(value)}`);
}

/** A required text; it may be empty. @throws {UnusableValue} missing, null or something else. */
export function requiredText(json: Pick<JsonFields, "fields">, name: string): string {
  return optionalText(json, name) ?? missing(name);
}

/**
 * An optional exact decimal: a number, or a text that holds one; a missing and a null one are the same.
 * @throws {UnusableValue} it is something else, or has more than 18 digits, or more than 6 of them after the point.
 */
export function optionalDecimal(json: JsonFields, name: string): Decimal | null {
  const value = own(json.fields, name);
  if (value === undefined || value === null) return null;
  const text = typeof value === "number" ? numberSource(json.text, name, value) : value;
  const decimal = typeof text === "string" ? parseDecimal(text) : undefined;
  if (decimal) return decimal;
  throw new UnusableValue("malformed", `${name} is no decimal of 18 digits with 6 after the point: ${shown(text)}`);
}

/** A required exact decimal, as `optionalDecimal` reads it. @throws {UnusableValue} as there, and where it is missing or null. */
export function requiredDecimal(json: JsonFields, name: string): Decimal {
  return optionalDecimal(json, name) ?? missing(name);
}

/**
 * A required whole number from 1 up: a JSON number (`2`, also `2.0`), at most 2^53 - 1.
 * @throws {UnusableValue} missing, null, no number, or another one.
 */
export function requiredCount(json: JsonFields, name: string): number {
  const value = own(json.fields, name) ?? missing(name);
  const source = typeof value === "number" ? numberSource(json.text, name, value) : undefined;
  const { units, scale } = (source !== undefined && parseDecimal(source)) || zero;
  const unit = 10n ** BigInt(scale);
  const count = units % unit === 0n ? Number(units / unit) : 0;
  if (Number.isSafeInteger(count) && count >= 1) return count;
  throw new UnusableValue("malformed", `${name} is no whole number from 1 up: ${shown(source ?? value)}`);
}

export function missing(name: string): never {
  throw new UnusableValue("malformed", `${name} is missing`);
}

/** A field, never what every object inherits. */
export function own(fields: JsonFields["fields"], name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UnusableValue("malformed", `value is not JSON: ${shown((error as Error).message)}`);
  }
}

/** @throws {UnusableValue} the text is empty, too long, or not well-formed. */
export function boundedId(id: string, name: string): string {
  if (id === "") throw new UnusableValue("malformed", `${name} is empty`);
  if (!id.isWellFormed()) throw new UnusableValue("malformed", `${name} holds half of a surrogate pair`);
  if (id.length * 3 > idBytesMax && utf8Length(id) > idBytesMax) {
    throw new UnusableValue("oversized", `${name} of ${utf8Length(id)} bytes is longer than ${idBytesMax}`);
  }
  return id;
}

/** An integer as its digits. */
function integerText(json: JsonFields, name: string, value: number): string {
  const source = numberSource(json.text, name, value);
  if (source === undefined || !/^-?\d+$/.test(source))
    throw new UnusableValue("malformed", `${name} is not an integer`);
  return boundedId(source, name);
}

/** The length of a well-formed string in UTF-8 bytes. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x80) bytes += unit >= 0x800 && (unit < 0xd800 || unit > 0xdfff) ? 2 : 1;
  }
  return bytes;
}

/** A value in an error message: on one line, whatever it holds. */
export function shown(value: unknown): string {
  const text = typeof value === "string" ? value : typeof value === "number" ? String(value) : typeof value;
  const cut = text.length > 80 ? `${text.slice(0, 80).toWellFormed()}...` : text;
  return cut.replace(/[\p{Cc}\u2028\u2029]/gu, " ");
}

/**
 * What `read` makes of a value's fields: a record, or `undefined` where the value is of a kind that doesn't concern its reader. What makes
 * a value unusable is said, not thrown.
 */
export function parseValue<R>(value: Uint8Array, read: (json: JsonFields) => R | undefined): Parsed<R> {
  return parsedBy(() => read(readJsonObject(value)));
}

/** As `parseValue`, where `read` begins at the bytes. */
export function parsedBy<R>(read: () => R | undefined): Parsed<R> {
  try {
    const record = read();
    return record === undefined ? { kind: "ignored" } : { kind: "record", record };
  } catch (error) {
    if (error instanceof UnusableValue) return { kind: "rejected", reason: error.reason, message: error.message };
    throw error;
  }
}
