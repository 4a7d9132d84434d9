import type { Parsed } from "../core/record.ts";
import type { Column, Row } from "../core/row.ts";
import type { DurationMs, EventTimeMs } from "../core/units.ts";
import type { Watermark } from "../core/watermark.ts";

/** What the engine must know of a record to put it in its place. */
export interface KeyedRecord {
  /** The key whose state it changes. */
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
}

/**
 * A pipeline whose results come from the state of a key: data and pure functions. The engine (shared/runtime) does the rest.
 * `R` is its record, `S` the state of a key: immutable, a step makes a new one.
 */
export interface KeyedPipeline<R extends KeyedRecord, S> {
  readonly name: string;
  /** Its topics. Stored positions know a source by its place here, so the order never changes. */
  readonly sources: readonly string[];
  /** Whose watermarks count together: a partition number's over all sources, or those of all partitions. */
  readonly scope: "partition" | "topic";
  /** The name of its output, and the columns of it. */
  readonly dataset: string;
  readonly columns: readonly Column[];
  readonly allowedLateness: DurationMs;
  /** Final rows are written per bucket of this length. */
  readonly finalInterval: DurationMs;
  /** Reads a record's value; never throws. */
  parse(topic: string, value: Uint8Array): Parsed<R>;
  /** The time of the result that the record may bring about, `undefined` where it can only change those of others. */
  resultTime(record: R): EventTimeMs | undefined;
  /** Whether the record comes too late to take effect. */
  isLate(record: R, watermark: Watermark): boolean;
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

/** Whose state it is. */
export interface StateOf {
  readonly key: string;
  readonly partition: number;
}
