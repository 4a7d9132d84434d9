import type { SchemaElement } from "hyparquet";
import type { Column, ColumnType, Row } from "../../core/row.ts";

/** What the writer takes: 64-bit integers and unscaled decimals as bigints, timestamps as milliseconds. */
export type Cell = string | number | bigint | boolean | null;

interface ParquetType {
  readonly element: Omit<SchemaElement, "name" | "repetition_type">;
  /** `undefined` where the value doesn't fit. */
  readonly cell: (value: string | number | boolean) => Cell | undefined;
}

const precision = 38;
const scale = 6;
const decimalForm = /^-?\d{1,32}(?:\.(\d{1,6}))?$/;

// Beside the logical types stand the older converted types: the writer goes by them where it orders statistics and encodes decimals.
const parquetTypes: Readonly<Record<ColumnType, ParquetType>> = {
  string: {
    element: { type: "BYTE_ARRAY", converted_type: "UTF8", logical_type: { type: "STRING" } },
    cell: (value) => (typeof value === "string" ? value.toWellFormed() : undefined),
  },
  timestamp: {
    element: {
      type: "INT64",
      converted_type: "TIMESTAMP_MILLIS",
      logical_type: { type: "TIMESTAMP", isAdjustedToUTC: true, unit: "MILLIS" },
    },
    cell: (value) => (Number.isSafeInteger(value) ? value : undefined),
  },
  int32: {
    element: { type: "INT32" },
    cell: (value) => (typeof value === "number" && (value | 0) === value ? value : undefined),
  },
  int64: {
    element: { type: "INT64" },
    cell: (value) => (Number.isSafeInteger(value) ? BigInt(value) : int64(value)),
  },
  double: {
    element: { type: "DOUBLE" },
    cell: (value) => (Number.isFinite(value) ? (value as number) : undefined),
  },
  boolean: {
    element: { type: "BOOLEAN" },
    cell: (value) => (typeof value === "boolean" ? value : undefined),
  },
  decimal: {
    element: {
      type: "FIXED_LEN_BYTE_ARRAY",
      type_length: 16,
      converted_type: "DECIMAL",
      precision,
      scale,
      logical_type: { type: "DECIMAL", precision, scale },
    },
    cell: (value) => (typeof value === "string" ? unscaled(value) : undefined),
  },
};

export function schemaOf(columns: readonly Column[]): SchemaElement[] {
  const leaves = columns.map(
    ({ name, type, nullable }): SchemaElement => ({
      name,
      repetition_type: nullable ? "OPTIONAL" : "REQUIRED",
      ...parquetTypes[type].element,
    }),
  );
  return [{ name: "root", num_children: columns.length }, ...leaves];
}

/** The values of one column. @throws {TypeError} naming the column and the first value that doesn't fit it. */
export function cellsOf({ name, type, nullable }: Column, rows: readonly Row[]): Cell[] {
  const { cell } = parquetTypes[type];
  return rows.map((row) => {
    const value = row[name] ?? null;
    if (value === null && nullable) return null;
    const converted = value === null ? undefined : cell(value);
    if (converted === undefined) throw new TypeError(`column ${name} (${type}) can't hold ${shown(value)}`);
    return converted;
  });
}

/** From digits, where a number doesn't hold them exactly. */
function int64(value: string | number | boolean): bigint | undefined {
  const integer = typeof value === "string" && /^-?\d{1,19}$/.test(value) ? BigInt(value) : undefined;
  return integer === undefined || BigInt.asIntN(64, integer) !== integer ? undefined : integer;
}

/** In millionths, from plain decimal text with at most 32 digits before the point and 6 behind it. */
function unscaled(text: string): bigint | undefined {
  const parts = decimalForm.exec(text);
  return parts ? BigInt(text.replace(".", "") + "0".repeat(scale - (parts[1]?.length ?? 0))) : undefined;
}

function shown(value: string | number | boolean | null): string {
  return typeof value === "string" ? JSON.stringify(value.slice(0, 80)) : String(value);
}
