import { join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import type { WallTimeMs } from "../../shared/core/units.ts";
import { DirectoryObjectStore } from "../embedded/directory-object-store.ts";
import { clockOf } from "../embedded/system-clock.ts";
import { type DeliverReaderOptions, openDeliverReader } from "./deliver-reader.ts";
import { notBegun, type OutboxReader, type OutboxReaderName, type Reached } from "./outbox-reader.ts";
import { openPublishReader } from "./publish-reader.ts";

/** Of each reader at work. */
export type ReachedByReader = { readonly [Name in OutboxReaderName]?: Reached };

export interface DeliveryWorkerData extends Omit<DeliverReaderOptions, "deadLetters" | "reached" | "clock"> {
  readonly readers: readonly OutboxReaderName[];
  readonly reached: ReachedByReader;
  /** A clock that stands still here; otherwise the wall clock. */
  readonly stillAt: WallTimeMs | undefined;
}

/** What DeliveryThread runs: delivers when it is told to, and says how far each reader has come. */
const data = workerData as DeliveryWorkerData;
const deadLetters = await DirectoryObjectStore.open(join(data.outDirectory, "s3"), { fsync: false });
const readers = await Promise.all(data.readers.map(openReader));

async function openReader(name: OutboxReaderName): Promise<OutboxReader> {
  const options = { ...data, deadLetters, clock: clockOf(data.stillAt), reached: data.reached[name] ?? notBegun };
  return name === "deliver" ? openDeliverReader(options) : openPublishReader(options);
}

parentPort?.on("message", async (message: "deliver" | "close") => {
  if (message === "deliver") {
    const reached = readers.map(async (reader) => [reader.name, await reader.readAll()] as const);
    parentPort?.postMessage(Object.fromEntries(await Promise.all(reached)) satisfies ReachedByReader);
  } else {
    for (const reader of readers) await reader.close();
    parentPort?.close();
  }
});
