import type { DuckDBConnection } from "@duckdb/node-api";
import { UsageError } from "./usage-error.ts";

/** What a SELECT reads. */
export interface Statement {
  /** The tables that it names anywhere, in lower case. */
  readonly tables: ReadonlySet<string>;
}

/** What DuckDB makes of a text of SQL: the parsed statements, or why there are none. */
type Parsed =
  | { readonly error: true; readonly error_type: string; readonly error_message: string }
  | { readonly error: false; readonly statements: readonly unknown[] };

interface Node {
  readonly type?: unknown;
  readonly table_name?: unknown;
  readonly function?: { readonly function_name?: unknown };
}

/** The table functions that neither read nor change anything outside of the statement. */
const harmless: ReadonlySet<unknown> = new Set(["range", "generate_series", "unnest", "repeat"]);

/**
 * Reads a text of SQL with DuckDB's own parser, without running it.
 *
 * @throws {UsageError} it is no single SELECT, or calls a table function: some of them read or write files and settings.
 */
export async function statementOf(connection: DuckDBConnection, sql: string): Promise<Statement> {
  const tables = new Set<string>();
  const functions = new Set<unknown>();
  const parsed = JSON.parse(await serialized(connection, sql), (_, node: Node | null) => {
    if (node?.type === "BASE_TABLE") tables.add(String(node.table_name).toLowerCase());
    if (node?.type === "TABLE_FUNCTION") functions.add(node.function?.function_name);
    return node;
  }) as Parsed;
  if (parsed.error) {
    throw new UsageError(parsed.error_type === "parser" ? parsed.error_message : "only a SELECT can be asked");
  }
  const { length } = parsed.statements;
  if (length !== 1) throw new UsageError(`one SELECT can be asked, not ${length} statements`);
  const refused = [...functions].find((name) => !harmless.has(name));
  if (refused !== undefined) throw new UsageError(`${refused}(...) can't be asked; query the datasets by their names`);
  return { tables };
}

async function serialized(connection: DuckDBConnection, sql: string): Promise<string> {
  const result = await connection.runAndReadAll("SELECT json_serialize_sql($1::VARCHAR)", [sql]);
  return String(result.value(0, 0));
}
