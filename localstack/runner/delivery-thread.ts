import { Worker } from "node:worker_threads";
import type { PipelineConfig } from "../../functions/catalog.ts";
import type { SqliteStateStore } from "../embedded/sqlite-state-store.ts";
import type { DeliveryWorkerData, ReachedByReader } from "./delivery-worker.ts";
import type { OutboxReaderName } from "./outbox-reader.ts";

const note = "delivered";

/** How far the readers have come, as the state remembers it. */
export function readReached(store: SqliteStateStore): ReachedByReader {
  return JSON.parse(store.note(note) ?? "{}") as ReachedByReader;
}

/** A reader that isn't at work stays where it is. */
export function writeReached(store: SqliteStateStore, reached: ReachedByReader): void {
  store.setNote(note, JSON.stringify({ ...readReached(store), ...reached }));
}

/** The readers that these pipelines' outputs need. */
export function readersFor(pipelines: readonly PipelineConfig[]): OutboxReaderName[] {
  const sinks = new Set(pipelines.flatMap(({ settings }) => settings.sinks));
  return [...(sinks.has("http") ? (["deliver"] as const) : []), ...(sinks.has("kafka") ? (["publish"] as const) : [])];
}

/**
 * Delivery in a thread of its own, as it is functions of their own on AWS: `deliver` and `publish` each read the changes at their own pace.
 *
 * How far they have come is stored with the state's next transaction; after a kill in between, their files are cut back to what the state
 * remembers, and the rest is sent again.
 */
export class DeliveryThread {
  readonly #store: SqliteStateStore;
  readonly #worker: Worker;
  /** Never resolves; rejects with what stops the thread. */
  readonly #broken: Promise<never>;
  readonly #ended: Promise<void>;
  #underWay: Promise<void> = Promise.resolve();
  #reached: ReachedByReader;

  constructor(store: SqliteStateStore, data: Omit<DeliveryWorkerData, "reached">) {
    this.#store = store;
    const stored = readReached(store);
    const of = (name: OutboxReaderName) => [name, stored[name] ?? { cursor: 0, lengths: {} }] as const;
    this.#reached = Object.fromEntries(data.readers.map(of)) satisfies ReachedByReader;
    this.#worker = new Worker(new URL("./delivery-worker.ts", import.meta.url), {
      workerData: { ...data, reached: this.#reached } satisfies DeliveryWorkerData,
      resourceLimits: { maxYoungGenerationSizeMb: 16, maxOldGenerationSizeMb: 128 },
    });
    this.#broken = new Promise((_, reject) => this.#worker.once("error", reject));
    this.#ended = new Promise((resolve) => this.#worker.once("exit", () => resolve()));
    // Whoever waits for a delivery gets the error; nobody may be waiting yet.
    this.#broken.catch(() => {});
  }

  /** Has everything delivered that is committed by now, once what was asked for earlier is done; doesn't wait for it itself. */
  async start(): Promise<void> {
    await this.#underWay;
    this.#worker.postMessage("deliver");
    const answer = new Promise<ReachedByReader>((resolve) => this.#worker.once("message", resolve));
    this.#underWay = Promise.race([answer, this.#broken]).then((reached) => {
      this.#reached = reached;
    });
    this.#underWay.catch(() => {});
  }

  /** @throws what has stopped the delivery. */
  finished(): Promise<void> {
    return this.#underWay;
  }

  /** Remembers how far it has come, and lets go of the changes that all readers have passed; for a transaction of the state. */
  remember(): void {
    writeReached(this.#store, this.#reached);
    this.#store.forgetChanges(Math.min(...Object.values(this.#reached).map(({ cursor }) => cursor)));
  }

  async close(): Promise<void> {
    this.#worker.postMessage("close");
    await this.#ended;
  }
}
