import { createHandler as createBackfill } from "../../functions/backfill/handler.ts";
import { emitterOf, type PipelineConfig, runConfigured, type Surroundings } from "../../functions/catalog.ts";
import { createHandler as createStore } from "../../functions/clickhouse/handler.ts";
import { createHandler as createConsume } from "../../functions/consume/handler.ts";
import { createHandler as createDeliver } from "../../functions/deliver/handler.ts";
import { createHandler as createFinalize } from "../../functions/finalize/handler.ts";
import { createHandler as createPublish } from "../../functions/publish/handler.ts";
import type { WallTimeMs } from "../../shared/core/units.ts";
import type { Clock } from "../../shared/ports/clock.ts";
import { silentMeter } from "../../shared/ports/meter.ts";
import type { ObjectStore } from "../../shared/ports/object-store.ts";
import type { EndpointSinkSettings } from "../../shared/runtime/immediate-sinks.ts";
import type { RunningPipeline } from "../../shared/runtime/running-pipeline.ts";
import { jsonRowFormat } from "../support/json-row-format.ts";
import { MemoryObjectStore } from "../support/memory-object-store.ts";
import type { Actor, Scheduler } from "./scheduler.ts";
import { simulatedEventRows } from "./simulated-event-rows.ts";
import type { SimulatedSinks } from "./simulated-sinks.ts";
import { openGate, type SimulatedTables, simulatedStore } from "./simulated-store.ts";
import type { Topics } from "./topics.ts";

export interface DeployedFunctionsOptions {
  readonly config: PipelineConfig;
  readonly scheduler: Scheduler;
  readonly tables: SimulatedTables;
  readonly sinks: SimulatedSinks;
  readonly now: () => WallTimeMs;
  /** Whether a request for several things goes as several. */
  readonly splits: () => boolean;
  readonly onObject: (name: string, bytes: Uint8Array) => void;
}

/** The functions of a deployment, as they are in production: only what stands behind their ports isn't. */
export class DeployedFunctions {
  /** All objects by their names. */
  readonly objects = new Map<string, Uint8Array>();
  readonly #objectStore = new MemoryObjectStore();
  readonly #options: DeployedFunctionsOptions;

  constructor(options: DeployedFunctionsOptions) {
    this.#options = options;
  }

  consume(actor: Actor, failures: "report" | "throw") {
    return createConsume({ pipeline: this.running(actor), failures });
  }

  finalize(actor: Actor) {
    return createFinalize({ pipelines: [this.running(actor)] });
  }

  deliver(actor: Actor, settings: EndpointSinkSettings) {
    const delivery = { endpoint: this.#options.sinks.endpoint(actor), deadLetters: this.#objectsOf(actor), settings };
    return createDeliver({ pipelines: [emitterOf(this.#options.config)], delivery, clock: this.#clockOf(actor) });
  }

  publish(actor: Actor) {
    const delivery = { producer: this.#options.sinks.producer(actor), deadLetters: this.#objectsOf(actor) };
    return createPublish({ pipelines: [emitterOf(this.#options.config)], delivery, clock: this.#clockOf(actor) });
  }

  backfill(actor: Actor, topics: Topics) {
    const { config, scheduler } = this.#options;
    if (config.name !== "engagement") throw new Error(`${config.name} has no backfill`);
    const rows = simulatedEventRows(topics, scheduler, actor);
    const openSink = () => Promise.reject(new Error("no sink is repaired alone here"));
    return createBackfill({ settings: config.settings, surroundings: this.surroundings(actor), rows, openSink });
  }

  /** Reads the topic of results for a database. */
  store(actor: Actor, failures: "report" | "throw") {
    const store = this.#options.sinks.resultStore(actor);
    return createStore({ store, deadLetters: this.#objectsOf(actor), clock: this.#clockOf(actor), failures });
  }

  /** Without an actor: for who looks on, and has nobody in between. */
  running(actor?: Actor): RunningPipeline {
    return runConfigured(this.#options.config, this.surroundings(actor));
  }

  surroundings(actor?: Actor): Surroundings {
    const { scheduler, tables, splits } = this.#options;
    const clock = this.#clockOf(actor);
    const call = <T>(kind: "read" | "write", label: string, run: () => T) =>
      scheduler.call(actor as Actor, kind, label, run);
    const store = simulatedStore(tables, clock, actor ? { call, splits } : openGate);
    const objects = actor ? this.#objectsOf(actor) : this.#objectStore;
    const rest = { rowFormat: jsonRowFormat, clock, meter: silentMeter } as const;
    return { store, objects, ...rest, futureClock: "wall", expires: true };
  }

  #clockOf(actor?: Actor): Clock {
    return { now: () => this.#options.now() + (actor?.skew ?? 0) };
  }

  #objectsOf(actor: Actor): ObjectStore {
    const { scheduler, onObject } = this.#options;
    return {
      create: (name, bytes) =>
        scheduler.call(actor, "write", `create ${name}`, () => {
          if (!this.objects.has(name)) {
            this.objects.set(name, bytes.slice());
            onObject(name, bytes);
          }
          return this.#objectStore.create(name, bytes);
        }),
      read: (name) => scheduler.call(actor, "read", `get ${name}`, () => this.#objectStore.read(name)),
      list: (prefix) => this.#objectStore.list(prefix),
    };
  }
}
