import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { type DuckDBConnection, DuckDBInstance, type DuckDBResult } from "@duckdb/node-api";
import type { Column, ColumnType } from "../../shared/core/row.ts";
import { type Statement, statementOf } from "./sql-statement.ts";
import { UsageError } from "./usage-error.ts";

/** The data can't be read: it isn't there, or broken. */
export class DataError extends Error {
  override readonly name = "DataError";
}

/** Of DuckDB's buffers. A list that one value holds, as `generate_series(1, 1e9)` makes one, isn't counted. */
const memoryMax = "1GB";

const sqlTypes: Readonly<Record<ColumnType, string>> = {
  string: "VARCHAR",
  timestamp: "TIMESTAMPTZ",
  int32: "INTEGER",
  int64: "BIGINT",
  double: "DOUBLE",
  boolean: "BOOLEAN",
  decimal: "DECIMAL(38, 6)",
};

/**
 * The Parquet files below `<out>/s3` as a database in memory: a view per dataset, with the columns that its files have together.
 *
 * The SQL isn't trusted. Only files below `<out>/s3` can be opened, nothing is loaded, and the configuration is locked before it is looked
 * at. DuckDB would still write below that directory (`COPY`, `ATTACH`, and a SELECT from `enable_logging`), so what runs is one SELECT that
 * calls no table function but those that make rows from nothing.
 */
export class OutputDatabase {
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;
  readonly #out: string;

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection, out: string) {
    this.#instance = instance;
    this.#connection = connection;
    this.#out = out;
  }

  /** @throws {DataError} there is no `<out>/s3`. */
  static async open(out: string): Promise<OutputDatabase> {
    const objects = objectsIn(out);
    if (!existsSync(objects)) throw new DataError(`there are no outputs in ${out}; run ${replayInto(out)} first`);
    const instance = await DuckDBInstance.create(":memory:");
    const connection = await instance.connect();
    for (const setting of settings(objects)) await connection.run(`SET ${setting}`);
    return new OutputDatabase(instance, connection, out);
  }

  /**
   * Runs one SELECT.
   *
   * @param datasets by name, with their columns; without columns where they aren't known.
   * @throws {UsageError} the SQL is no single SELECT, or reads from elsewhere.
   * @throws {DataError} a dataset that it names has no files yet and its columns aren't known, or its files can't be read.
   */
  async select(sql: string, datasets: Readonly<Record<string, readonly Column[]>>): Promise<DuckDBResult> {
    const statement = await statementOf(this.#connection, sql);
    for (const [name, columns] of wanted(statement, datasets)) await this.#view(name, columns, statement);
    try {
      return await this.#connection.stream(sql);
    } catch (error) {
      const [, unknown] = /^Catalog Error: Table with name (.+) does not exist/.exec((error as Error).message) ?? [];
      if (unknown === undefined) throw error;
      throw new UsageError(`there is no ${unknown}; the datasets are ${Object.keys(datasets).join(", ")}`, {
        cause: error,
      });
    }
  }

  close(): void {
    this.#connection.closeSync();
    this.#instance.closeSync();
  }

  async #view(dataset: string, columns: readonly Column[], { tables }: Statement): Promise<void> {
    if (holdsFiles(join(objectsIn(this.#out), dataset))) {
      await this.#viewFiles(dataset);
    } else if (columns.length > 0) {
      await this.#connection.run(`CREATE VIEW ${identifier(dataset)} AS ${emptySelect(columns)}`);
    } else if (tables.has(dataset)) {
      throw new DataError(`no ${dataset} yet under ${this.#out}; run ${replayInto(this.#out)} first`);
    }
  }

  async #viewFiles(dataset: string): Promise<void> {
    const files = literal(`${globbed(join(objectsIn(this.#out), dataset))}/**/*.parquet`);
    try {
      await this.#connection.run(
        `CREATE VIEW ${identifier(dataset)} AS FROM read_parquet(${files}, hive_partitioning = false, union_by_name = true)`,
      );
    } catch (error) {
      throw new DataError(`${dataset} can't be read: ${(error as Error).message}`, { cause: error });
    }
  }
}

function objectsIn(out: string): string {
  return resolve(out, "s3");
}

function holdsFiles(directory: string): boolean {
  if (!existsSync(directory)) return false;
  return readdirSync(directory, { recursive: true }).some((name) => String(name).endsWith(".parquet"));
}

function replayInto(out: string): string {
  return `tidemark replay --pipeline NAME --input FILE --out ${out}`;
}

function settings(objects: string): string[] {
  // A pattern is checked as it is written, with its escapes.
  const readable = [...new Set([objects, globbed(objects)])].map((directory) => literal(`${directory}/`));
  return [
    "TimeZone = 'UTC'",
    `memory_limit = '${memoryMax}'`,
    "temp_directory = ''",
    "autoinstall_known_extensions = false",
    "autoload_known_extensions = false",
    `allowed_directories = [${readable.join(", ")}]`,
    "enable_external_access = false",
    "lock_configuration = true",
  ];
}

/** The datasets that the statement names, or all where it names none (`SHOW TABLES`): opening one reads the footers of all its files. */
function wanted(
  { tables }: Statement,
  datasets: Readonly<Record<string, readonly Column[]>>,
): [string, readonly Column[]][] {
  const all = Object.entries(datasets);
  const named = all.filter(([name]) => tables.has(name));
  return named.length > 0 ? named : all;
}

function emptySelect(columns: readonly Column[]): string {
  return `SELECT ${columns.map(({ name, type }) => `NULL::${sqlTypes[type]} AS ${identifier(name)}`).join(", ")} WHERE false`;
}

/** A path that stands for itself in a pattern. */
function globbed(path: string): string {
  return path.replace(/[[*?]/g, "[$&]");
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
