import type { Column } from "../core/row.ts";
import type { EventTimeMs } from "../core/units.ts";
import type { FactRecord, KeyedRecord, Pipeline, StreamRecord } from "../pipelines/pipeline.ts";
import type { Engine, FactEngine, KeyedEngine } from "./engine.ts";
import { factIntake } from "./fact-intake.ts";
import { closeBuckets } from "./finalize.ts";
import type { Intake } from "./intake.ts";
import { keyedIntake } from "./keyed-intake.ts";
import { type Emitted, emittedByFact, emittedByState, type OutboxDocument } from "./outputs.ts";
import { type PartitionBatch, processBatch, type Unfinished } from "./process-batch.ts";
import { readProgress, type ScopeProgress } from "./progress.ts";
import { settle } from "./settle.ts";

/** A pipeline with all it runs on: what functions and the runner know of it. */
export interface RunningPipeline {
  readonly name: string;
  readonly kind: Pipeline<StreamRecord>["kind"];
  readonly sources: readonly string[];
  readonly dataset: string;
  readonly columns: readonly Column[];
  readonly scope: "partition" | "topic";
  readonly partitions: number;
  /** The event time of a value, `undefined` where it has none. */
  eventTimeOf(topic: string, value: Uint8Array): EventTimeMs | undefined;
  process(batch: readonly PartitionBatch[], signal?: AbortSignal): Promise<Unfinished[]>;
  /** Closes what can be closed of a partition; returns the final rows written. */
  close(partition: number): Promise<number>;
  /** For recorded input that has come to its end: see `settle`. */
  settle(partition: number, to: "watermark" | "end"): Promise<void>;
  /** What a stored document carries in its outbox, in order. */
  emittedBy(document: OutboxDocument): Emitted[];
  progress(): Promise<ScopeProgress[]>;
}

export function runKeyed<R extends KeyedRecord, S>(engine: KeyedEngine<R, S>): RunningPipeline {
  return {
    ...common(engine, () => keyedIntake(engine)),
    close: (partition) => closeBuckets(engine, partition),
    emittedBy: (document) => emittedByState(engine.pipeline, document),
  };
}

export function runFacts<R extends FactRecord, T>(engine: FactEngine<R, T>): RunningPipeline {
  return {
    ...common(engine, () => factIntake(engine)),
    // Nothing waits: a fact's row is written with its batch.
    close: async () => 0,
    emittedBy: (document) => emittedByFact(engine.pipeline, document),
  };
}

function common<R extends StreamRecord>(engine: Engine<Pipeline<R>>, intakeOfInvocation: () => Intake<R>) {
  const { pipeline, settings } = engine;
  const { name, kind, sources, dataset, columns, scope } = pipeline;
  return {
    ...{ name, kind, sources, dataset, columns, scope },
    partitions: settings.partitions,
    eventTimeOf: (topic: string, value: Uint8Array) => {
      if (!sources.includes(topic)) return undefined;
      const parsed = pipeline.parse(topic, value);
      return parsed.kind === "record" ? parsed.record.time : undefined;
    },
    process: (batch: readonly PartitionBatch[], signal?: AbortSignal) =>
      processBatch(engine, intakeOfInvocation(), batch, signal),
    settle: (partition: number, to: "watermark" | "end") => settle(engine, partition, to),
    progress: () => readProgress(engine),
  };
}
