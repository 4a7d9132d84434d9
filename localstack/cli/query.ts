import { existsSync } from "node:fs";
import { join } from "node:path";
import type { CommandIo } from "./io.ts";
export async function query(sql: string, options: { out: string; json: boolean }, io: CommandIo): Promise<number> {
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const c = await (await DuckDBInstance.create()).connect();
  for (const d of ["attributed_page_views", "rejected_events"]) if (existsSync(join(options.out, "s3", d))) await c.run(`create view ${d} as select * from read_parquet('${options.out}/s3/${d}/**/*.parquet', hive_partitioning=false)`);
  const r = await c.runAndReadAll(sql);
  for (const row of r.getRowsJson()) io.out(row.map(v => v ?? "").join("|"));
  return 0;
}
