import type { DurationMs } from "../core/units.ts";
import type {
  FactPipeline,
  FactRecord,
  KeyedPipeline,
  KeyedRecord,
  Pipeline,
  StreamRecord,
} from "../pipelines/pipeline.ts";
import type { Clock } from "../ports/clock.ts";
import type { Meter } from "../ports/meter.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import type { RowFormat } from "../ports/row-format.ts";
import type { StateStore } from "../ports/state-store.ts";

/** What holds for a deployment of a pipeline rather than for its meaning. */
export interface EngineSettings {
  /** Partitions per source; the same for all of them. */
  readonly partitions: number;
  /** How far ahead of the clock an event time may lie. */
  readonly maxFutureSkew: DurationMs;
  /** `wall`: ahead of the wall clock as the batch was claimed. `record`: ahead of the record's own timestamp, for recorded input. */
  readonly futureClock: "wall" | "record";
  /** The largest encoded state of a key, in bytes. */
  readonly stateBytesMax: number;
  /** Whether a sink takes every revision at once, so that changed results go through the outbox. */
  readonly immediate: boolean;
  /** Whether a sink takes final rows. */
  readonly finals: boolean;
  /** Whether totals and lists per key are kept, where the pipeline has them. */
  readonly views: boolean;
  /** Whether totals forget what is too old by the wall clock. */
  readonly forgets: boolean;
  /** How long the state of a key outlives its last write, and the id of a fact its first; without it, for ever. */
  readonly retention?: DurationMs;
}

/** A pipeline and what it runs on. */
export interface Engine<P extends Pipeline<StreamRecord> = Pipeline<StreamRecord>> {
  readonly pipeline: P;
  readonly settings: EngineSettings;
  readonly store: StateStore;
  readonly objects: ObjectStore;
  readonly rowFormat: RowFormat;
  readonly clock: Clock;
  readonly meter: Meter;
}

export type KeyedEngine<R extends KeyedRecord, S> = Engine<KeyedPipeline<R, S>>;
export type FactEngine<R extends FactRecord, D = unknown> = Engine<FactPipeline<R, D>>;

/** A partition of one of the pipeline's sources. */
export interface SourcePartition {
  readonly topic: string;
  readonly partition: number;
}

/** The other source partitions whose watermarks count together with this one's. */
export function peersOf(engine: Engine, own: SourcePartition): SourcePartition[] {
  return partitionsTogether(engine, own.partition).filter(
    ({ topic, partition }) => topic !== own.topic || partition !== own.partition,
  );
}

/** All source partitions whose watermarks count together with `partition`'s. */
export function partitionsTogether(
  { pipeline, settings }: Pick<Engine, "pipeline" | "settings">,
  partition: number,
): SourcePartition[] {
  const numbers =
    pipeline.scope === "partition" ? [partition] : Array.from({ length: settings.partitions }, (_, i) => i);
  return pipeline.sources.flatMap((topic) => numbers.map((number) => ({ topic, partition: number })));
}
