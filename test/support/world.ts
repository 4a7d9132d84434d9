import { type AttributionSettings, attribution } from "../../shared/pipelines/attribution/attribution.ts";
import type { StateStore } from "../../shared/ports/state-store.ts";
import type { EngineSettings } from "../../shared/runtime/engine.ts";
import { readEntity } from "../../shared/runtime/entity.ts";
import { entityKey } from "../../shared/runtime/keys.ts";
import { runKeyed } from "../../shared/runtime/running-pipeline.ts";
import { defaultEngineSettings, PipelineWorld } from "./pipeline-world.ts";

export type { TopicCounts } from "./pipeline-world.ts";

export type WorldSettings = AttributionSettings & EngineSettings;

const minute = 60_000;
const defaults: WorldSettings = {
  ...defaultEngineSettings,
  allowedLateness: 2 * minute,
  attributionWindow: 30 * minute,
  finalInterval: 5 * minute,
};

export interface WorldOptions {
  readonly settings?: Partial<WorldSettings>;
  /** What stands between the engine and its store: where a test does harm. */
  readonly interpose?: (store: StateStore) => StateStore;
}

type Attribution = ReturnType<typeof attribution>;

/** The attribution pipeline on the real engine. */
export class World extends PipelineWorld<Attribution> {
  declare readonly settings: WorldSettings;

  constructor({ settings: given, interpose }: WorldOptions = {}) {
    const settings = { ...defaults, ...given };
    super({ pipeline: attribution(settings), run: runKeyed, settings, ...(interpose && { interpose }) });
  }

  /** What is kept of a user. */
  async stateOf(key: string, partition = 0) {
    return (await this.#entityOf(key, partition)).state;
  }

  /** The lines of a user's page views that wait for their bucket to close. */
  async settledOf(key: string, partition = 0): Promise<string> {
    return (await this.#entityOf(key, partition)).settled;
  }

  async #entityOf(key: string, partition: number) {
    const { pipeline } = this.engine;
    const of = { key, partition };
    const name = entityKey(pipeline, of);
    return readEntity(pipeline, of, (await this.store.entities.read([name])).get(name));
  }
}
