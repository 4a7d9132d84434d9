import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { DuckDBConnection, DuckDBTimestampTZValue, DuckDBValue } from "@duckdb/node-api";
import type { Column, ColumnType } from "../../shared/core/row.ts";
import { formatEventTime } from "../../shared/core/time.ts";
import { attributedPageViewColumns, attributedPageViews } from "../../shared/pipelines/attribution/attribution.ts";
import { rejectedEventColumns, rejectedEvents } from "../../shared/runtime/rejections.ts";
import type { CommandIo } from "./io.ts";
import { UsageError } from "./usage-error.ts";

export interface QueryFlags {
  readonly out: string;
  readonly json: boolean;
}

/** Each dataset is a view of its name over what stands under `OUT/s3/DATASET`; without rows where nothing does. */
const datasets: Readonly<Record<string, readonly Column[]>> = {
  [attributedPageViews]: attributedPageViewColumns,
  [rejectedEvents]: rejectedEventColumns,
};

const sqlTypes: Readonly<Record<ColumnType, string>> = {
  string: "VARCHAR",
  timestamp: "TIMESTAMPTZ",
  int32: "INTEGER",
  int64: "BIGINT",
  boolean: "BOOLEAN",
  decimal: "DECIMAL(38, 6)",
};

/**
 * `tidemark query`: SQL over the output files. Rows are printed as values between `|`, null as nothing; with `--json` as one JSON object
 * per line. Times are UTC. The query can read the output files and nothing else, and can't write.
 * @throws {UsageError} the SQL is wrong, isn't a query, or asks for what isn't there.
 */
export async function query(sql: string, { out, json }: Pick<QueryFlags, "out" | "json">, io: Pick<CommandIo, "out">): Promise<void> {
  const { DuckDBInstance, StatementType } = await import("@duckdb/node-api");
  const instance = await DuckDBInstance.create(":memory:", { memory_limit: "1GB", threads: "2" });
  const connection = await instance.connect();
  try {
    const files = resolve(out, "s3");
    if (!existsSync(files)) throw new UsageError(`there is no output in ${out} yet; tidemark replay makes some, or name another place with --out`);
    for (const [dataset, columns] of Object.entries(datasets)) await connection.run(viewOver(files, dataset, columns));
    await lockDown(connection, files);
    const statements = await connection.extractStatements(sql);
    if (statements.count !== 1) throw new UsageError("query takes one SQL query");
    const statement = await statements.prepare(0);
    if (statement.statementType !== StatementType.SELECT) throw new UsageError("query takes a SELECT: the output files are only read");
    const result = await statement.stream();
    const names = result.deduplicatedColumnNames();
    for await (const chunk of result.yieldRows()) {
      for (const row of chunk) io.out(json ? jsonLine(names, row) : row.map(shown).join("|"));
    }
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(firstLine(error), { cause: error });
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

function viewOver(files: string, dataset: string, columns: readonly Column[]): string {
  if (!existsSync(join(files, dataset))) {
    const nulls = columns.map(({ name, type }) => `NULL::${sqlTypes[type]} AS "${name}"`);
    return `CREATE VIEW ${dataset} AS SELECT ${nulls.join(", ")} WHERE false`;
  }
  const glob = join(files, dataset, "**", "*.parquet").replaceAll("'", "''");
  return `CREATE VIEW ${dataset} AS SELECT * FROM read_parquet('${glob}', hive_partitioning = false, union_by_name = true)`;
}

/** The SQL may come from anywhere: it reaches the output files, no other file, no network, no extension. */
async function lockDown(connection: DuckDBConnection, files: string): Promise<void> {
  await connection.run("SET TimeZone = 'UTC'");
  await connection.run(`SET allowed_directories = ['${files.replaceAll("'", "''")}/']`);
  await connection.run("SET enable_external_access = false");
  await connection.run("SET lock_configuration = true");
}

function shown(value: DuckDBValue): string {
  if (value === null) return "";
  return isTimestamp(value) ? formatEventTime(Number(value.micros / 1_000n)) : String(value);
}

/** The database is loaded only when it is asked, so its classes can't be named here; but no others are called so. */
function isTimestamp(value: DuckDBValue): value is DuckDBTimestampTZValue {
  return typeof value === "object" && value !== null && /^DuckDBTimestamp(TZ)?Value$/.test(value.constructor.name);
}

function jsonLine(names: readonly string[], row: readonly DuckDBValue[]): string {
  return JSON.stringify(
    Object.fromEntries(
      names.map((name, at) => {
        const value = row[at] ?? null;
        const isPlain = value === null || typeof value === "number" || typeof value === "boolean";
        const isSmall = typeof value === "bigint" && Number.isSafeInteger(Number(value));
        return [name, isPlain ? value : isSmall ? Number(value) : shown(value)];
      }),
    ),
  );
}

function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.split("\n", 1)[0] ?? message;
}
