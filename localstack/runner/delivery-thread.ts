import { once } from "node:events";
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
  #underWay: Promise<void> = Promise.resolve();
  #delivered: Delivered;

  constructor(store: SqliteStateStore, data: DeliveryWorkerData) {
    this.#store = store;
    this.#delivered = data.delivered;
    this.#worker = new Worker(new URL("./delivery-worker.ts", import.meta.url), {
      workerData: data,
      resourceLimits: { maxYoungGenerationSizeMb: 16, maxOldGenerationSizeMb: 128 },
    });
  }

  /** Has everything delivered that is committed by now, once what was asked for earlier is done; doesn't wait for it itself. */
  async start(): Promise<void> {
    await this.#underWay;
    this.#worker.postMessage("deliver");
    this.#underWay = once(this.#worker, "message").then(([delivered]) => {
      this.#delivered = delivered as Delivered;
    });
    // Whoever waits for it gets the error; nobody may be waiting yet.
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
    const ended = once(this.#worker, "exit").catch(() => {});
    this.#worker.postMessage("close");
    await ended;
  }
}
