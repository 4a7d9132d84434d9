import { decimalIn } from "./oracle-decimal.ts";
import { idIn, NumberText, timeIn } from "./oracle-json.ts";

export type Fields = Readonly<Record<string, unknown>>;

/** A change of a table's row, as Debezium tells it. */
export interface RowChange {
  /** `c`, `u`, `r` or `d`; `t` and `m` are of no row. */
  readonly op: string;
  readonly before: Fields | undefined;
  readonly after: Fields | undefined;
  /** What the record's own schema calls the type of a column of `after`: `io.debezium.time.MicroTimestamp`. */
  readonly typeOf: (column: string) => unknown;
}

/** The change in a record's object, with or without the wrapper of `schema` and `payload`; `undefined` where it holds none. */
export function rowChangeIn(record: Fields): RowChange | undefined {
  const isWrapped = Object.hasOwn(record, "payload") && !Object.hasOwn(record, "op");
  const envelope = isWrapped ? fieldsIn(record.payload) : record;
  if (typeof envelope?.op !== "string") return undefined;
  const { op, before, after } = envelope;
  const schema = isWrapped ? record.schema : undefined;
  const typeOf = (column: string) => memberOf(memberOf(schema, "after"), column)?.name;
  return { op, before: fieldsIn(before), after: fieldsIn(after), typeOf };
}

function fieldsIn(value: unknown): Fields | undefined {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject && !(value instanceof NumberText) ? (value as Fields) : undefined;
}

/** What a schema says of one of its fields. */
function memberOf(schema: unknown, field: string): Fields | undefined {
  const members = fieldsIn(schema)?.fields;
  return Array.isArray(members) ? members.map(fieldsIn).find((member) => member?.field === field) : undefined;
}

/** An id that a 64-bit integer holds: a whole number, or its digits as text. */
export function integerIdIn(value: unknown): bigint | undefined {
  const digits = idIn(value);
  return digits !== undefined && /^(0|-?[1-9]\d*)$/.test(digits) ? asInt64(BigInt(digits)) : undefined;
}

/** A whole number that a 64-bit integer holds, by value: 7e3 is one. Null where there is none; `undefined` for anything else. */
export function optionalIntegerIn(value: unknown): bigint | null | undefined {
  return value === undefined || value === null ? null : integerIn(value);
}

function integerIn(value: unknown): bigint | undefined {
  if (!(value instanceof NumberText)) return undefined;
  if (/^-?\d+$/.test(value.text)) return asInt64(BigInt(value.text));
  const millionths = decimalIn(value);
  return millionths === undefined || millionths % 1_000_000n !== 0n ? undefined : millionths / 1_000_000n;
}

function asInt64(whole: bigint): bigint | undefined {
  return BigInt.asIntN(64, whole) === whole ? whole : undefined;
}

/** How many units of a type of timestamp a millisecond has. */
const unitsPerMs: ReadonlyMap<unknown, bigint> = new Map([
  ["org.apache.kafka.connect.data.Timestamp", 1n],
  ["io.debezium.time.Timestamp", 1n],
  ["io.debezium.time.MicroTimestamp", 1_000n],
  ["io.debezium.time.NanoTimestamp", 1_000_000n],
]);

/** 9999-12-31T23:59:59.999Z in milliseconds. What is greater, and says no type, is microseconds. */
const lastMs = 253_402_300_799_999n;

/** Milliseconds since 1970 of a column that holds a time, as text or as a number of whatever its type counts. */
export function columnTimeIn(value: unknown, type: unknown): number | undefined {
  if (!(value instanceof NumberText)) return timeIn(value);
  const units = integerIn(value);
  if (units === undefined || units < 0n) return undefined;
  const time = units / (unitsPerMs.get(type) ?? (units > lastMs ? 1_000n : 1n));
  return time <= lastMs ? Number(time) : undefined;
}
