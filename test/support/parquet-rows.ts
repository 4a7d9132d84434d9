import { globSync } from "node:fs";
import { join } from "node:path";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";

/** A row as text, so that nothing of it is lost: times in epoch milliseconds, decimals and doubles without zeros that say nothing. */
export type TextRow = Readonly<Record<string, string | null>>;

/** The rows of a dataset as DuckDB reads them. */
export function parquetRows(out: string, dataset: string): Promise<TextRow[]> {
  return withFiles(out, dataset, async (connection, files) => {
    const source = `read_parquet([${files}], hive_partitioning = false)`;
    const described = await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${source}`);
    const columns = described.getRowObjectsJS() as { column_name: string; column_type: string }[];
    const shown = columns.map(({ column_name: name, column_type: type }) => {
      const value = type.startsWith("TIMESTAMP") ? `epoch_ms("${name}")` : `"${name}"`;
      return `${value}::VARCHAR AS "${name}"`;
    });
    const rows = (await connection.runAndReadAll(`SELECT ${shown.join(", ")} FROM ${source}`)).getRowObjectsJS();
    for (const { column_name: name, column_type: type } of columns) {
      const short = type.startsWith("DECIMAL") ? shortDecimal : type === "DOUBLE" ? shortDouble : undefined;
      if (short) for (const row of rows as Record<string, string | null>[]) row[name] = short(row[name] ?? null);
    }
    return rows as TextRow[];
  });
}

/** The files of a dataset in which a row has lower values in `columns` than the one before it. */
export function filesOutOfOrder(out: string, dataset: string, columns: readonly string[]): Promise<string[]> {
  return withFiles(out, dataset, async (connection, files) => {
    const place = `row(${columns.join(", ")})`;
    const found = await connection.runAndReadAll(`
      SELECT DISTINCT filename FROM (
        SELECT filename, ${place} AS place, lag(${place}) OVER (PARTITION BY filename ORDER BY file_row_number) AS before
        FROM read_parquet([${files}], hive_partitioning = false, filename = true, file_row_number = true)
      ) WHERE place < before`);
    return found.getRowObjectsJS().map(({ filename }) => String(filename));
  });
}

async function withFiles<T>(
  out: string,
  dataset: string,
  use: (connection: DuckDBConnection, files: string) => Promise<T[]>,
): Promise<T[]> {
  const files = globSync(join(out, "s3", dataset, "**", "*.parquet"));
  if (files.length === 0) return [];
  const connection = await (await DuckDBInstance.create(":memory:", { threads: "1" })).connect();
  try {
    await connection.run("SET TimeZone = 'UTC'");
    return await use(connection, files.map((file) => `'${file.replaceAll("'", "''")}'`).join(","));
  } finally {
    connection.closeSync();
  }
}

/** `50` for `50.000000`. */
export function shortDecimal(text: string | null): string | null {
  return text?.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

/** `24` for `24.0`, as JavaScript prints it; a zero keeps its sign. */
function shortDouble(text: string | null): string | null {
  return text === null || text === "-0.0" ? text : String(Number(text));
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
