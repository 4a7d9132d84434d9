import { join } from "node:path";
import { createHandler as createAttribution } from "../../functions/consume/handler.ts";
import { createHandler as createFinalize } from "../../functions/finalize/handler.ts";
import { attribution } from "../../shared/pipelines/attribution/attribution.ts";
import { runKeyed } from "../../shared/runtime/running-pipeline.ts";
import type { PipelineSettings } from "../../shared/settings/settings.ts";
import { parquetFormat } from "../../shared/sinks/parquet/parquet-format.ts";
import { DirectoryObjectStore } from "../embedded/directory-object-store.ts";
import type { SqliteStateStore } from "../embedded/sqlite-state-store.ts";
import { systemClock } from "../embedded/system-clock.ts";
import { DeliveryThread, readDelivered } from "./delivery-thread.ts";
import { consumerOf } from "./triggers.ts";

export type Sink = "s3" | "http";

export interface WorldOptions {
  readonly settings: PipelineSettings<"attribution">;
  readonly partitions: number;
  readonly sinks: ReadonlySet<Sink>;
  readonly store: SqliteStateStore;
  readonly outDirectory: string;
  readonly futureClock: "wall" | "record";
  /** Whether objects survive a power failure, as the state does; a kill they survive anyway. */
  readonly durable: boolean;
  /** The store's file: deliveries are read from it in another thread. */
  readonly statePath: string;
  /** Outputs per HTTP request. */
  readonly batchMax: number;
  /** Tries of a delivery before the run fails. */
  readonly deliveryTries: number;
}

/** Everything that AWS provides to a pipeline, on this machine: the real handlers over embedded stores. */
export type World = Awaited<ReturnType<typeof openWorld>>;

export async function openWorld(options: WorldOptions) {
  const { settings, partitions, sinks, store, outDirectory } = options;
  const clock = systemClock;
  const objects = await DirectoryObjectStore.open(join(outDirectory, "s3"), { fsync: options.durable });
  const engine = {
    pipeline: attribution(settings),
    settings: {
      partitions,
      maxFutureSkew: settings.maxFutureSkew,
      futureClock: options.futureClock,
      stateBytesMax: settings.stateBytesMax,
      immediate: sinks.has("http"),
      finals: sinks.has("s3"),
      views: false,
    },
    store,
    objects,
    rowFormat: parquetFormat,
    clock,
    meter: { count: () => {} },
  } as const;
  const pipeline = runKeyed(engine);
  const delivery = sinks.has("http")
    ? new DeliveryThread(store, {
        settings,
        statePath: options.statePath,
        outDirectory,
        delivered: readDelivered(store),
        batchMax: options.batchMax,
        tries: options.deliveryTries,
      })
    : undefined;
  const consumers = { attribution: createAttribution({ pipeline, failures: "report" }) };
  return {
    engine,
    pipeline,
    store,
    objects,
    delivery,
    handlers: { ...consumers, finalize: createFinalize({ pipelines: [pipeline] }) },
    /** The function that the manifest has a topic's records go to, with its batch size. */
    consumerOf(topic: string) {
      const consumer = consumerOf(topic);
      if (!consumer || !pipeline.sources.includes(topic)) return undefined;
      const handlers: Partial<Record<string, (typeof consumers)["attribution"]>> = consumers;
      const handler = handlers[consumer.name];
      if (!handler) throw new Error(`functions/manifest.ts: nothing here runs ${consumer.name}`);
      return { handler, batchSize: consumer.batchSize };
    },
    close: async () => delivery?.close(),
  };
}
