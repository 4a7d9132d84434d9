import { StreamError } from "../../core/errors.ts";
import type { Column } from "../../core/row.ts";

/** What makes the default table, as an operator finds it in this repository. */
export const tableScript = "infra/clickhouse/events_enriched.sql";

export interface TableSettings {
  /** Default `engagement`. */
  readonly database?: string;
  /** Default `events_enriched`. */
  readonly table?: string;
  /** What a body holds, and the table has. */
  readonly columns: readonly Column[];
}

/** Names that mean the same with and without quotes. */
const identifier = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;

/**
 * `INSERT INTO ... FORMAT JSONEachRow`, with all columns by name: a table that lacks one says so, instead of dropping its values.
 *
 * @throws {StreamError} fault `bug`: a name that isn't letters, digits and `_`, or no columns.
 */
export function insertQuery({ database = "engagement", table = "events_enriched", columns }: TableSettings): string {
  if (columns.length === 0) throw new StreamError("bug", "ClickHouse: no columns are given");
  const names = columns.map(({ name }) => quoted("column", name)).join(", ");
  return `INSERT INTO ${quoted("database", database)}.${quoted("table", table)} (${names}) FORMAT JSONEachRow`;
}

function quoted(what: string, name: string): string {
  if (identifier.test(name)) return `\`${name}\``;
  throw new StreamError(
    "bug",
    `ClickHouse ${what} ${JSON.stringify(name)}: expected at most 128 letters, digits and _, no digit first`,
  );
}
