import { join } from "node:path";
import { type PipelineConfig, runConfigured } from "../../functions/catalog.ts";
import { silentMeter } from "../../shared/ports/meter.ts";
import type { ObjectStore } from "../../shared/ports/object-store.ts";
import type { ScopeProgress } from "../../shared/runtime/progress.ts";
import { parquetFormat } from "../../shared/sinks/parquet/parquet-format.ts";
import { SqliteStateStore } from "../embedded/sqlite-state-store.ts";
import { systemClock } from "../embedded/system-clock.ts";
import { RunNotes } from "../replay/run-notes.ts";
import { stateFile } from "./state-directory.ts";

/**
 * How far a pipeline has come, by what stands in a state directory; also while another process works on it.
 * @param configured the pipeline with the number of partitions that the state has.
 * @returns `undefined` where it has never run with this state.
 */
export async function readStoredProgress(
  directory: string,
  pipeline: string,
  configured: (partitions: number) => PipelineConfig,
): Promise<ScopeProgress[] | undefined> {
  const store = new SqliteStateStore({ path: join(directory, stateFile), clock: systemClock, readOnly: true });
  try {
    const { partitions } = new RunNotes(store, pipeline);
    if (partitions === undefined) return undefined;
    const running = runConfigured(configured(partitions), {
      ...{ store, objects: noObjects, rowFormat: parquetFormat, clock: systemClock },
      ...{ meter: silentMeter, futureClock: "wall", expires: true },
    });
    return await running.progress();
  } finally {
    store.close();
  }
}

/** Progress is all that is read. */
const noObjects: ObjectStore = {
  create: () => Promise.reject(new Error("nothing is written here")),
  read: () => Promise.reject(new Error("nothing is read here")),
  list: () => {
    throw new Error("nothing is read here");
  },
};
