import { join } from "node:path";
import { type PipelineConfig, runConfigured, type Surroundings } from "../../functions/catalog.ts";
import { createHandler as createConsumer } from "../../functions/consume/handler.ts";
import { createHandler as createFinalize } from "../../functions/finalize/handler.ts";
import type { WallTimeMs } from "../../shared/core/units.ts";
import { silentMeter } from "../../shared/ports/meter.ts";
import type { RunningPipeline } from "../../shared/runtime/running-pipeline.ts";
import { parquetFormat } from "../../shared/sinks/parquet/parquet-format.ts";
import { DirectoryObjectStore } from "../embedded/directory-object-store.ts";
import type { SqliteStateStore } from "../embedded/sqlite-state-store.ts";
import { clockOf } from "../embedded/system-clock.ts";
import { DeliveryThread, readersFor } from "./delivery-thread.ts";
import { type ConsumerRow, consumersFor, functionNamed } from "./triggers.ts";

export interface WorldOptions {
  /** Each of them at most once. */
  readonly pipelines: readonly PipelineConfig[];
  readonly store: SqliteStateStore;
  readonly outDirectory: string;
  /**
   * When a replay began: there the clock stands still, nothing is ahead of its own record, and nothing expires. Without it the wall clock
   * goes, and objects survive a power failure, as the state does; a kill they survive anyway.
   */
  readonly replayBegan?: WallTimeMs;
  /** The store's file: outputs are read from it in another thread. */
  readonly statePath: string;
  /** Outputs per HTTP request. */
  readonly batchMax: number;
  /** Tries of a delivery before the run fails. */
  readonly deliveryTries: number;
}

/** A function that takes records for a pipeline. */
export interface Consumer extends ConsumerRow {
  readonly pipeline: RunningPipeline;
  readonly handler: ReturnType<typeof createConsumer>;
}

/** Everything that AWS provides to pipelines, on this machine: the real handlers over embedded stores. */
export type World = Awaited<ReturnType<typeof openWorld>>;

export async function openWorld(options: WorldOptions) {
  const { store, outDirectory, statePath, replayBegan: stillAt, batchMax } = options;
  const isReplay = stillAt !== undefined;
  const objects = await DirectoryObjectStore.open(join(outDirectory, "s3"), { fsync: !isReplay });
  const surroundings: Surroundings = {
    ...{ store, objects, rowFormat: parquetFormat, clock: clockOf(stillAt), meter: silentMeter },
    futureClock: isReplay ? "record" : "wall",
    expires: !isReplay,
  };
  const pipelines = options.pipelines.map((config) => runConfigured(config, surroundings));
  const consumers = pipelines.flatMap((pipeline) =>
    consumersFor(pipeline.name).map(
      (row): Consumer => ({ ...row, pipeline, handler: createConsumer({ pipeline, failures: "report" }) }),
    ),
  );
  const closing = functionNamed("finalize").pipelines;
  const readers = readersFor(options.pipelines);
  const thread = { pipelines: options.pipelines, readers, statePath, outDirectory, batchMax, stillAt };
  const delivery =
    readers.length > 0 ? new DeliveryThread(store, { ...thread, tries: options.deliveryTries }) : undefined;
  return {
    pipelines,
    /** @throws {Error} it doesn't run here. */
    pipelineNamed: (name: string) => found(pipelines, name),
    store,
    objects,
    delivery,
    finalize: createFinalize({ pipelines: pipelines.filter(({ name }) => closing.some((one) => one === name)) }),
    /** Each gets all of a topic's records, and stands at its own place in it. */
    consumersOf: (topic: string) => consumers.filter(({ topics }) => topics.includes(topic)),
    /** @throws {Error} it doesn't run here. */
    consumerNamed: (name: string) => found(consumers, name),
    close: async () => delivery?.close(),
  };
}

function found<T extends { readonly name: string }>(all: readonly T[], name: string): T {
  const one = all.find((candidate) => candidate.name === name);
  if (!one) throw new Error(`${name} doesn't run here`);
  return one;
}
