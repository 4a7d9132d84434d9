import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { parquetReadObjects } from "hyparquet";

export type FileRow = Readonly<Record<string, unknown>>;

/** The rows of a dataset, file by file, as somebody without any of our code reads them. */
export async function rowsOfDataset(out: string, dataset: string): Promise<FileRow[]> {
  const files = globSync(join(out, "s3", dataset, "**", "*.parquet")).sort();
  const rows: FileRow[] = [];
  for (const path of files) {
    const bytes = readFileSync(path);
    const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
    const compressors = { ZSTD: (input: Uint8Array) => new Uint8Array(zstdDecompressSync(input)) };
    // One by one: thousands of row arrays as arguments of one push would overflow the stack.
    for (const row of await parquetReadObjects({ file, compressors })) rows.push(row);
  }
  return rows;
}

export interface DeliveryLine {
  readonly id: string;
  readonly entity: string;
  readonly revision: number;
  readonly final: boolean;
  readonly body: FileRow;
}

export function deliveries(out: string): DeliveryLine[] {
  const text = readFileSync(join(out, "http", "deliveries.ndjson"), "utf8");
  return text === ""
    ? []
    : text
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as DeliveryLine);
}

export function summary(out: string): {
  records: Record<
    string,
    { read: number; accepted: number; duplicate: number; ignored: number; rejected: Record<string, number> }
  >;
  outputs: Record<string, { revisions: number; finals: number }>;
  watermarks: Record<string, string | null>;
} {
  return JSON.parse(readFileSync(join(out, "summary.json"), "utf8"));
}
