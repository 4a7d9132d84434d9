import type { Column } from "../core/row.ts";
import type { EventTimeMs } from "../core/units.ts";
import type { KeyedRecord } from "../pipelines/pipeline.ts";
import type { KeyedEngine } from "./engine.ts";
import { closeBuckets } from "./finalize.ts";
import { type Emitted, emittedByState, type OutboxDocument } from "./outputs.ts";
import { type PartitionBatch, processBatch, type Unfinished } from "./process-batch.ts";

/** A pipeline with all it runs on: what functions and the runner know of it. */
export interface RunningPipeline {
  readonly name: string;
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
  /** What a stored document carries in its outbox, in order. */
  emittedBy(document: OutboxDocument): Emitted[];
}

export function runPipeline<R extends KeyedRecord, S>(engine: KeyedEngine<R, S>): RunningPipeline {
  const { pipeline, settings } = engine;
  return {
    name: pipeline.name,
    sources: pipeline.sources,
    dataset: pipeline.dataset,
    columns: pipeline.columns,
    scope: pipeline.scope,
    partitions: settings.partitions,
    eventTimeOf: (topic, value) => {
      if (!pipeline.sources.includes(topic)) return undefined;
      const parsed = pipeline.parse(topic, value);
      return parsed.kind === "record" ? parsed.record.time : undefined;
    },
    process: (batch, signal) => processBatch(engine, batch, signal),
    close: (partition) => closeBuckets(engine, partition),
    emittedBy: (document) => emittedByState(pipeline, document),
  };
}
