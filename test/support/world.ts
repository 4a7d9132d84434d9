import { SqliteStateStore } from "../../localstack/embedded/sqlite-state-store.ts";
import type { LogRecord } from "../../shared/core/record.ts";
import type { Row } from "../../shared/core/row.ts";
import { type AttributionSettings, attribution } from "../../shared/pipelines/attribution/attribution.ts";
import type { ClickRecord, ViewRecord } from "../../shared/pipelines/attribution/records.ts";
import type { UserState } from "../../shared/pipelines/attribution/state.ts";
import type { StateStore } from "../../shared/ports/state-store.ts";
import { addCounts, type Counts, noCounts, recordsRead } from "../../shared/runtime/counts.ts";
import type { EngineSettings, KeyedEngine, SourcePartition } from "../../shared/runtime/engine.ts";
import { readEntity } from "../../shared/runtime/entity.ts";
import { closingScope, entityKey, rowKey } from "../../shared/runtime/keys.ts";
import type { Output } from "../../shared/runtime/outputs.ts";
import { commitRow, type PartitionRow, readRow } from "../../shared/runtime/partition-row.ts";
import type { PartitionBatch, Unfinished } from "../../shared/runtime/process-batch.ts";
import { rejectedEvents } from "../../shared/runtime/rejections.ts";
import { type RunningPipeline, runPipeline } from "../../shared/runtime/running-pipeline.ts";
import { settle } from "../../shared/runtime/settle.ts";
import { jsonRowFormat, jsonRowsOf } from "./json-row-format.ts";
import { MemoryObjectStore } from "./memory-object-store.ts";

export type WorldSettings = AttributionSettings & EngineSettings;

const minute = 60_000;
const defaults: WorldSettings = {
  partitions: 3,
  allowedLateness: 2 * minute,
  attributionWindow: 30 * minute,
  finalInterval: 5 * minute,
  maxFutureSkew: 5 * minute,
  futureClock: "record",
  stateBytesMax: 262_144,
  immediate: true,
  finals: true,
};

export interface WorldOptions {
  readonly settings?: Partial<WorldSettings>;
  /** What stands between the engine and its store: where a test does harm. */
  readonly interpose?: (store: StateStore) => StateStore;
}

let worlds = 0;

/** What became of the records of a topic, as `summary.json` tells it. */
export type TopicCounts = Omit<Counts, "revisions"> & { readonly read: number };

/** The attribution pipeline on the real engine, with all that it writes in reach of a test. */
export class World {
  readonly settings: WorldSettings;
  /** The wall clock of everything here. */
  now = 0;
  readonly #options: WorldOptions;
  /** A database in memory that every store which opens it by its name shares. */
  readonly #path = `file:world-${worlds++}?mode=memory&cache=shared`;
  readonly #objects = new MemoryObjectStore();
  #store: SqliteStateStore;
  #engine: KeyedEngine<ClickRecord | ViewRecord, UserState>;
  #pipeline: RunningPipeline;

  constructor(options: WorldOptions = {}) {
    this.#options = options;
    this.settings = { ...defaults, ...options.settings };
    ({ store: this.#store, engine: this.#engine, pipeline: this.#pipeline } = this.#open());
  }

  /** One delivery: the records of each topic and partition in it are one batch. */
  deliver(records: readonly LogRecord[], signal?: AbortSignal): Promise<Unfinished[]> {
    const batches = new Map<string, PartitionBatch & { records: LogRecord[] }>();
    for (const record of records) {
      const { topic, partition } = record;
      const batch = batches.get(`${topic}-${partition}`) ?? { topic, partition, records: [] };
      batches.set(`${topic}-${partition}`, batch);
      batch.records.push(record);
    }
    return this.#pipeline.process([...batches.values()], signal);
  }

  /** Closes what can be closed. Returns the final rows written. */
  async close(): Promise<number> {
    let rows = 0;
    for (const partition of this.#partitions()) rows += await this.#pipeline.close(partition);
    return rows;
  }

  /** Settles recorded input that has come to an end, then closes what that lets close. */
  async settle(to: "watermark" | "end"): Promise<number> {
    for (const partition of this.#partitions()) await settle(this.#engine, partition, to);
    return this.close();
  }

  /** Death and a new start: only what is stored is left. */
  restart(): void {
    const before = this.#store;
    ({ store: this.#store, engine: this.#engine, pipeline: this.#pipeline } = this.#open());
    // Not earlier: a database in memory goes with the last that has it open.
    before.close();
  }

  end(): void {
    this.#store.close();
  }

  /** The final rows, object by object. */
  finals(): Promise<Row[]> {
    return this.#rowsUnder(`${this.#pipeline.dataset}/`);
  }

  rejections(): Promise<Row[]> {
    return this.#rowsUnder(`${rejectedEvents}/`);
  }

  /** Everything that has left at once, in order. */
  revisions(): Output[] {
    const changes = this.#store.changes.after(0, Number.MAX_SAFE_INTEGER);
    return changes.flatMap(({ document }) => this.#pipeline.emittedBy(document).map(({ output }) => output));
  }

  async counts(): Promise<Record<string, TopicCounts>> {
    const counts: Record<string, TopicCounts> = {};
    for (const topic of this.#pipeline.sources) {
      const rows = await Promise.all(this.#partitions().map((partition) => this.row({ topic, partition })));
      const sum = rows.map((row) => row.counts).reduce(addCounts, noCounts);
      const { revisions: _, ...fates } = sum;
      counts[topic] = { read: recordsRead(sum), ...fates };
    }
    return counts;
  }

  async row(source: SourcePartition): Promise<PartitionRow> {
    const key = rowKey(this.#engine.pipeline, source);
    return readRow((await this.#store.progress.read([key])).get(key));
  }

  /** As whoever watches for silence would mark it. */
  async markIdle(source: SourcePartition): Promise<void> {
    const row = { ...(await this.row(source)), idle: true };
    await commitRow(this.#store.progress, rowKey(this.#engine.pipeline, source), row);
  }

  /** What is kept of a user. */
  async stateOf(key: string, partition = 0): Promise<UserState> {
    return (await this.#entityOf(key, partition)).state;
  }

  /** The lines of a user's page views that wait for their bucket to close. */
  async settledOf(key: string, partition = 0): Promise<string> {
    return (await this.#entityOf(key, partition)).settled;
  }

  /** How many lists of keys wait for a bucket of a partition to close. */
  async dueLists(partition = 0): Promise<number> {
    const lists = this.#store.due.upTo(closingScope(this.#engine.pipeline, partition), Number.MAX_SAFE_INTEGER);
    let count = 0;
    for await (const _ of lists) count++;
    return count;
  }

  async #entityOf(key: string, partition: number) {
    const of = { key, partition };
    const name = entityKey(this.#engine.pipeline, of);
    return readEntity(this.#engine.pipeline, of, (await this.#store.entities.read([name])).get(name));
  }

  #open() {
    const clock = { now: () => this.now };
    const store = new SqliteStateStore({ path: this.#path, clock });
    const { interpose = (same: StateStore) => same } = this.#options;
    const engine: KeyedEngine<ClickRecord | ViewRecord, UserState> = {
      pipeline: attribution(this.settings),
      settings: this.settings,
      store: interpose(store),
      objects: this.#objects,
      rowFormat: jsonRowFormat,
      clock,
      meter: { count: () => {} },
    };
    return { store, engine, pipeline: runPipeline(engine) };
  }

  #partitions(): number[] {
    return Array.from({ length: this.settings.partitions }, (_, partition) => partition);
  }

  async #rowsUnder(prefix: string): Promise<Row[]> {
    const rows: Row[] = [];
    for await (const name of this.#objects.list(prefix)) {
      rows.push(...jsonRowsOf((await this.#objects.read(name)) ?? new Uint8Array()));
    }
    return rows;
  }
}
