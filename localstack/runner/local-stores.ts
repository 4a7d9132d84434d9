import { enrichedEventColumns } from "../../shared/pipelines/engagement/engagement.ts";
import type { ResultStore } from "../../shared/ports/result-store.ts";
import type { DatabaseSink } from "../../shared/settings/definition.ts";
import { ClickHouseStore } from "../../shared/sinks/clickhouse/clickhouse-store.ts";
import { RedisStore } from "../../shared/sinks/redis/redis-store.ts";
import { UsageError } from "../cli/usage-error.ts";

/** A database of yours. An open connection keeps a process alive. */
export interface LocalDatabase extends ResultStore {
  close(): void | Promise<void>;
}

/**
 * A database of yours: ClickHouse by CLICKHOUSE_URL, CLICKHOUSE_USER (`default`), CLICKHOUSE_PASSWORD (none), CLICKHOUSE_DATABASE
 * (`engagement`) and CLICKHOUSE_TABLE (`events_enriched`), Redis by REDIS_URL and REDIS_PREFIX.
 * @throws {UsageError} it isn't said where the database is.
 */
export function openLocalDatabase(
  name: DatabaseSink,
  variables: Readonly<Record<string, string | undefined>>,
): LocalDatabase {
  const variable = name === "clickhouse" ? "CLICKHOUSE_URL" : "REDIS_URL";
  const url = variables[variable];
  if (!url) throw new UsageError(`the sink ${name} needs a server; give its URL in the variable ${variable}`);
  if (name === "redis") return new RedisStore({ url, prefix: variables.REDIS_PREFIX ?? "", allowPlainTcp: true });
  const { CLICKHOUSE_USER: username = "default", CLICKHOUSE_PASSWORD: password = "" } = variables;
  const { CLICKHOUSE_DATABASE: database = "engagement", CLICKHOUSE_TABLE: table = "events_enriched" } = variables;
  const login = { username, password, allowPlainHttp: true };
  return new ClickHouseStore({ url, ...login, database, table, columns: enrichedEventColumns });
}
