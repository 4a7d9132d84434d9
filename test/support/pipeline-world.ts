import { DatabaseSync } from "node:sqlite";
import { SqliteStateStore } from "../../localstack/embedded/sqlite-state-store.ts";
import type { LogRecord } from "../../shared/core/record.ts";
import type { Row } from "../../shared/core/row.ts";
import type { Pipeline, StreamRecord } from "../../shared/pipelines/pipeline.ts";
import { type Meter, silentMeter } from "../../shared/ports/meter.ts";
import type { ObjectStore } from "../../shared/ports/object-store.ts";
import type { Output } from "../../shared/ports/output.ts";
import type { StateStore } from "../../shared/ports/state-store.ts";
import { addCounts, type Counts, noCounts, recordsRead } from "../../shared/runtime/counts.ts";
import type { Engine, EngineSettings, SourcePartition } from "../../shared/runtime/engine.ts";
import { closingScope, rowKey } from "../../shared/runtime/keys.ts";
import type { Emitted } from "../../shared/runtime/outputs.ts";
import { commitRow, type PartitionRow, readRow } from "../../shared/runtime/partition-row.ts";
import type { PartitionBatch, Unfinished } from "../../shared/runtime/process-batch.ts";
import { rejectedEvents } from "../../shared/runtime/rejections.ts";
import type { RunningPipeline } from "../../shared/runtime/running-pipeline.ts";
import { jsonRowFormat, jsonRowsOf } from "./json-row-format.ts";
import { MemoryObjectStore } from "./memory-object-store.ts";

export const defaultEngineSettings: EngineSettings = {
  partitions: 3,
  maxFutureSkew: 5 * 60_000,
  futureClock: "record",
  stateBytesMax: 262_144,
  immediate: true,
  finals: true,
  views: true,
  forgets: false,
};

export interface PipelineWorldOptions<P extends Pipeline<StreamRecord>> {
  readonly pipeline: P;
  /** `runKeyed` or `runFacts`. */
  readonly run: (engine: Engine<P>) => RunningPipeline;
  readonly settings?: Partial<EngineSettings>;
  /** What stands between the engine and its store: where a test does harm. */
  readonly interpose?: (store: StateStore) => StateStore;
  readonly interposeObjects?: (objects: ObjectStore) => ObjectStore;
  readonly meter?: Meter;
}

let worlds = 0;

/** What became of the records of a topic, as `summary.json` tells it. */
export type TopicCounts = Omit<Counts, "revisions" | "finals"> & { readonly read: number };

/** A pipeline on the real engine, with all that it writes in reach of a test. */
export class PipelineWorld<P extends Pipeline<StreamRecord>> {
  readonly settings: EngineSettings;
  /** The wall clock of everything here. */
  now = 0;
  readonly objects = new MemoryObjectStore();
  readonly #options: PipelineWorldOptions<P>;
  /** A database in memory that every store which opens it by its name shares. */
  readonly #path = `file:world-${worlds++}?mode=memory&cache=shared`;
  #open: { store: SqliteStateStore; engine: Engine<P>; running: RunningPipeline };

  constructor(options: PipelineWorldOptions<P>) {
    this.#options = options;
    this.settings = { ...defaultEngineSettings, ...options.settings };
    this.#open = this.#opened();
  }

  get store(): SqliteStateStore {
    return this.#open.store;
  }

  get engine(): Engine<P> {
    return this.#open.engine;
  }

  get running(): RunningPipeline {
    return this.#open.running;
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
    return this.running.process([...batches.values()], signal);
  }

  /** Closes what can be closed. Returns the final rows written. */
  async close(): Promise<number> {
    let rows = 0;
    for (const partition of this.#scopes()) rows += await this.running.close(partition);
    return rows;
  }

  /** Settles recorded input that has come to an end, then closes what that lets close. */
  async settle(to: "watermark" | "end"): Promise<number> {
    for (const partition of this.#scopes()) await this.running.settle(partition, to);
    return this.close();
  }

  /** Death and a new start: only what is stored is left. */
  restart(): void {
    const before = this.store;
    this.#open = this.#opened();
    // Not earlier: a database in memory goes with the last that has it open.
    before.close();
  }

  end(): void {
    this.store.close();
  }

  /** The final rows, object by object. */
  finals(): Promise<Row[]> {
    return this.#rowsUnder(`${this.running.dataset}/`);
  }

  rejections(): Promise<Row[]> {
    return this.#rowsUnder(`${rejectedEvents}/`);
  }

  /** Everything that has left at once, in order, in all its forms. */
  emitted(): Emitted[] {
    const changes = this.store.changes.after(0, Number.MAX_SAFE_INTEGER);
    return changes.flatMap(({ document }) => this.running.emittedBy(document));
  }

  /** Everything that has left at once, in order. */
  revisions(): Output[] {
    return this.emitted().map(({ output }) => output);
  }

  async counts(): Promise<Record<string, TopicCounts>> {
    const counts: Record<string, TopicCounts> = {};
    for (const topic of [...this.running.sources, ...this.running.tables]) {
      const rows = await Promise.all(this.#partitions().map((partition) => this.row({ topic, partition })));
      const sum = rows.map((row) => row.counts).reduce(addCounts, noCounts);
      const { revisions: _, finals: __, ...fates } = sum;
      counts[topic] = { read: recordsRead(sum), ...fates };
    }
    return counts;
  }

  async row(source: SourcePartition): Promise<PartitionRow> {
    const key = rowKey(this.running, source);
    return readRow((await this.store.progress.read([key])).get(key));
  }

  /** As whoever watches for silence would mark it. */
  async markIdle(source: SourcePartition): Promise<void> {
    const row = { ...(await this.row(source)), idle: true };
    await commitRow(this.store.progress, rowKey(this.running, source), row);
  }

  /** How many lists of keys wait for a bucket of a partition to close. */
  async dueLists(partition = 0): Promise<number> {
    const lists = this.store.due.upTo(closingScope(this.running, partition), Number.MAX_SAFE_INTEGER);
    let count = 0;
    for await (const _ of lists) count++;
    return count;
  }

  /** Every document that holds state, with the bytes of all that is in it. */
  entities(): { key: string; bytes: number; expiresAt: number | null }[] {
    const database = new DatabaseSync(this.#path);
    const size =
      "length(cast(body AS BLOB)) + length(cast(ifnull(settled, '') AS BLOB)) + length(cast(ifnull(outbox, '') AS BLOB))";
    const rows = database.prepare(`SELECT key, ${size} AS bytes, expires_at AS expiresAt FROM entities`).all();
    database.close();
    return rows as { key: string; bytes: number; expiresAt: number | null }[];
  }

  #opened() {
    const { pipeline, run, interpose, interposeObjects, meter = silentMeter } = this.#options;
    const clock = { now: () => this.now };
    const store = new SqliteStateStore({ path: this.#path, clock });
    const engine: Engine<P> = {
      pipeline,
      settings: this.settings,
      store: interpose ? interpose(store) : store,
      objects: interposeObjects ? interposeObjects(this.objects) : this.objects,
      rowFormat: jsonRowFormat,
      clock,
      meter,
    };
    return { store, engine, running: run(engine) };
  }

  #partitions(): number[] {
    return Array.from({ length: this.settings.partitions }, (_, partition) => partition);
  }

  #scopes(): number[] {
    return this.running.scope === "topic" ? [0] : this.#partitions();
  }

  async #rowsUnder(prefix: string): Promise<Row[]> {
    const rows: Row[] = [];
    for await (const name of this.objects.list(prefix)) {
      rows.push(...jsonRowsOf((await this.objects.read(name)) ?? new Uint8Array()));
    }
    return rows;
  }
}
