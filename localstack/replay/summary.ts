import type { PipelineConfig } from "../../functions/catalog.ts";
import { formatEventTime } from "../../shared/core/time.ts";
import type { Watermark } from "../../shared/core/watermark.ts";
import { addCounts, type Counts, noCounts, recordsRead } from "../../shared/runtime/counts.ts";
import type { RunningPipeline } from "../../shared/runtime/running-pipeline.ts";

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
  /** By partition (`all` where partitions count together); null where a source has not been seen yet. Empty where records have no event time. */
  readonly watermarks: Readonly<Record<string, string | null>>;
}

/** Reads a summary off a state. `ignoredTopics`: records of topics that the pipeline doesn't read. */
export async function summarize(
  config: PipelineConfig,
  pipeline: RunningPipeline,
  ignoredTopics: Readonly<Record<string, number>>,
): Promise<Summary> {
  const progress = await pipeline.progress();
  const byTopic = new Map<string, Counts>([...pipeline.sources, ...pipeline.tables].map((topic) => [topic, noCounts]));
  for (const { topic, row } of progress.flatMap(({ sources, tables }) => [...sources, ...tables])) {
    byTopic.set(topic, addCounts(byTopic.get(topic) ?? noCounts, row.counts));
  }
  const all = [...byTopic.values()].reduce(addCounts, noCounts);
  const ignored = Object.entries(ignoredTopics).map(([topic, ignored]) => [topic, { ...noCounts, ignored }] as const);
  const records = [...byTopic, ...ignored].map(([topic, counts]) => [topic, topicSummary(counts)] as const);
  const outputs = { revisions: all.revisions, finals: progress.reduce((sum, { finals }) => sum + finals, all.finals) };
  return {
    pipeline: pipeline.name,
    records: Object.fromEntries(records),
    outputs: { [pipeline.dataset]: outputs },
    watermarks: hasEventTimes(config)
      ? Object.fromEntries(progress.map(({ name, watermark }) => [name, watermarkText(watermark)]))
      : {},
  };
}

/** Whether records of this pipeline have a time that they could be late by. */
export function hasEventTimes({ settings }: PipelineConfig): boolean {
  return "allowedLateness" in settings;
}

/** Never before 1970. */
export function watermarkText(watermark: Watermark): string | null {
  return watermark === undefined ? null : formatEventTime(Math.max(watermark, 0));
}

function topicSummary(counts: Counts): TopicSummary {
  const { accepted, duplicate, ignored, rejected } = counts;
  return { read: recordsRead(counts), accepted, duplicate, ignored, rejected };
}
