import type { PipelineConfig } from "../../functions/catalog.ts";
import type { DeployedSettings } from "../../shared/settings/deployment.ts";
import { type PipelineName, readSettings } from "../../shared/settings/settings.ts";
import { UsageError } from "./usage-error.ts";

/** Records of an input are read from three partitions where nothing else is said: what Kafka's tutorials and ours make. */
export const partitionsByDefault = 3;
export const partitionsMax = 10_000;

/** @throws {UsageError} naming the option and its bounds. */
export function wholeNumberFrom(text: string, option: string, min: number, max: number): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new UsageError(`${option} takes a whole number from ${min} to ${max}, not "${text}"`);
}

/** `key=value` pairs. @throws {UsageError} one of them has no `=`. */
export function keyValues(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf("=");
      if (at < 1) throw new UsageError(`--set takes NAME=VALUE, not "${pair}"`);
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

/** A pipeline with the settings that `given` says. @throws {SettingError} they can't be. */
export function pipelineConfig(
  name: PipelineName,
  given: Readonly<Record<string, unknown>>,
  partitions: number,
): PipelineConfig {
  const settings: DeployedSettings<PipelineName> = { ...readSettings(name, given), partitions };
  // The settings are those of this very name, which the compiler can't follow.
  return { name, settings } as PipelineConfig;
}
