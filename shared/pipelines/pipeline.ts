import type { Parsed } from "../core/record.ts";
import type { Column, Row } from "../core/row.ts";
import type { DurationMs, EventTimeMs, WallTimeMs } from "../core/units.ts";
import type { Watermark } from "../core/watermark.ts";

/** What the engine must know of any record: its event time, where it has one. Without one nothing is late. */
export interface StreamRecord {
  readonly time: EventTimeMs | undefined;
}

/** A record that changes the state of a key. */
export interface KeyedRecord extends StreamRecord {
  readonly key: string;
  readonly time: EventTimeMs;
}

/** What a step may know of the world, besides its state and its record. */
export interface StepContext {
  readonly partition: number;
  /** As it stood just before this record. */
  readonly watermark: Watermark;
  /** The largest encoded state of a key, in bytes. */
  readonly stateBytesMax: number;
  /** What the key's settled results take beside its state, in bytes. */
  readonly settledBytes: number;
}

export type StepResult<S> =
  | { readonly kind: "accepted"; readonly state: S }
  | { readonly kind: "duplicate" }
  /** The state of its key would pass `stateBytesMax`. */
  | { readonly kind: "oversized"; readonly message: string };

/** A state that is ready to be stored, and the results in it that have changed, as marks that `marked` understands. */
export interface Sealed<S> {
  readonly state: S;
  readonly changed: readonly number[];
}

/** What can no longer change or be asked for, and so need not be kept. */
export interface PruneContext {
  /** Results before this time are closed: their final rows are written. */
  readonly closed: Watermark;
  /** No record of any source is still to be judged by an older watermark than this. At or after `closed`. */
  readonly horizon: Watermark;
}

export interface Pruned<S> {
  readonly state: S;
  readonly settled: readonly SettledResult[];
}

/** A result that nothing can change any more. It waits for its bucket to close, out of the way of the state. */
export interface SettledResult {
  readonly time: EventTimeMs;
  /** Becomes JSON. */
  readonly stored: unknown;
}

/** One result as its state holds it now. */
export interface Result {
  /** What the result is about: its business id. */
  readonly entity: string;
  /** 1 for the first, without holes. */
  readonly revision: number;
  /** The time that decides when it is final, and in which bucket it closes. */
  readonly time: EventTimeMs;
  readonly row: Row;
  /** The key of its message in a Kafka topic: messages of one key stay in order. */
  readonly messageKey: string;
}

/** What every pipeline says of itself: data and pure functions. The engine (shared/runtime) does the rest. */
export interface Pipeline<R extends StreamRecord> {
  /** Where its results come from: the state of keys, or the records themselves. A table has none of its own. */
  readonly kind: "keyed" | "facts" | "table";
  readonly name: string;
  /** Its topics. Stored positions know a source by its place here, so the order never changes. */
  readonly sources: readonly string[];
  /** Whose watermarks count together: a partition number's over all sources, or those of all partitions. */
  readonly scope: "partition" | "topic";
  /** The name of its output, and the columns of it. */
  readonly dataset: string;
  readonly columns: readonly Column[];
  /** The Kafka topic that takes its output where that sink is on. */
  readonly outputTopic: string;
  readonly allowedLateness: DurationMs;
  /** Final rows are written per bucket of this length; without it, each result is final at once. */
  readonly finalInterval?: DurationMs;
  /** The order of rows in a file, where it isn't that of the log or of time. */
  compareRows?(a: Row, b: Row): number;
  /** Reads a record's value; never throws. */
  parse(topic: string, value: Uint8Array): Parsed<R>;
  /** Whether the record comes too late to take effect. */
  isLate(record: R, watermark: Watermark): boolean;
}

/** A pipeline whose results come from the state of a key. `S` is that state: immutable, a step makes a new one. */
export interface KeyedPipeline<R extends KeyedRecord, S> extends Pipeline<R> {
  readonly kind: "keyed";
  readonly finalInterval: DurationMs;
  /** The time of the result that the record may bring about, `undefined` where it can only change those of others. */
  resultTime(record: R): EventTimeMs | undefined;
  readonly emptyState: S;
  /** `bytes`: how long the JSON is. */
  decode(stored: unknown, bytes: number): S;
  /** JSON, as compact as it can still be read. */
  encode(state: S): unknown;
  step(state: S, record: R, context: StepContext): StepResult<S>;
  /** Drops what need not be kept, and takes out what can't change any more but isn't closed. */
  prune(state: S, context: PruneContext): Pruned<S>;
  /** Makes all changes of a result since `stored` one revision, as they are about to be stored together. */
  seal(stored: S, state: S): Sealed<S>;
  /** The results that `seal` named in this state. */
  marked(state: S, marks: readonly number[], of: StateOf): readonly Result[];
  /** The results in `[from, to)` of a key that are still in its state: what a closing bucket holds, beside what was settled. */
  between(state: S, from: EventTimeMs, to: EventTimeMs, of: StateOf): readonly Result[];
  /** A result that `prune` has settled, from its JSON, parsed. */
  settledResult(stored: unknown, of: StateOf): Result;
}

/** A record that is a result by itself, the first time that its id is seen. */
export interface FactRecord extends StreamRecord {
  /** Its business id: the same id is the same fact, in whatever partition. */
  readonly id: string;
  /** What is kept of it: `parse` reads the same record from it. */
  readonly text: string;
}

/** A pipeline whose results are its records, each id once. `D`: a row of the table that they are looked up in. */
export interface FactPipeline<R extends FactRecord, D = unknown> extends Pipeline<R> {
  readonly kind: "facts";
  row(record: R, fact: FactContext<D>): Row;
  /** The key of its message in a Kafka topic. */
  messageKey(record: R): string;
  /** What a message holds: the record's text, byte for byte, or its row as JSON. */
  readonly messageValue: "text" | "row";
  /** What is summed up over the facts. */
  readonly folds: readonly Fold<R>[];
  /** The table that the facts are enriched by, where there is one. */
  readonly lookup?: Lookup<R, D>;
}

/** What is known of a fact besides its record. */
export interface FactContext<D> {
  /** The log's own of the record. */
  readonly timestamp: WallTimeMs;
  /** The row of the table that it was found to belong to; null where there is none, or no table. */
  readonly found: D | null;
  /** 1; 2 where its row of the table was found only later. */
  readonly revision: number;
}

/**
 * A table that facts are looked up in, kept from the changes in a topic of its own. Its partitions go with those of the sources. It has no
 * event times, so it doesn't count towards a watermark.
 */
export interface Lookup<R extends FactRecord, D> {
  readonly topic: string;
  /** How long after its event time a fact waits for a row that isn't there yet. A fact that comes late waits no more. */
  readonly wait: DurationMs;
  keyOf(record: R): string;
  /** Reads a change of the table; never throws. */
  parseChange(value: Uint8Array): Parsed<TableChange<D>>;
}

/** `D` becomes JSON. */
export interface TableChange<D> {
  readonly key: string;
  /** As it is from now on; null where it is gone. */
  readonly row: D | null;
}

/**
 * A total `T` per key over its facts, and the list of them where it has `entry`. Whoever reads them right after a fact was processed finds
 * it in both, and the total is always that of the list. `T` and the entries become JSON.
 */
export interface Fold<R extends FactRecord, T = unknown> {
  /** Tells it apart from other folds of its pipeline. */
  readonly name: string;
  /** Whose total the record goes into; `undefined`: nobody's. */
  keyOf(record: R, context: FoldContext): string | undefined;
  readonly empty: T;
  /** The total with more facts, in order. */
  add(total: T, records: readonly R[], context: FoldContext): T;
  /** What the list shows of a fact. */
  entry?(record: R, timestamp: WallTimeMs): unknown;
  /** When the total of a key is forgotten; never without it. */
  expiryOf?(key: string): WallTimeMs;
}

export interface FoldContext {
  readonly partition: number;
  /** The wall clock; `undefined` where nothing is ever too old. */
  readonly now: WallTimeMs | undefined;
}

/** Whose state it is. */
export interface StateOf {
  readonly key: string;
  readonly partition: number;
}
