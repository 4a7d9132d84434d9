import { formatEventTime } from "../../shared/core/time.ts";
import { watermarkOf } from "../../shared/core/watermark.ts";
import type { KeyedRecord } from "../../shared/pipelines/pipeline.ts";
import { readClosing } from "../../shared/runtime/closing.ts";
import { addCounts, type Counts, noCounts, recordsRead } from "../../shared/runtime/counts.ts";
import { type KeyedEngine, partitionsTogether } from "../../shared/runtime/engine.ts";
import { closingKey, closingScope, rowKey } from "../../shared/runtime/keys.ts";
import { readRow } from "../../shared/runtime/partition-row.ts";

interface TopicSummary {
  readonly read: number;
  readonly accepted: number;
  readonly duplicate: number;
  readonly ignored: number;
  readonly rejected: Counts["rejected"];
}

/** What became of all records, over all runs into a state. */
export interface Summary {
  readonly pipeline: string;
  readonly records: Readonly<Record<string, TopicSummary>>;
  readonly outputs: Readonly<Record<string, { readonly revisions: number; readonly finals: number }>>;
  /** By partition (`all` where partitions count together); null where a source has not been seen yet. */
  readonly watermarks: Readonly<Record<string, string | null>>;
}

/** Reads a summary off a state. `ignoredTopics`: records of topics that the pipeline doesn't read. */
export async function summarize(
  engine: Pick<KeyedEngine<KeyedRecord, unknown>, "pipeline" | "store" | "settings">,
  ignoredTopics: Readonly<Record<string, number>>,
): Promise<Summary> {
  const { pipeline, store, settings } = engine;
  const byTopic = new Map<string, Counts>(pipeline.sources.map((topic) => [topic, noCounts]));
  const watermarks: Record<string, string | null> = {};
  let finals = 0;
  const scopes = pipeline.scope === "topic" ? [0] : Array.from({ length: settings.partitions }, (_, i) => i);
  for (const partition of scopes) {
    const sources = partitionsTogether(engine, partition);
    const scope = closingScope(pipeline, partition);
    const documents = await store.progress.read([
      ...sources.map((source) => rowKey(pipeline, source)),
      closingKey(scope),
    ]);
    const rows = sources.map((source) => ({ source, row: readRow(documents.get(rowKey(pipeline, source))) }));
    for (const { source, row } of rows)
      byTopic.set(source.topic, addCounts(byTopic.get(source.topic) ?? noCounts, row.counts));
    finals += readClosing(documents.get(closingKey(scope)), pipeline.finalInterval).finals;
    const highest = rows.filter(({ row }) => !row.idle).map(({ row }) => row.highest);
    const watermark = watermarkOf(highest, pipeline.allowedLateness, undefined);
    const name = pipeline.scope === "topic" ? "all" : String(partition);
    watermarks[name] = watermark === undefined ? null : formatEventTime(Math.max(watermark, 0));
  }
  const counts = [...byTopic.values()];
  const revisions = counts.reduce((sum, one) => sum + one.revisions, 0);
  const records = Object.fromEntries([
    ...[...byTopic].map(([topic, one]) => [topic, topicSummary(one)]),
    ...Object.entries(ignoredTopics).map(([topic, ignored]) => [topic, topicSummary({ ...noCounts, ignored })]),
  ]) as Record<string, TopicSummary>;
  return { pipeline: pipeline.name, records, outputs: { [pipeline.dataset]: { revisions, finals } }, watermarks };
}

function topicSummary(counts: Counts): TopicSummary {
  const { accepted, duplicate, ignored, rejected } = counts;
  return { read: recordsRead(counts), accepted, duplicate, ignored, rejected };
}
