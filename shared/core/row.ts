import { formatEventTime } from "./time.ts";

/** `timestamp` is event-time milliseconds as a number; `decimal` is decimal text; `int64` is a number, or digits where a number doesn't hold them exactly. */
export type ColumnType = "string" | "timestamp" | "int32" | "int64" | "double" | "boolean" | "decimal";

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  readonly nullable: boolean;
}

export type Row = Readonly<Record<string, string | number | boolean | null>>;

/** A row as JSON shows it: times as text, everything else as it is. Column order is kept. */
export function rowToJson(columns: readonly Column[], row: Row): Record<string, string | number | boolean | null> {
  const shown: Record<string, string | number | boolean | null> = {};
  for (const { name, type } of columns) {
    const value = row[name] ?? null;
    shown[name] = type === "timestamp" && typeof value === "number" ? formatEventTime(value) : value;
  }
  return shown;
}
