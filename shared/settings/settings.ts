import { topicLoops } from "./contradictions.ts";
import { hintFor } from "./nearest.ts";
import { type PipelineName, settingDefinitions } from "./pipeline-definitions.ts";
import { readGroup, type ValuesOf } from "./read-group.ts";
import { shown } from "./shown.ts";

export type { PipelineName } from "./pipeline-definitions.ts";
export type PipelineSettings<P extends PipelineName> = ValuesOf<(typeof settingDefinitions)[P]>;

/** Settings that are unknown or can't be. Each problem is one sentence that names the setting and says what to write instead. */
export class SettingError extends Error {
  override readonly name = "SettingError";
  readonly problems: readonly string[];

  /** The message is one line, however many problems there are. */
  constructor(problems: readonly string[]) {
    super(problems.length === 1 ? problems[0] : problems.map((problem, i) => `(${i + 1}) ${problem}`).join(" "));
    this.problems = problems;
  }
}

export const pipelineNames = Object.keys(settingDefinitions) as PipelineName[];

/** @throws {SettingError} there is no such pipeline. */
export function pipelineNamed(name: string): PipelineName {
  const found = pipelineNames.find((known) => known === name);
  if (found) return found;
  throw new SettingError([`there is no pipeline ${shown(name)}; ${hintFor(name, pipelineNames)}`]);
}

/**
 * The settings of one pipeline: its defaults, and `given` in their place. Durations are written `500ms 90s 2m 24h 7d` or as ISO 8601, lists
 * with commas between; numbers and lists may also be what JSON has for them.
 *
 * What only matters where state expires is not checked: that is for deployments (`readDeployment`).
 * @throws {SettingError} unknown names, values that can't be read or lie out of bounds, an output topic that the pipeline itself reads.
 */
export function readSettings<P extends PipelineName>(
  pipeline: P,
  given: Readonly<Record<string, unknown>>,
): PipelineSettings<P> {
  const definitions = settingDefinitions[pipeline];
  const { values, problems } = readGroup({ of: pipeline, prefix: "", definitions, isDeployed: false }, given);
  const all = [...problems, ...topicLoops(pipeline, "", values)];
  if (all.length > 0) throw new SettingError(all);
  // Without a problem there is a value for every name.
  return values as PipelineSettings<P>;
}
