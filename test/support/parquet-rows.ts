import { globSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";

/** A row as text, so that nothing of it is lost: times in epoch milliseconds, decimals without zeros that say nothing. */
export type TextRow = Readonly<Record<string, string | null>>;

/** The rows of a dataset as DuckDB reads them. */
export async function parquetRows(out: string, dataset: string): Promise<TextRow[]> {
  const files = globSync(join(out, "s3", dataset, "**", "*.parquet"));
  if (files.length === 0) return [];
  const connection = await (await DuckDBInstance.create(":memory:", { threads: "1" })).connect();
  try {
    await connection.run("SET TimeZone = 'UTC'");
    const source = `read_parquet([${files.map((file) => `'${file.replaceAll("'", "''")}'`).join(",")}], hive_partitioning = false)`;
    const described = await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${source}`);
    const columns = described.getRowObjectsJS() as { column_name: string; column_type: string }[];
    const shown = columns.map(({ column_name: name, column_type: type }) => {
      const value = type.startsWith("TIMESTAMP") ? `epoch_ms("${name}")` : `"${name}"`;
      return `${value}::VARCHAR AS "${name}"`;
    });
    const decimals = columns.filter(({ column_type }) => column_type.startsWith("DECIMAL"));
    const rows = await connection.runAndReadAll(`SELECT ${shown.join(", ")} FROM ${source}`);
    return (rows.getRowObjectsJS() as Record<string, string | null>[]).map((row) => {
      for (const { column_name: name } of decimals) row[name] = shortDecimal(row[name] ?? null);
      return row;
    });
  } finally {
    connection.closeSync();
  }
}

/** `50` for `50.000000`. */
export function shortDecimal(text: string | null): string | null {
  return text?.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

/** Rows as lines of text that can be sorted and compared. */
export function sortedLines(rows: readonly object[], without: readonly string[] = []): string[] {
  return rows
    .map((row) => {
      const fields = Object.entries(row).filter(([name]) => !without.includes(name));
      return JSON.stringify(fields.map(([name, value]) => [name, value === null ? null : String(value)]).sort());
    })
    .sort();
}
