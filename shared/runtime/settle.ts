import { laterOf, type Watermark, watermarkOf } from "../core/watermark.ts";
import { type Engine, partitionsTogether } from "./engine.ts";
import { endOfTime } from "./finalize.ts";
import { rowKey } from "./keys.ts";
import { commitRow, readRow } from "./partition-row.ts";

/**
 * Raises the floors of recorded input that has come to its end, where nothing can be in flight any more: to the watermark (more input may
 * follow), or to the end of time (none will: everything becomes final, and whatever comes after all is late).
 */
export async function settle(engine: Engine, partition: number, to: "watermark" | "end"): Promise<void> {
  const { pipeline, store } = engine;
  const keys = partitionsTogether(engine, partition).map((source) => rowKey(pipeline, source));
  const documents = await store.progress.read(keys);
  const rows = keys.map((key) => ({ key, row: readRow(documents.get(key)) }));
  const highest = rows.map(({ row }) => row.highest);
  const floor: Watermark =
    to === "end" ? endOfTime(pipeline.finalInterval ?? 1) : watermarkOf(highest, pipeline.allowedLateness, undefined);
  for (const { key, row } of rows) {
    const raised = laterOf(row.floor, floor);
    if (raised !== row.floor) await commitRow(store.progress, key, { ...row, floor: raised });
  }
}
