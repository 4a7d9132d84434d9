import type { Column } from "../shared/core/row.ts";
import { attributedPageViewColumns, attribution } from "../shared/pipelines/attribution/attribution.ts";
import type { Engine, EngineSettings } from "../shared/runtime/engine.ts";
import { type RunningPipeline, runKeyed } from "../shared/runtime/running-pipeline.ts";
import type { PipelineName, PipelineSettings } from "../shared/settings/settings.ts";

/** Where results go. `s3`: final rows as Parquet; `http` and `kafka`: every revision at once; `views`: what the API answers from. */
export const allSinks = ["s3", "http", "kafka", "views"] as const;
export type Sink = (typeof allSinks)[number];

/** A pipeline as it is to run here. */
export type PipelineConfig = {
  [P in PipelineName]: {
    readonly name: P;
    readonly settings: PipelineSettings<P>;
    /** Partitions of each of its topics. */
    readonly partitions: number;
    readonly sinks: ReadonlySet<Sink>;
  };
}[PipelineName];

/** What pipelines run on. */
export type Surroundings = Omit<Engine, "pipeline" | "settings"> &
  Pick<EngineSettings, "futureClock" | "stateRetention">;

/** The pipeline of that name, running. */
export function runConfigured(config: PipelineConfig, surroundings: Surroundings): RunningPipeline {
  const { futureClock, stateRetention, ...adapters } = surroundings;
  const { partitions, sinks } = config;
  const { maxFutureSkew, stateBytesMax } = config.settings;
  const settings: EngineSettings = {
    ...{ partitions, maxFutureSkew, stateBytesMax, futureClock },
    immediate: sinks.has("http") || sinks.has("kafka"),
    finals: sinks.has("s3"),
    views: sinks.has("views"),
    ...(stateRetention !== undefined && { stateRetention }),
  };
  return runKeyed({ ...adapters, settings, pipeline: attribution(config.settings) });
}

/** What each dataset of the pipelines holds. */
export const datasetColumns: Readonly<Record<string, readonly Column[]>> = {
  attributed_page_views: attributedPageViewColumns,
};
