import { formatDuration } from "../core/duration.ts";
import type { DurationMs } from "../core/units.ts";
import { databaseSinks, type Sink } from "./definition.ts";
import { type PipelineName, sourceTopics } from "./pipeline-definitions.ts";

/** The settings of any pipeline that others may contradict. What it doesn't have, or what could not be read, is missing. */
export interface SomeSettings {
  readonly partitions?: number | undefined;
  readonly sinks?: readonly Sink[];
  readonly outputTopic?: string;
  readonly attributionWindow?: DurationMs;
  readonly windowSize?: DurationMs;
  readonly finalInterval?: DurationMs;
  readonly allowedLateness?: DurationMs;
  readonly maxFutureSkew?: DurationMs;
  readonly dedupeRetention?: DurationMs;
  readonly stateRetention?: DurationMs;
}

export type SomePipelines = Readonly<Partial<Record<PipelineName, SomeSettings>>>;

/** What a deployment of these pipelines can't have, though each value by itself could be. */
export function contradictionsIn(pipelines: SomePipelines): string[] {
  const each = Object.entries(pipelines) as Named[];
  return [
    ...each.flatMap(([name, settings]) => [
      ...topicLoops(name, `${name}.`, settings),
      ...unfedDatabases(name, settings),
      ...earlyExpiry(name, settings),
    ]),
    ...pairsOf(each).flatMap(([one, other]) => [...partitionsAtOdds(one, other), ...topicsInCommon(one, other)]),
  ];
}

/** An output topic that the pipeline reads itself: all its results would come in again. */
export function topicLoops(pipeline: PipelineName, prefix: string, settings: SomeSettings): string[] {
  return clashes(`${prefix}outputTopic`, settings, pipeline, "itself ");
}

/** Databases whose topic nobody writes to: a change stream's shard has no more than two readers, so they read the topic. */
function unfedDatabases(name: PipelineName, { sinks = [] }: SomeSettings): string[] {
  const unfed = databaseSinks.filter((sink) => sinks.includes(sink));
  if (unfed.length === 0 || sinks.includes("kafka")) return [];
  const what = unfed.length === 1 ? "which is" : "which are";
  return [
    `${name}.sinks has ${unfed.join(" and ")}, ${what} fed from the output topic, but nobody writes to that; add kafka`,
  ];
}

type Named = [name: PipelineName, settings: SomeSettings];

/** State that would expire by the wall clock while a record can still come that needs it. */
function earlyExpiry(name: PipelineName, settings: SomeSettings): string[] {
  const { dedupeRetention, stateRetention, allowedLateness = 0, maxFutureSkew = 0 } = settings;
  if (dedupeRetention !== undefined) {
    const loss = "an id would be forgotten whose event can still come";
    return tooShort(`${name}.dedupeRetention`, dedupeRetention, { allowedLateness, maxFutureSkew }, loss);
  }
  if (stateRetention === undefined) return [];
  const loss = "state would expire that results still depend on";
  const parts = { ...longestSpan(settings), allowedLateness, maxFutureSkew };
  return tooShort(`${name}.stateRetention`, stateRetention, parts, loss);
}

/** How far apart in event time a record and the last one that needs its state may lie: to the click's conversion, to the window's end. */
function longestSpan({ attributionWindow = 0, finalInterval = 0, windowSize = 0 }: SomeSettings) {
  const spans = Object.entries({ attributionWindow, finalInterval, windowSize });
  return Object.fromEntries([spans.reduce((longest, span) => (span[1] > longest[1] ? span : longest))]);
}

/**
 * A record may come `maxFutureSkew` before its event time, and one of a certain event time is taken until `allowedLateness` after it. So
 * where a stream keeps up with the clock, what is stored is needed for as long as both together, and the span between two event times.
 */
function tooShort(setting: string, value: DurationMs, parts: Readonly<Record<string, DurationMs>>, loss: string) {
  const least = Object.values(parts).reduce((sum, part) => sum + part);
  if (value >= least) return [];
  const sum = Object.entries(parts).map(([part, duration]) => `${part} ${formatDuration(duration)}`);
  return [
    `${setting} is ${formatDuration(value)}, less than ${sum.join(" + ")}: ${loss}; make it at least ${formatDuration(least)}`,
  ];
}

/** Pipelines that read one topic, and don't agree on how many partitions it has. */
function partitionsAtOdds([one, a]: Named, [other, b]: Named): string[] {
  const read: readonly string[] = sourceTopics[other];
  const shared = sourceTopics[one].find((topic) => read.includes(topic));
  if (!shared || a.partitions === undefined || b.partitions === undefined || a.partitions === b.partitions) return [];
  return [
    `${one}.partitions is ${a.partitions} and ${other}.partitions is ${b.partitions}, but both read ${shared}; give both the number that it has`,
  ];
}

/** An output topic that is another's too, or another's input: no output has the key and form of an input. */
function topicsInCommon([one, a]: Named, [other, b]: Named): string[] {
  const [fromOne, fromOther] = [producedTopic(a), producedTopic(b)];
  if (fromOne && fromOther && isSameTopic(fromOne, fromOther)) {
    const both = `${one}.outputTopic is ${fromOne} and ${other}.outputTopic is ${fromOther}`;
    return [`${both}${reasonOf(fromOne, fromOther)}; give each its own topic`];
  }
  return [...clashes(`${one}.outputTopic`, a, other), ...clashes(`${other}.outputTopic`, b, one)];
}

function clashes(setting: string, writer: SomeSettings, reader: PipelineName, self = ""): string[] {
  const topic = producedTopic(writer);
  const source = topic && sourceTopics[reader].find((read) => isSameTopic(read, topic));
  if (!source) return [];
  return [`${setting} is ${topic}, but ${reader} ${self}reads ${source}${reasonOf(topic, source)}; name another topic`];
}

/** The topic that results go to, where they go to one. */
function producedTopic({ sinks, outputTopic }: SomeSettings): string | undefined {
  return sinks?.includes("kafka") ? outputTopic : undefined;
}

/** Kafka creates no topic whose name is another's but for dots and underscores: in its metrics they would be one. */
function isSameTopic(one: string, other: string): boolean {
  return one.replaceAll(".", "_") === other.replaceAll(".", "_");
}

function reasonOf(one: string, other: string): string {
  return one === other ? "" : ", and Kafka doesn't tell . from _";
}

function pairsOf<T>(all: readonly T[]): [T, T][] {
  return all.flatMap((one, i) => all.slice(i + 1).map((other): [T, T] => [one, other]));
}
