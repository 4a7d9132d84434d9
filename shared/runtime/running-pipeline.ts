import { StreamError } from "../core/errors.ts";
import type { Column } from "../core/row.ts";
import type { EventTimeMs } from "../core/units.ts";
import type { FactRecord, KeyedRecord, Pipeline, StreamRecord } from "../pipelines/pipeline.ts";
import type { Engine, FactEngine, KeyedEngine } from "./engine.ts";
import { factIntake } from "./fact-intake.ts";
import { closeBuckets } from "./finalize.ts";
import { keyedFinals } from "./keyed-finals.ts";
import { keyedIntake } from "./keyed-intake.ts";
import { tableEngine, tableIntake } from "./lookup-table.ts";
import { type Emitted, emittedByFact, emittedByState, type OutboxDocument } from "./outputs.ts";
import { type PartitionBatch, processBatch, type Unfinished } from "./process-batch.ts";
import { readProgress, type ScopeProgress } from "./progress.ts";
import { settle } from "./settle.ts";
import { closeWaiting } from "./waiting-facts.ts";

/** A pipeline with all it runs on: what functions and the runner know of it. */
export interface RunningPipeline {
  readonly name: string;
  readonly kind: Pipeline<StreamRecord>["kind"];
  readonly sources: readonly string[];
  /** The topics of the tables that its records are looked up in. */
  readonly tables: readonly string[];
  readonly dataset: string;
  readonly columns: readonly Column[];
  readonly scope: "partition" | "topic";
  readonly partitions: number;
  /** The event time of a value, `undefined` where it has none. */
  eventTimeOf(topic: string, value: Uint8Array): EventTimeMs | undefined;
  /** The business id of a value that is a fact. */
  idOf(topic: string, value: Uint8Array): string | undefined;
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
    ...common(engine, []),
    idOf: () => undefined,
    process: (batch, signal) => processBatch(engine, keyedIntake(engine), batch, signal),
    close: (partition) => closeBuckets(engine, partition, (...bucket) => keyedFinals(engine, ...bucket)),
    emittedBy: (document) => emittedByState(engine.pipeline, document),
  };
}

export function runFacts<R extends FactRecord, D>(engine: FactEngine<R, D>): RunningPipeline {
  const emittedBy = (document: OutboxDocument) => emittedByFact(engine.pipeline, document);
  const idOf = (topic: string, value: Uint8Array) => recordOf(engine.pipeline, topic, value)?.id;
  const takeFacts: RunningPipeline["process"] = (batch, signal) =>
    processBatch(engine, factIntake(engine), batch, signal);
  const { lookup, finalInterval } = engine.pipeline;
  // Without a table nothing waits: a fact's row is written with its batch.
  if (!lookup) return { ...common(engine, []), idOf, process: takeFacts, close: async () => 0, emittedBy };
  if (finalInterval === undefined) throw new StreamError("bug", `${engine.pipeline.name}: waits, but has no buckets`);
  const waiting = { engine, lookup };
  const table = tableEngine(engine, lookup);
  const closing = { ...engine, pipeline: { ...engine.pipeline, finalInterval }, tables: [lookup.topic] };
  return {
    ...common(engine, [lookup.topic]),
    idOf,
    process: async (batch, signal) => {
      const { changes = [], facts = [] } = Object.groupBy(batch, ({ topic }) =>
        topic === lookup.topic ? "changes" : "facts",
      );
      const unfinished = [processBatch(table, tableIntake(waiting), changes, signal), takeFacts(facts, signal)];
      return (await Promise.all(unfinished)).flat();
    },
    close: (partition) => closeBuckets(closing, partition, (...bucket) => closeWaiting(waiting, ...bucket)),
    emittedBy,
  };
}

function common<R extends StreamRecord>(engine: Engine<Pipeline<R>>, tables: readonly string[]) {
  const { pipeline, settings } = engine;
  const { name, kind, sources, dataset, columns, scope } = pipeline;
  return {
    ...{ name, kind, sources, tables, dataset, columns, scope },
    partitions: settings.partitions,
    eventTimeOf: (topic: string, value: Uint8Array) => recordOf(pipeline, topic, value)?.time,
    settle: (partition: number, to: "watermark" | "end") => settle(engine, partition, to),
    progress: () => readProgress(engine, tables),
  };
}

/** The record in a value of one of the sources, where there is one. */
function recordOf<R extends StreamRecord>(pipeline: Pipeline<R>, topic: string, value: Uint8Array): R | undefined {
  if (!pipeline.sources.includes(topic)) return undefined;
  const parsed = pipeline.parse(topic, value);
  return parsed.kind === "record" ? parsed.record : undefined;
}
