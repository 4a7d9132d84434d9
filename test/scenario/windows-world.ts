import type { KeyedPipeline } from "../../shared/pipelines/pipeline.ts";
import type { WindowedRecord } from "../../shared/pipelines/windows/records.ts";
import type { WindowState } from "../../shared/pipelines/windows/state.ts";
import { type WindowsSettings, windows } from "../../shared/pipelines/windows/windows.ts";
import type { EngineSettings } from "../../shared/runtime/engine.ts";
import { runKeyed } from "../../shared/runtime/running-pipeline.ts";
import { PipelineWorld, type PipelineWorldOptions } from "../support/pipeline-world.ts";

export type Settings = Partial<WindowsSettings & EngineSettings>;

const minute = 60_000;
const defaults = { windowSize: 5 * minute, allowedLateness: 10 * minute, partitions: 1 };

type Windows = KeyedPipeline<WindowedRecord, WindowState>;
export type WindowsWorld = PipelineWorld<Windows>;

/** What stands between the engine and its stores. */
export type Between = Pick<PipelineWorldOptions<Windows>, "interpose" | "interposeObjects">;

/** Windows of 5 minutes on the real engine, with a lateness of 10 and, unless told otherwise, one partition. */
export function windowsWorld(settings: Settings = {}, between: Between = {}): WindowsWorld {
  const { windowSize, allowedLateness, ...engine } = { ...defaults, ...settings };
  const pipeline = windows({ windowSize, allowedLateness });
  return new PipelineWorld({ pipeline, run: runKeyed, settings: engine, ...between });
}
