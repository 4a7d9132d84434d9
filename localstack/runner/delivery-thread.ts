import { Worker } from "node:worker_threads";
import type { SqliteStateStore } from "../embedded/sqlite-state-store.ts";
import type { DeliveryWorkerData } from "./delivery-worker.ts";
import type { Delivered } from "./http-delivery.ts";

const note = "delivered";

/** How far deliveries have come, as the state remembers it. */
export function readDelivered(store: SqliteStateStore): Delivered {
  return JSON.parse(store.note(note) ?? '{"cursor":0,"bytes":0}') as Delivered;
}

export function writeDelivered(store: SqliteStateStore, delivered: Delivered): void {
  store.setNote(note, JSON.stringify(delivered));
}

/**
 * Delivery in a thread of its own, as it is a function of its own on AWS.
 *
 * How far it has come is stored with the state's next transaction; after a kill in between, `deliveries.ndjson` is cut back to what the
 * state remembers, and the rest is sent again.
 */
export class DeliveryThread {
  readonly #store: SqliteStateStore;
  readonly #worker: Worker;
  /** Never resolves; rejects with what stops the thread. */
  readonly #broken: Promise<never>;
  readonly #ended: Promise<void>;
  #underWay: Promise<void> = Promise.resolve();
  #delivered: Delivered;

  constructor(store: SqliteStateStore, data: DeliveryWorkerData) {
    this.#store = store;
    this.#delivered = data.delivered;
    this.#worker = new Worker(new URL("./delivery-worker.ts", import.meta.url), {
      workerData: data,
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
    const answer = new Promise<Delivered>((resolve) => this.#worker.once("message", resolve));
    this.#underWay = Promise.race([answer, this.#broken]).then((delivered) => {
      this.#delivered = delivered;
    });
    this.#underWay.catch(() => {});
  }

  /** @throws what has stopped the delivery. */
  finished(): Promise<void> {
    return this.#underWay;
  }

  /** Remembers how far it has come; for a transaction of the state. */
  remember(): void {
    writeDelivered(this.#store, this.#delivered);
    this.#store.forgetChanges(this.#delivered.cursor);
  }

  async close(): Promise<void> {
    this.#worker.postMessage("close");
    await this.#ended;
  }
}
