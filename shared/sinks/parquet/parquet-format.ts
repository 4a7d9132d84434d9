import { zstdCompressSync } from "node:zlib";
import { parquetMetadata } from "hyparquet";
import { ByteWriter, ParquetWriter } from "hyparquet-writer";
import type { Row } from "../../core/row.ts";
import type { RowFormat } from "../../ports/row-format.ts";
import { cellsOf, schemaOf } from "./column-types.ts";

/** Rows per row group: what is held as columns at a time. Larger ones take more memory and no less time. */
const groupRowsMax = 25_000;

/**
 * Parquet with explicit logical types, zstd, and statistics per column and row group. The same rows always make the same bytes.
 *
 * | column    | in the file               | takes                                                              |
 * | --------- | ------------------------- | ------------------------------------------------------------------ |
 * | string    | STRING                    | any string; half of a surrogate pair, which isn't UTF-8, as U+FFFD |
 * | timestamp | TIMESTAMP(millis, UTC)    | integer milliseconds                                               |
 * | int32     | INT32                     | integers of 32 bits                                                |
 * | int64     | INT64                     | safe integers                                                      |
 * | boolean   | BOOLEAN                   | booleans                                                           |
 * | decimal   | DECIMAL(38, 6), 16 bytes  | plain decimal text: at most 32 digits before the point, 6 behind   |
 *
 * A column is required unless it is nullable. What a row lacks is null; what it has beyond the columns is left out.
 */
export const parquetFormat: RowFormat = {
  extension: ".parquet",
  encode(columns, rows, { metadata = {}, compress = true } = {}) {
    const bytes = new ByteWriter();
    const file = new ParquetWriter({
      writer: bytes,
      schema: schemaOf(columns),
      codec: compress ? "ZSTD" : "UNCOMPRESSED",
      compressors: { ZSTD: (input) => zstdCompressSync(input) },
      kvMetadata: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    });
    for (const group of groupsOf(rows)) {
      file.write({
        columnData: columns.map((column) => ({ name: column.name, data: cellsOf(column, group) })),
        rowGroupSize: groupRowsMax,
      });
    }
    file.finish();
    return new Uint8Array(bytes.getBuffer());
  },
  metadataOf(file) {
    const { key_value_metadata = [] } = parquetMetadata(footerOf(file));
    return Object.fromEntries(key_value_metadata.map(({ key, value = "" }) => [key, value]));
  },
};

function* groupsOf(rows: Iterable<Row>): Generator<readonly Row[]> {
  let group: Row[] = [];
  for (const row of rows) {
    group.push(row);
    if (group.length === groupRowsMax) {
      yield group;
      group = [];
    }
  }
  if (group.length > 0) yield group;
}

/** The end of the file, from the footer on: reading it needs no copy of the rows. */
function footerOf({ buffer, byteOffset, byteLength }: Uint8Array): ArrayBuffer {
  const end = byteOffset + byteLength;
  const footerLength = byteLength < 8 ? 0 : new DataView(buffer).getUint32(end - 8, true);
  return buffer.slice(Math.max(byteOffset, end - 8 - footerLength), end) as ArrayBuffer;
}
