import type { DuckDBResult } from "@duckdb/node-api";
import { datasetColumns } from "../../functions/catalog.ts";
import type { Column } from "../../shared/core/row.ts";
import type { CommandIo } from "./io.ts";
import { printable } from "./printable.ts";
import { UsageError } from "./usage-error.ts";

/** The classes of DuckDB's errors that the SQL is to blame for, here and when it meets the rows. All others are about the data. */
const sqlErrors =
  /^(Parser|Binder|Catalog|Parameter Not Resolved|Permission|Not implemented|Conversion|Out of Range|Invalid Input|Mismatch Type) Error:/;
const messageLengthMax = 300;

/**
 * `tidemark query`: one SELECT in DuckDB's SQL over what stands in `<out>/s3`, with a view per dataset.
 *
 * Prints a line per row, its values separated by `|`: NULL as nothing, times as `2024-01-01T12:10:00Z` with milliseconds
 * where they aren't zero, decimals exact, line breaks and other control characters as `\n` or `\u001b`. With `json` a line is an object and
 * nothing is lost; integers beyond 2^53 and decimals are text there.
 *
 * @param datasets with their columns, which a dataset without files has; none where they aren't known.
 * @returns the exit code: 1 where the data can't be read, 2 where the SQL is refused.
 */
export async function query(
  sql: string,
  options: { readonly out: string; readonly json: boolean },
  io: Pick<CommandIo, "out" | "err">,
  datasets: Readonly<Record<string, readonly Column[]>> = datasetColumns,
): Promise<number> {
  try {
    const { OutputDatabase } = await import("./duckdb.ts");
    const database = await OutputDatabase.open(options.out);
    try {
      await print(await database.select(sql, datasets), options.json, io);
    } finally {
      database.close();
    }
    return 0;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    io.err(`tidemark: ${shortened(message)}`);
    return error instanceof UsageError || sqlErrors.test(message) ? 2 : 1;
  }
}

async function print(result: DuckDBResult, json: boolean, io: Pick<CommandIo, "out">): Promise<void> {
  const { rowJson, rowText } = await import("./result-text.ts");
  const names = result.deduplicatedColumnNames();
  for await (const rows of result.yieldRows()) {
    for (const row of rows) io.out(json ? rowJson(names, row) : rowText(row));
  }
}

/** Without the excerpt of the SQL that DuckDB adds behind an empty line. */
function shortened(message: string): string {
  const [first = ""] = message.split("\n\n");
  const line = printable(first.replace(/\s+/g, " ").trim());
  return line.length > messageLengthMax ? `${line.slice(0, messageLengthMax)}...` : line;
}
