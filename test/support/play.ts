import type { LogRecord } from "../../shared/core/record.ts";
import type { Row } from "../../shared/core/row.ts";
import { type Arrival, clockTime, readArrivals } from "./arrivals.ts";
import { cutDeliveries } from "./log-record.ts";
import { World, type WorldSettings } from "./world.ts";

/** How a scenario comes in. However it does, the answer is the same. */
export const ways = ["whole", "cut after every row, with a restart", "with every delivery made twice"] as const;
export type Way = (typeof ways)[number];

/** Plays a scenario to the end of its stream, and tells what came of it: `answerOf`. */
export async function play(
  arrivals: string,
  settings: Partial<WorldSettings> = {},
  way: Way = "whole",
): Promise<string[]> {
  const world = await played(arrivals, settings, way);
  try {
    return await finalAnswer(world);
  } finally {
    world.end();
  }
}

/** Every revision of a scenario that comes in row by row. */
export async function playRevisions(arrivals: string, settings: Partial<WorldSettings> = {}): Promise<string[]> {
  const world = await played(arrivals, settings, "cut after every row, with a restart");
  try {
    return world
      .revisions()
      .map(({ revision, body }) => `${attributionOf(body)} (revision ${revision}, ${body.reason})`);
  } finally {
    world.end();
  }
}

/** The world after a scenario, its stream still open. */
export async function played(arrivals: string, settings: Partial<WorldSettings>, way: Way): Promise<World> {
  const cut = way === "cut after every row, with a restart";
  const world = new World({ settings });
  for (const step of stepsOf(readArrivals(arrivals), cut ? 1 : 500)) {
    if (step === "close") await world.close();
    else await world.deliver(step);
    if (step !== "close" && way === "with every delivery made twice") await world.deliver(step);
    if (cut) world.restart();
  }
  return world;
}

/** The answer once the stream has ended. */
export async function finalAnswer(world: World): Promise<string[]> {
  await world.settle("end");
  return answerOf(world);
}

/** `v1 <- c1` for each final row by time; then what was rejected: `late c2 at 12:08`, the watermark; then other fates: `2 duplicates`. */
export async function answerOf(world: World): Promise<string[]> {
  const finals = (await world.finals()).sort((a, b) => Number(a.event_time) - Number(b.event_time));
  const rejections = (await world.rejections()).map(rejectionOf);
  const counts = Object.values(await world.counts());
  const fates = (["duplicate", "ignored"] as const).flatMap((fate) => {
    const count = counts.reduce((sum, one) => sum + one[fate], 0);
    return count === 0 ? [] : [`${count} ${fate}`];
  });
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
  return `${row.page_view_id} <- ${row.attributed_click_id ?? "nobody"}`;
}

function rejectionOf({ reason, value, watermark }: Row): string {
  const id = /"(?:click|event)_id":"(?<id>[^"]+)"/.exec(String(value))?.groups?.id ?? value;
  return typeof watermark === "number" ? `${reason} ${id} at ${clockTime(watermark)}` : `${reason} ${id}`;
}
