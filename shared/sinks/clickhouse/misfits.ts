import type { Column, ColumnType } from "../../core/row.ts";
import { parseEventTime } from "../../core/time.ts";
import type { Output } from "../../ports/output.ts";

export interface Sorted {
  readonly fitting: readonly Output[];
  readonly misfits: readonly Misfit[];
}

export interface Misfit {
  readonly id: string;
  readonly reason: string;
}

/** The last millisecond that every version's DateTime64 holds. Until July 2026 servers clamped what is later to it, without a word. */
const lastDateTime64 = Date.UTC(2300, 0, 1) - 1;
const int64Max = 2n ** 63n - 1n;
const int64Min = -(2n ** 63n);

/**
 * Parts outputs whose bodies the columns can hold from those they can't. ClickHouse wouldn't complain of all of these: it wraps integers
 * that are too large, and reads 0 for an id that is null, missing or an empty text (seen on 26.9).
 */
export function sortByFit(outputs: readonly Output[], columns: readonly Column[]): Sorted {
  const known = new Set(columns.map(({ name }) => name));
  const fitting: Output[] = [];
  const misfits: Misfit[] = [];
  for (const output of outputs) {
    const reason = misfitIn(output.body, columns, known);
    if (reason === undefined) fitting.push(output);
    else misfits.push({ id: output.id, reason });
  }
  return { fitting, misfits };
}

function misfitIn(body: Output["body"], columns: readonly Column[], known: ReadonlySet<string>): string | undefined {
  for (const { name, type, nullable } of columns) {
    const value = body[name] ?? null;
    const wrong = value === null ? !nullable && "is missing" : misfitOf[type](value);
    if (wrong) return `${name} ${wrong}`;
  }
  const unknown = Object.keys(body).find((name) => !known.has(name));
  return unknown === undefined ? undefined : `${unknown} is no column of the table`;
}

type Check = (value: string | number | boolean) => string | undefined;

/** What is wrong with a value that stands in JSON for a column of a type. */
const misfitOf: Readonly<Record<ColumnType, Check>> = {
  string: (value) => {
    if (typeof value !== "string") return "is no text";
    return value.isWellFormed() ? undefined : "holds half of a surrogate pair";
  },
  timestamp: (value) => {
    const time = typeof value === "string" ? parseEventTime(value) : undefined;
    if (time === undefined) return "is no time";
    return time <= lastDateTime64 ? undefined : "is after 2299, which DateTime64 doesn't hold";
  },
  int32: (value) => (typeof value === "number" && value === (value | 0) ? undefined : "is no integer of 32 bits"),
  int64: (value) => (isInt64(value) ? undefined : "is no integer of 64 bits"),
  double: (value) => (typeof value === "number" && Number.isFinite(value) ? undefined : "is no finite number"),
  boolean: (value) => (typeof value === "boolean" ? undefined : "is neither true nor false"),
  decimal: (value) => (typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value) ? undefined : "is no decimal"),
};

/** A number where it is exact, else a string of digits. */
function isInt64(value: string | number | boolean): boolean {
  if (typeof value === "number") return Number.isSafeInteger(value);
  if (typeof value !== "string" || !/^-?\d{1,20}$/.test(value)) return false;
  const exact = BigInt(value);
  return exact >= int64Min && exact <= int64Max;
}
