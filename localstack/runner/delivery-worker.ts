import { join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { attribution } from "../../shared/pipelines/attribution/attribution.ts";
import { emittedByState } from "../../shared/runtime/outputs.ts";
import type { PipelineSettings } from "../../shared/settings/settings.ts";
import { DirectoryObjectStore } from "../embedded/directory-object-store.ts";
import { type HttpDeliveryOptions, openHttpDelivery } from "./http-delivery.ts";

/** What DeliveryThread runs: delivers when it is told to, and says how far it has come. */
export type DeliveryWorkerData = HttpDeliveryOptions & { readonly settings: PipelineSettings<"attribution"> };

const { settings, ...options } = workerData as DeliveryWorkerData;
const pipeline = attribution(settings);
const deadLetters = await DirectoryObjectStore.open(join(options.outDirectory, "s3"), { fsync: false });
const delivery = await openHttpDelivery(
  { name: pipeline.name, emittedBy: (document) => emittedByState(pipeline, document) },
  deadLetters,
  options,
);
parentPort?.on("message", async (message: "deliver" | "close") => {
  if (message === "deliver") parentPort?.postMessage(await delivery.deliverAll());
  else {
    await delivery.close();
    parentPort?.close();
  }
});
