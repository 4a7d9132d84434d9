import type { Column, Row } from "../core/row.ts";

/** A file format for rows, with a few strings of metadata inside the file. */
export interface RowFormat {
  /** With the dot, as in `.parquet`. */
  readonly extension: string;
  /**
   * A whole file; no rows is a valid one. `compress`: by default true; a file of a few rows only grows by it.
   * @throws {TypeError} a value that doesn't fit its column.
   */
  encode(columns: readonly Column[], rows: Iterable<Row>, options?: RowFileOptions): Uint8Array;
  /** The metadata that `encode` was given. */
  metadataOf(file: Uint8Array): Record<string, string>;
}

export interface RowFileOptions {
  readonly metadata?: Readonly<Record<string, string>>;
  readonly compress?: boolean;
}
