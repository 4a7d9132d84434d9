import { zstdCompressSync } from "node:zlib";
import { parquetMetadata, type SchemaElement } from "hyparquet";
import { parquetWriteBuffer } from "hyparquet-writer";
import { parseDecimal, scaleMax } from "../../core/decimal.ts";
import type { Column, ColumnType, Row } from "../../core/row.ts";
import type { RowFormat } from "../../ports/row-format.ts";

/** Rows per row group: the writer's memory is lowest per CPU there. */
const rowGroupSize = 25_000;

type Physical = Omit<SchemaElement, "name" | "repetition_type">;

const physicalTypes: Readonly<Record<ColumnType, Physical>> = {
  string: { type: "BYTE_ARRAY", converted_type: "UTF8", logical_type: { type: "STRING" } },
  timestamp: {
    type: "INT64",
    converted_type: "TIMESTAMP_MILLIS",
    logical_type: { type: "TIMESTAMP", isAdjustedToUTC: true, unit: "MILLIS" },
  },
  int32: { type: "INT32" },
  int64: { type: "INT64" },
  boolean: { type: "BOOLEAN" },
  decimal: {
    type: "FIXED_LEN_BYTE_ARRAY",
    type_length: 16,
    converted_type: "DECIMAL",
    precision: 38,
    scale: scaleMax,
    logical_type: { type: "DECIMAL", precision: 38, scale: scaleMax },
  },
};

/** Parquet with explicit logical types, zstd, and statistics. The same rows always make the same bytes. */
export const parquetFormat: RowFormat = {
  extension: ".parquet",
  encode(columns, rows, metadata) {
    const all = [...rows];
    const buffer = parquetWriteBuffer({
      columnData: columns.map((column) => ({ name: column.name, data: all.map((row) => cell(column, row)) })),
      schema: schemaOf(columns),
      codec: "ZSTD",
      compressors: { ZSTD: (input) => zstdCompressSync(input) },
      rowGroupSize,
      kvMetadata: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    });
    return new Uint8Array(buffer);
  },
  metadataOf(file) {
    const { buffer, byteOffset, byteLength } = file;
    const { key_value_metadata = [] } = parquetMetadata(buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer);
    return Object.fromEntries(key_value_metadata.map(({ key, value = "" }) => [key, value]));
  },
};

function schemaOf(columns: readonly Column[]): SchemaElement[] {
  const root: SchemaElement = { name: "root", num_children: columns.length };
  return [
    root,
    ...columns.map(({ name, type, nullable }): SchemaElement => ({
      name,
      repetition_type: nullable ? "OPTIONAL" : "REQUIRED",
      ...physicalTypes[type],
    })),
  ];
}

function cell({ name, type, nullable }: Column, row: Row): unknown {
  const value = row[name] ?? null;
  if (value === null && nullable) return null;
  const converted = value === null ? undefined : converters[type](value);
  if (converted === undefined) throw new TypeError(`column ${name} (${type}) can't hold ${String(value).slice(0, 80)}`);
  return converted;
}

type Converter = (value: string | number | boolean) => unknown;

const int64: Converter = (value) => (Number.isSafeInteger(value) ? BigInt(value as number) : undefined);

const converters: Readonly<Record<ColumnType, Converter>> = {
  string: (value) => (typeof value === "string" ? value.toWellFormed() : undefined),
  timestamp: int64,
  int32: (value) => (typeof value === "number" && (value | 0) === value ? value : undefined),
  int64,
  boolean: (value) => (typeof value === "boolean" ? value : undefined),
  decimal: (value) => (typeof value === "string" ? unscaled(value) : undefined),
};

function unscaled(text: string): bigint | undefined {
  const decimal = parseDecimal(text);
  return decimal && decimal.units * 10n ** BigInt(scaleMax - decimal.scale);
}
