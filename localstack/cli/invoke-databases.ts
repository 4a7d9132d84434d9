import type { BackfillApp } from "../../functions/backfill/backfill.ts";
import { createHandler as createBackfill } from "../../functions/backfill/handler.ts";
import type { PipelineConfig } from "../../functions/catalog.ts";
import { createHandler as createClickHouse } from "../../functions/clickhouse/handler.ts";
import { createHandler as createRedis } from "../../functions/redis/handler.ts";
import { silentMeter } from "../../shared/ports/meter.ts";
import { storeSink } from "../../shared/runtime/immediate-sinks.ts";
import { type DatabaseSink, databaseSinks } from "../../shared/settings/definition.ts";
import { parquetFormat } from "../../shared/sinks/parquet/parquet-format.ts";
import { PostgresEventRows } from "../../shared/sources/postgres/postgres-event-rows.ts";
import { systemClock } from "../embedded/system-clock.ts";
import { type LocalDatabase, openLocalDatabase } from "../runner/local-stores.ts";
import type { World } from "../runner/world.ts";
import { UsageError } from "./usage-error.ts";

/** The function that feeds a database, with a server of yours. @throws {UsageError} it isn't said where that is. */
export function databaseFunction(name: DatabaseSink, { objects: deadLetters }: World) {
  const store = openLocalDatabase(name, process.env);
  const create = name === "clickhouse" ? createClickHouse : createRedis;
  const handler = create({ store, deadLetters, clock: systemClock, failures: "report" });
  return { handler, close: async () => store.close() };
}

/** The function that backfills, from a Postgres of yours into the state here. @throws {UsageError} it isn't said where the table is. */
export function backfillFunction({ store, objects }: World, configs: readonly PipelineConfig[]) {
  const { POSTGRES_URL: url } = process.env;
  if (!url) throw new UsageError("backfill needs a table to read; give its URL in the variable POSTGRES_URL");
  const rows = new PostgresEventRows({ url });
  const opened: LocalDatabase[] = [];
  const app: BackfillApp = {
    settings: configs.find(({ name }) => name === "engagement")?.settings as BackfillApp["settings"],
    surroundings: {
      ...{ store, objects, rowFormat: parquetFormat, clock: systemClock, meter: silentMeter },
      ...{ futureClock: "wall", expires: true },
    },
    rows,
    openSink: async (name) => {
      const database = databaseSinks.find((known) => known === name);
      if (!database)
        throw new UsageError(`the sink ${name} isn't here; invoke deliver or publish with what is to be sent`);
      const server = openLocalDatabase(database, process.env);
      opened.push(server);
      return storeSink(database, server);
    },
  };
  const close = async () => {
    for (const one of [rows, ...opened]) await one.close();
  };
  return { handler: createBackfill(app), close };
}
