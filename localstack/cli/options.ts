import type { PipelineName } from "../../shared/settings/settings.ts";
import type { Sink } from "../runner/world.ts";
import { UsageError } from "./usage-error.ts";

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

const sinksOf: Readonly<Record<PipelineName, readonly Sink[]>> = { attribution: ["s3", "http"] };

export function defaultSinks(pipeline: PipelineName): ReadonlySet<Sink> {
  return new Set(sinksOf[pipeline]);
}

/** `s3,http` as a set. @throws {UsageError} the pipeline has no such sink. */
export function sinkSet(text: string, pipeline: PipelineName): ReadonlySet<Sink> {
  const names = text.split(",").map((name) => name.trim());
  return new Set(
    names.map((name) => {
      const sink = sinksOf[pipeline].find((known) => known === name);
      if (!sink)
        throw new UsageError(`${pipeline} has no sink "${name}"; --sinks takes ${sinksOf[pipeline].join(",")}`);
      return sink;
    }),
  );
}
