import type { Column } from "../shared/core/row.ts";
import type { DurationMs } from "../shared/core/units.ts";
import {
  attributedPageViewColumns,
  attributedPageViews,
  attribution,
} from "../shared/pipelines/attribution/attribution.ts";
import { attributedEventColumns, attributedEvents, conversions } from "../shared/pipelines/conversions/conversions.ts";
import { dedupe, dedupedEventColumns, dedupedEvents } from "../shared/pipelines/dedupe/dedupe.ts";
import { engagement, enrichedEventColumns, enrichedEvents } from "../shared/pipelines/engagement/engagement.ts";
import type { FactPipeline, FactRecord, KeyedPipeline, KeyedRecord } from "../shared/pipelines/pipeline.ts";
import { purchaseColumns, purchaseRows, purchases } from "../shared/pipelines/purchases/purchases.ts";
import { userWindowColumns, userWindows, windows } from "../shared/pipelines/windows/windows.ts";
import type { Engine, EngineSettings } from "../shared/runtime/engine.ts";
import { emittedByFact, emittedByState } from "../shared/runtime/outputs.ts";
import { rejectedEventColumns, rejectedEvents } from "../shared/runtime/rejections.ts";
import { type RunningPipeline, runFacts, runKeyed } from "../shared/runtime/running-pipeline.ts";
import type { DeployedSettings } from "../shared/settings/deployment.ts";
import type { PipelineName } from "../shared/settings/settings.ts";

/** A pipeline as it is to run. */
export type PipelineConfig = {
  [P in PipelineName]: { readonly name: P; readonly settings: DeployedSettings<P> };
}[PipelineName];

/** What pipelines run on. */
export interface Surroundings extends Omit<Engine, "pipeline" | "settings"> {
  readonly futureClock: EngineSettings["futureClock"];
  /** Whether anything is ever forgotten: a replay forgets nothing. */
  readonly expires: boolean;
}

/** The pipeline that `config` names, running. */
export function runConfigured(config: PipelineConfig, surroundings: Surroundings): RunningPipeline {
  const engine = engineOf(config, surroundings);
  return withPipeline(config, {
    keyed: (pipeline) => runKeyed({ ...engine, pipeline }),
    facts: (pipeline) => runFacts({ ...engine, pipeline }),
  });
}

/** What a pipeline runs on, and how. */
export function engineOf(config: PipelineConfig, surroundings: Surroundings): Omit<Engine, "pipeline"> {
  const { futureClock, expires, ...adapters } = surroundings;
  const { partitions, sinks, stateBytesMax } = config.settings;
  const retention = expires ? retentionOf(config) : undefined;
  const settings: EngineSettings = {
    ...{ partitions, stateBytesMax, futureClock },
    maxFutureSkew: "maxFutureSkew" in config.settings ? config.settings.maxFutureSkew : 0,
    immediate: sinks.includes("http") || sinks.includes("kafka"),
    finals: sinks.includes("s3"),
    views: sinks.includes("views"),
    forgets: expires,
    ...(retention !== undefined && { retention }),
  };
  return { ...adapters, settings };
}

/** What of a pipeline a sink needs: its results, out of the documents that hold them. */
export function emitterOf(config: PipelineConfig): Pick<RunningPipeline, "name" | "emittedBy"> {
  const emittedBy = withPipeline<RunningPipeline["emittedBy"]>(config, {
    keyed: (pipeline) => (document) => emittedByState(pipeline, document),
    facts: (pipeline) => (document) => emittedByFact(pipeline, document),
  });
  return { name: config.name, emittedBy };
}

/** What can be done with either kind of pipeline. */
interface Uses<T> {
  keyed<R extends KeyedRecord, S>(pipeline: KeyedPipeline<R, S>): T;
  facts<R extends FactRecord, F>(pipeline: FactPipeline<R, F>): T;
}

function withPipeline<T>(config: PipelineConfig, uses: Uses<T>): T {
  const { outputTopic } = config.settings;
  switch (config.name) {
    case "attribution":
      return uses.keyed({ ...attribution(config.settings), outputTopic });
    case "conversions":
      return uses.keyed({ ...conversions(config.settings), outputTopic });
    case "windows":
      return uses.keyed({ ...windows(config.settings), outputTopic });
    case "dedupe":
      return uses.facts({ ...dedupe(config.settings), outputTopic });
    case "engagement":
      return uses.facts({ ...engagement(config.settings), outputTopic });
    case "purchases":
      return uses.facts({ ...purchases(), outputTopic });
  }
}

function retentionOf({ settings }: PipelineConfig): DurationMs | undefined {
  if ("stateRetention" in settings) return settings.stateRetention;
  return "dedupeRetention" in settings ? settings.dedupeRetention : undefined;
}

/** Where each pipeline's rows stand. */
export const datasetOf: Readonly<Record<PipelineName, string>> = {
  attribution: attributedPageViews,
  conversions: attributedEvents,
  dedupe: dedupedEvents,
  windows: userWindows,
  engagement: enrichedEvents,
  purchases: purchaseRows,
};

/** What each dataset holds. */
export const datasetColumns: Readonly<Record<string, readonly Column[]>> = {
  [attributedPageViews]: attributedPageViewColumns,
  [attributedEvents]: attributedEventColumns,
  [dedupedEvents]: dedupedEventColumns,
  [userWindows]: userWindowColumns,
  [enrichedEvents]: enrichedEventColumns,
  [purchaseRows]: purchaseColumns,
  [rejectedEvents]: rejectedEventColumns,
};
