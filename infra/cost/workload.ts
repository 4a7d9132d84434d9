import { type PipelineName, pipelineNames } from "../../shared/settings/settings.ts";
import type { System } from "../../shared/settings/system.ts";
import { deployedFunctions } from "../pipelines/deployed-functions.ts";
import { assumptions } from "./assumptions.ts";
import { measuredAt, measuredUsers, type PerRecord } from "./measured.ts";

/** What comes in. */
export interface Load {
  /** Of each pipeline, all of its topics together. 0: all is deployed, and nothing comes. */
  readonly recordsPerSecond: number;
  /** Key and value. */
  readonly bytesPerRecord: number;
}

/** A pipeline's month. */
export interface PipelineMonth {
  readonly name: PipelineName;
  readonly records: number;
  readonly perRecord: PerRecord;
  /** Of DynamoDB, in the middle of the first month. */
  readonly storedGb: number;
}

/** A function's month. */
export interface FunctionMonth {
  readonly name: string;
  readonly invocations: number;
  readonly gbSeconds: number;
  /** Whether each invocation writes a line of metrics. */
  readonly isMetered: boolean;
}

export const secondsPerMonth = assumptions.hoursPerMonth * 3_600;

const none: PerRecord = { writeUnits: 0, readUnits: 0, requests: 0, objects: 0, recordsPerBatch: 1 };
const gigabyte = 1e9;
const day = 24 * 3_600;

/** Every pipeline's month. */
export function pipelineMonths({ pipelines }: System, { recordsPerSecond }: Load): PipelineMonth[] {
  return pipelineNames.flatMap((name): PipelineMonth[] => {
    const settings = pipelines[name];
    if (!settings) return [];
    const perRecord = recordsPerSecond > 0 ? measuredAt(name, recordsPerSecond, settings.partitions) : none;
    const storedGb = recordsPerSecond > 0 ? storedBytes(pipelines, name, recordsPerSecond) / gigabyte : 0;
    return [{ name, records: recordsPerSecond * secondsPerMonth, perRecord, storedGb }];
  });
}

/** State of as many users as were measured; of windows and facts, as many as there are before they expire, or in half a month. */
function storedBytes(pipelines: System["pipelines"], name: PipelineName, perSecond: number): number {
  const { stateBytes, windowBytes, factBytes } = assumptions;
  const { windows, dedupe } = pipelines;
  if (name === "windows" && windows) {
    const windowsPerSecond = Math.min(perSecond, measuredUsers / (windows.windowSize / 1_000));
    return (windowsPerSecond * windows.stateRetention * windowBytes) / 1_000;
  }
  if (name === "dedupe" && dedupe) return (perSecond * dedupe.dedupeRetention * factBytes) / 1_000;
  if (name === "attribution" || name === "conversions") return measuredUsers * stateBytes;
  return (perSecond * secondsPerMonth * factBytes) / 2;
}

/** Every function's month. What somebody calls, `api` and `backfill`, is not among them. */
export function functionMonths(system: System, load: Load): FunctionMonth[] {
  const months = pipelineMonths(system, load);
  const consumed = new Set<string>();
  return deployedFunctions(system).flatMap(({ name, pipelines, triggers, memoryMb }): FunctionMonth[] => {
    const of = (invocations: number, ms: number, isMetered: boolean) => {
      return [{ name, invocations, gbSeconds: (invocations * ms * memoryMb) / 1_024 / 1_000, isMetered }];
    };
    const served = months.filter((month) => pipelines.includes(month.name));
    const kinds = new Set(triggers.map(({ kind }) => kind));
    if (kinds.has("msk")) {
      // Records of a pipeline are counted once: a second function of it reads a table, which changes seldom.
      const own = served.filter((month) => !consumed.has(month.name));
      for (const month of own) consumed.add(month.name);
      return own.flatMap((month) => of(batchesOf(month), consumerMs(month), true));
    }
    if (kinds.has("schedule")) return closingMonth(triggers, load).flatMap(([count, ms]) => of(count, ms, true));
    return kinds.has("stream") || kinds.has("results") ? sendingMonth(served, of) : [];
  });
}

function batchesOf({ records, perRecord }: PipelineMonth): number {
  return records / perRecord.recordsPerBatch;
}

function consumerMs({ perRecord: { recordsPerBatch, requests } }: PipelineMonth): number {
  const { invocationMs, msPerRecord, msPerRequest } = assumptions;
  return invocationMs + recordsPerBatch * (msPerRecord + requests * msPerRequest);
}

type Triggers = ReturnType<typeof deployedFunctions>[number]["triggers"];

/** On its schedule always; on progress, twice a minute. */
function closingMonth(triggers: Triggers, { recordsPerSecond }: Load): [invocations: number, ms: number][] {
  const { hoursPerMonth, closingMs, idleClosingMs } = assumptions;
  const minutes = triggers.flatMap((trigger) => (trigger.kind === "schedule" ? [trigger.everyMinutes] : []));
  const scheduled = minutes.reduce((sum, every) => sum + (hoursPerMonth * 60) / every, 0);
  return recordsPerSecond > 0 ? [[scheduled + hoursPerMonth * 120, closingMs]] : [[scheduled, idleClosingMs]];
}

/** Batches of 500 results, or what comes in a second. */
function sendingMonth(
  served: readonly PipelineMonth[],
  of: (invocations: number, ms: number, isMetered: boolean) => FunctionMonth[],
): FunctionMonth[] {
  const { resultsPerRecord, sendingMs, msPerResult } = assumptions;
  const results = served.reduce((sum, { records }) => sum + records * resultsPerRecord, 0);
  const invocations = Math.max(results / 500, Math.min(results, secondsPerMonth));
  return invocations === 0
    ? of(0, 0, false)
    : of(invocations, sendingMs + (results / invocations) * msPerResult, false);
}

/** What comes into topics in a month, in GB: records, once for each set of topics that pipelines read, and results where Kafka takes them. */
export function gigabytesIn(
  { pipelines }: System,
  { recordsPerSecond, bytesPerRecord }: Load,
  topicSets: number,
): number {
  const outputs = Object.values(pipelines).filter(({ sinks }) => sinks.includes("kafka")).length;
  const messages = topicSets + outputs * assumptions.resultsPerRecord;
  return (recordsPerSecond * secondsPerMonth * bytesPerRecord * messages) / gigabyte;
}

/** What topics hold at any time, one copy of it, in GB. */
export function gigabytesKept(gigabytesPerMonth: number): number {
  return (gigabytesPerMonth * assumptions.topicRetentionDays * day) / secondsPerMonth;
}
