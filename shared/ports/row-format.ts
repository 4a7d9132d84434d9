import type { Column, Row } from "../core/row.ts";

/** A file format for rows, with a few strings of metadata inside the file. */
export interface RowFormat {
  /** With the dot, as in `.parquet`. */
  readonly extension: string;
  /** A whole file; no rows is a valid one. @throws {TypeError} a value that doesn't fit its column. */
  encode(columns: readonly Column[], rows: Iterable<Row>, metadata: Readonly<Record<string, string>>): Uint8Array;
  /** The metadata that `encode` was given. */
  metadataOf(file: Uint8Array): Record<string, string>;
}
