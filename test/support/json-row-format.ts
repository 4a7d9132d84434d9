import type { Column, ColumnType, Row } from "../../shared/core/row.ts";
import type { RowFormat } from "../../shared/ports/row-format.ts";

interface JsonFile {
  readonly metadata: Record<string, string>;
  readonly rows: readonly Row[];
}

/** Rows as one JSON text: the plainest format there is, as strict about its columns as Parquet. */
export const jsonRowFormat: RowFormat = {
  extension: ".json",
  encode(columns, rows, { metadata = {} } = {}) {
    const file: JsonFile = { metadata: { ...metadata }, rows: Array.from(rows, (row) => checked(columns, row)) };
    return new TextEncoder().encode(JSON.stringify(file));
  },
  metadataOf: (bytes) => readFile(bytes).metadata,
};

export function jsonRowsOf(bytes: Uint8Array): readonly Row[] {
  return readFile(bytes).rows;
}

function readFile(bytes: Uint8Array): JsonFile {
  return JSON.parse(new TextDecoder().decode(bytes)) as JsonFile;
}

function checked(columns: readonly Column[], row: Row): Row {
  for (const { name, type, nullable } of columns) {
    const value = row[name] ?? null;
    if (value === null ? !nullable : !fits(value, type)) throw new TypeError(`${name}: ${String(value)} is no ${type}`);
  }
  const unknown = Object.keys(row).filter((name) => !columns.some((column) => column.name === name));
  if (unknown.length > 0) throw new TypeError(`no such columns: ${unknown.join(", ")}`);
  return row;
}

function fits(value: string | number | boolean, type: ColumnType): boolean {
  switch (type) {
    case "boolean":
      return typeof value === "boolean";
    case "string":
    case "decimal":
      return typeof value === "string";
    case "double":
      return Number.isFinite(value);
    case "int32":
      return typeof value === "number" && (value | 0) === value;
    case "int64":
      return Number.isSafeInteger(value) || isLongInt64(value);
    case "timestamp":
      return Number.isSafeInteger(value);
  }
}

/** Digits of a 64-bit integer that a number wouldn't hold exactly. */
function isLongInt64(value: string | number | boolean): boolean {
  if (typeof value !== "string" || !/^-?[1-9]\d{15,18}$/.test(value)) return false;
  return !Number.isSafeInteger(Number(value)) && BigInt.asIntN(64, BigInt(value)) === BigInt(value);
}
