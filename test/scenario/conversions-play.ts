import type { LogRecord } from "../../shared/core/record.ts";
import type { Row } from "../../shared/core/row.ts";
import { type ConversionsSettings, conversions } from "../../shared/pipelines/conversions/conversions.ts";
import type { EngineSettings } from "../../shared/runtime/engine.ts";
import { runKeyed } from "../../shared/runtime/running-pipeline.ts";
import { cutDeliveries } from "../support/log-record.ts";
import { PipelineWorld } from "../support/pipeline-world.ts";
import type { Way } from "../support/play.ts";
import { type Arrival, clockTime, readArrivals } from "./conversions-arrivals.ts";

const minute = 60_000;
const defaults: ConversionsSettings = {
  attributionWindow: 24 * 60 * minute,
  allowedLateness: 5 * minute,
  finalInterval: 5 * minute,
};

export type Settings = ConversionsSettings & EngineSettings;

/**
 * What arrives, first to last, each with the event time it carries (`conversions-arrivals.ts`); the whole answer (`answerOf`); and the
 * settings that differ from the defaults: a window of 24 h, a lateness of 5 min, a skew of 5 min.
 */
export type Scenario = [name: string, arrivals: string, answer: string, settings?: Partial<Settings>];

export type ConversionsWorld = PipelineWorld<ReturnType<typeof conversions>>;

/** The pipeline on the real engine. */
export function conversionsWorld(settings: Partial<Settings> = {}): ConversionsWorld {
  return new PipelineWorld({ pipeline: conversions({ ...defaults, ...settings }), run: runKeyed, settings });
}

/** Plays a scenario to the end of its stream, and tells what came of it: `answerOf`. */
export async function play(arrivals: string, settings?: Partial<Settings>, way: Way = "whole"): Promise<string[]> {
  const world = await played(arrivals, settings, way);
  await world.settle("end");
  const answer = await answerOf(world);
  world.end();
  return answer;
}

/** Every revision of a scenario that comes in row by row. */
export async function playRevisions(arrivals: string, settings?: Partial<Settings>): Promise<string[]> {
  const world = await played(arrivals, settings, "cut after every row, with a restart");
  const revisions = world.revisions().map(({ revision, body }) => `${attributionOf(body)} (revision ${revision})`);
  world.end();
  return revisions;
}

/** The world after a scenario, its stream still open. */
export async function played(
  arrivals: string,
  settings: Partial<Settings> = {},
  way: Way = "whole",
): Promise<ConversionsWorld> {
  const cut = way === "cut after every row, with a restart";
  const world = conversionsWorld(settings);
  for (const step of stepsOf(readArrivals(arrivals), cut ? 1 : 500)) {
    if (step === "close") await world.close();
    else await world.deliver(step);
    if (step !== "close" && way === "with every delivery made twice") await world.deliver(step);
    if (cut) world.restart();
  }
  return world;
}

/** `v1 <- c1` for each final row by time; then what was rejected: `late c2 at 12:08`, the watermark; then other fates: `2 duplicate`. */
export async function answerOf(world: ConversionsWorld): Promise<string[]> {
  const finals = (await world.finals()).sort((a, b) => Number(a.conversion_time) - Number(b.conversion_time));
  const rejections = (await world.rejections()).map(rejectionOf);
  const counts = (await world.counts())["raw-events"];
  const fates = (["duplicate", "ignored"] as const).flatMap((fate) =>
    counts?.[fate] ? [`${counts[fate]} ${fate}`] : [],
  );
  return [...finals.map(attributionOf), ...rejections, ...fates];
}

function* stepsOf(arrivals: readonly Arrival[], max: number): Generator<LogRecord[] | "close"> {
  let records: LogRecord[] = [];
  for (const arrival of arrivals) {
    if (arrival.kind === "record") records.push(arrival.record);
    else {
      yield* cutDeliveries(records, max);
      yield "close";
      records = [];
    }
  }
  yield* cutDeliveries(records, max);
}

function attributionOf(row: Row): string {
  return `${row.conversion_id} <- ${row.attributed === false ? "nobody" : row.click_id}`;
}

function rejectionOf({ reason, value, watermark }: Row): string {
  const id = /"event_id":"(?<id>[^"]+)"/.exec(String(value))?.groups?.id ?? value;
  return typeof watermark === "number" ? `${reason} ${id} at ${clockTime(watermark)}` : `${reason} ${id}`;
}
