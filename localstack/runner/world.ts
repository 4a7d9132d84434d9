import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { createHandler as createAttribution } from "../../functions/attribution/handler.ts";
import { createHandler as createDeliver } from "../../functions/deliver/handler.ts";
import { createHandler as createFinalize } from "../../functions/finalize/handler.ts";
import { attribution } from "../../shared/pipelines/attribution/attribution.ts";
import { runPipeline } from "../../shared/runtime/running-pipeline.ts";
import type { PipelineSettings } from "../../shared/settings/settings.ts";
import { HttpsEndpoint } from "../../shared/sinks/http/https-endpoint.ts";
import { parquetFormat } from "../../shared/sinks/parquet/parquet-format.ts";
import { DirectoryObjectStore } from "../embedded/directory-object-store.ts";
import type { SqliteStateStore } from "../embedded/sqlite-state-store.ts";
import { systemClock } from "../embedded/system-clock.ts";
import { LoopbackEndpoint } from "../endpoint/loopback-endpoint.ts";
import { OutputFile } from "./output-file.ts";

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
  /** Outputs per HTTP request. */
  readonly batchMax: number;
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
    },
    store,
    objects,
    rowFormat: parquetFormat,
    clock,
    meter: { count: () => {} },
  } as const;
  const pipeline = runPipeline(engine);
  const http = sinks.has("http") ? await openHttp(store, outDirectory) : undefined;
  return {
    engine,
    pipeline,
    store,
    objects,
    http,
    handlers: {
      attribution: createAttribution({ pipeline, failures: "report" }),
      finalize: createFinalize({ pipelines: [pipeline] }),
      deliver:
        http &&
        createDeliver({
          pipelines: [pipeline],
          delivery: { endpoint: http.endpoint, deadLetters: objects, settings: { batchMax: options.batchMax, lines: 1 } },
          clock,
        }),
    },
    close: async () => http?.close(),
  };
}

const deliveriesLength = "length of http/deliveries.ndjson";

/** The HTTP endpoint that deliveries go to, and what it has accepted so far. */
async function openHttp(store: SqliteStateStore, outDirectory: string) {
  const deliveries = new OutputFile(join(outDirectory, "http", "deliveries.ndjson"), Number(store.note(deliveriesLength) ?? 0));
  const secret = `whsec_${randomBytes(24).toString("base64")}`;
  const server = await LoopbackEndpoint.start({
    secrets: [secret],
    onAccepted: async (outputs) => {
      for (const output of outputs) deliveries.add(JSON.stringify(output));
    },
  });
  const endpoint = new HttpsEndpoint({ url: server.url, secrets: [secret] });
  return {
    endpoint,
    url: server.url,
    /** Remembers, with the state, how much of the file stands for good. */
    keep: () => store.setNote(deliveriesLength, String(deliveries.flush())),
    async close(): Promise<void> {
      endpoint.close();
      await server.stop();
      deliveries.close();
    },
  };
}
