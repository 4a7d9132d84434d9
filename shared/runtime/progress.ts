import { type Watermark, watermarkOf } from "../core/watermark.ts";
import { readClosing } from "./closing.ts";
import { type Engine, partitionsTogether, type SourcePartition } from "./engine.ts";
import { closingKey, closingScope, rowKey } from "./keys.ts";
import { type PartitionRow, readRow } from "./partition-row.ts";

export interface PartitionProgress extends SourcePartition {
  readonly row: PartitionRow;
}

/** How far source partitions have come whose watermarks count together. */
export interface ScopeProgress {
  /** The partition number, or `all`. */
  readonly name: string;
  readonly sources: readonly PartitionProgress[];
  /** Of the tables that its records are looked up in, which don't count towards the watermark. */
  readonly tables: readonly PartitionProgress[];
  /** As of the last records that were taken in; `undefined` until every source has been seen. */
  readonly watermark: Watermark;
  /** Final rows that closing buckets have brought. */
  readonly finals: number;
}

/** How far a pipeline has come, scope by scope. `tables`: the topics of its tables. */
export async function readProgress(
  engine: Pick<Engine, "pipeline" | "store" | "settings">,
  tables: readonly string[],
): Promise<ScopeProgress[]> {
  const { pipeline, settings } = engine;
  const first =
    pipeline.scope === "topic" ? [0] : Array.from({ length: settings.partitions }, (_, partition) => partition);
  return Promise.all(first.map((partition) => readScope(engine, partition, tables)));
}

async function readScope(
  engine: Pick<Engine, "pipeline" | "store" | "settings">,
  partition: number,
  tables: readonly string[],
): Promise<ScopeProgress> {
  const { pipeline, store } = engine;
  const together = partitionsTogether(engine, partition);
  const closing = closingKey(closingScope(pipeline, partition));
  const ofTables = tables.map((topic) => ({ topic, partition }));
  const keys = [...together, ...ofTables].map((at) => rowKey(pipeline, at));
  const documents = await store.progress.read([...keys, closing]);
  const progressOf = (at: SourcePartition) => ({ ...at, row: readRow(documents.get(rowKey(pipeline, at))) });
  const sources = together.map(progressOf);
  const highest = sources.filter(({ row }) => !row.idle).map(({ row }) => row.highest);
  const { finalInterval } = pipeline;
  return {
    name: pipeline.scope === "topic" ? "all" : String(partition),
    sources,
    tables: ofTables.map(progressOf),
    watermark: watermarkOf(highest, pipeline.allowedLateness, undefined),
    finals: finalInterval === undefined ? 0 : readClosing(documents.get(closing), finalInterval).finals,
  };
}
