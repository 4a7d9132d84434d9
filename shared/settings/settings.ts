import { formatDuration, parseDuration } from "../core/duration.ts";
import type { DurationMs } from "../core/units.ts";
import { nearest } from "./nearest.ts";

/** A setting as text says it, and the bounds of what makes sense. */
export interface SettingDefinition {
  readonly kind: "duration" | "bytes";
  readonly default: number;
  /** Inclusive. */
  readonly min: number;
  /** Inclusive. */
  readonly max: number;
  readonly meaning: string;
}

const second = 1_000;
const minute = 60 * second;
const day = 24 * 60 * minute;

const common = {
  maxFutureSkew: {
    kind: "duration",
    default: 5 * minute,
    min: 0,
    max: 365 * day,
    meaning: "how far ahead of the clock an event time may lie; what is further ahead is rejected",
  },
  idleTimeout: {
    kind: "duration",
    default: 10 * minute,
    min: second,
    max: 7 * day,
    meaning:
      "after how long without a record, and with none left to read, a source partition no longer holds the watermark back",
  },
  stateBytesMax: {
    kind: "bytes",
    default: 256 * 1_024,
    min: 1_024,
    max: 320 * 1_024,
    meaning:
      "the largest state of a key; a record that would make it larger is rejected. DynamoDB takes items up to 400 KB",
  },
} as const satisfies Record<string, SettingDefinition>;

/** The settings of each pipeline. */
export const settingDefinitions = {
  attribution: {
    attributionWindow: {
      kind: "duration",
      default: 30 * minute,
      min: 0,
      max: 90 * day,
      meaning: "how long before a page view a click may lie and still be credited with it, both ends included",
    },
    allowedLateness: {
      kind: "duration",
      default: 2 * minute,
      min: 0,
      max: 7 * day,
      meaning: "how far the watermark stays behind the highest event time",
    },
    finalInterval: {
      kind: "duration",
      default: 5 * minute,
      min: second,
      max: day,
      meaning: "the length of the event-time buckets that final rows are written by; fixed for the life of a state",
    },
    ...common,
  },
} as const satisfies Record<string, Record<string, SettingDefinition>>;

export type PipelineName = keyof typeof settingDefinitions;
export type PipelineSettings<P extends PipelineName> = {
  readonly [S in keyof (typeof settingDefinitions)[P]]: DurationMs;
};

/** A setting that is unknown or can't be. Its message is one sentence that says what to write instead. */
export class SettingError extends Error {
  override readonly name = "SettingError";
}

export const pipelineNames = Object.keys(settingDefinitions) as PipelineName[];

/** @throws {SettingError} there is no such pipeline. */
export function pipelineNamed(name: string): PipelineName {
  const found = pipelineNames.find((known) => known === name);
  if (found) return found;
  throw new SettingError(`there is no pipeline "${name}"; ${didYouMean(name, pipelineNames)}`);
}

/**
 * A pipeline's settings: its defaults, and `given` in their place. Durations are written `500ms 90s 2m 24h 7d` or as ISO 8601.
 * @throws {SettingError} an unknown name, a value that can't be read or lies out of bounds.
 */
export function readSettings<P extends PipelineName>(
  pipeline: P,
  given: Readonly<Record<string, string>>,
): PipelineSettings<P> {
  const definitions: Record<string, SettingDefinition> = settingDefinitions[pipeline];
  const names = Object.keys(definitions);
  const values = Object.fromEntries(names.map((name) => [name, (definitions[name] as SettingDefinition).default]));
  for (const [name, text] of Object.entries(given)) {
    const definition = Object.hasOwn(definitions, name) ? definitions[name] : undefined;
    if (!definition) throw new SettingError(`${pipeline} has no setting "${name}"; ${didYouMean(name, names)}`);
    values[name] = readValue(name, text, definition);
  }
  return values as PipelineSettings<P>;
}

function readValue(name: string, text: string, { kind, min, max }: SettingDefinition): number {
  const value = kind === "duration" ? parseDuration(text) : /^\d+$/.test(text) ? Number(text) : undefined;
  const shown = kind === "duration" ? formatDuration : String;
  if (value === undefined) {
    const form = kind === "duration" ? "a duration such as 500ms, 90s, 2m, 24h or PT5M" : "a whole number of bytes";
    throw new SettingError(`${name} takes ${form}, not "${text}"`);
  }
  if (value < min || value > max) throw new SettingError(`${name} takes ${shown(min)} to ${shown(max)}, not ${text}`);
  return value;
}

function didYouMean(name: string, known: readonly string[]): string {
  const close = nearest(name, known);
  return close ? `did you mean ${close}?` : `known are ${known.join(", ")}`;
}
