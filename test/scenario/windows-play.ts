import { afterEach } from "vitest";
import type { LogRecord } from "../../shared/core/record.ts";
import type { Row } from "../../shared/core/row.ts";
import { clockTime } from "../support/arrivals.ts";
import type { Way } from "../support/play.ts";
import { type Arrival, readArrivals } from "./windows-arrivals.ts";
import { type Settings, type WindowsWorld, windowsWorld } from "./windows-world.ts";

/** What arrives (`windows-arrivals.ts`), the whole answer (`answerOf`), and the settings that differ from the defaults. */
export type Scenario = [name: string, arrivals: string, answer: string, settings?: Settings];

const minute = 60_000;

const worlds: WindowsWorld[] = [];
afterEach(() => {
  for (const world of worlds.splice(0)) world.end();
});

/** A world that ends with its test. */
export function freshWorld(...made: Parameters<typeof windowsWorld>): WindowsWorld {
  const world = windowsWorld(...made);
  worlds.push(world);
  return world;
}

/** Plays a scenario to the end of its stream, and tells what came of it: `answerOf`. */
export async function play(arrivals: string, settings: Settings = {}, way: Way = "whole"): Promise<string[]> {
  return finalAnswer(await played(arrivals, settings, way));
}

/** The world after a scenario, its stream still open. */
export async function played(arrivals: string, settings: Settings, way: Way): Promise<WindowsWorld> {
  const cut = way === "cut after every row, with a restart";
  const world = freshWorld(settings);
  for (const step of stepsOf(readArrivals(arrivals), cut)) {
    if (step === "close") await world.close();
    else await world.deliver(step);
    if (step !== "close" && way === "with every delivery made twice") await world.deliver(step);
    if (cut) world.restart();
  }
  return world;
}

/** The answer once the stream has ended. */
export async function finalAnswer(world: WindowsWorld): Promise<string[]> {
  await world.settle("end");
  return answerOf(world);
}

/** Final rows by time (`shown`), then what was rejected (`late e2 at 12:15`, the watermark), then other fates (`2 duplicate`). */
export async function answerOf(world: WindowsWorld): Promise<string[]> {
  const finals = (await world.finals()).sort((a, b) => Number(a.windowStart) - Number(b.windowStart));
  const rejections = (await world.rejections()).map(rejectionOf);
  const counts = Object.values(await world.counts());
  const fates = (["duplicate", "ignored"] as const).flatMap((fate) => {
    const count = counts.reduce((sum, one) => sum + one[fate], 0);
    return count === 0 ? [] : [`${count} ${fate}`];
  });
  return [...finals.map(shown), ...rejections, ...fates];
}

/**
 * `u1 12:10 2 of 0.3 (0.1 to 0.2)`: user, start, number of events, total, least and greatest; only the number where all amounts are 1.
 * Where the window doesn't end 5 minutes after it starts, the end is told too: `u1 12:10-12:17`.
 */
export function shown(row: Row): string {
  const { userId, eventCount, totalAmount, minAmount, maxAmount } = row;
  const [start, end] = [timeFrom(row.windowStart), timeFrom(row.windowEnd)];
  const window = end - start === 5 * minute ? clockTime(start) : `${clockTime(start)}-${clockTime(end)}`;
  const isPlain = totalAmount === String(eventCount) && minAmount === "1" && maxAmount === "1";
  return `${userId} ${window} ${eventCount}${isPlain ? "" : ` of ${totalAmount} (${minAmount} to ${maxAmount})`}`;
}

/** Outputs have times as text, rows as milliseconds. */
function timeFrom(value: Row[string] | undefined): number {
  return typeof value === "number" ? value : Date.parse(String(value));
}

function rejectionOf({ reason, value, watermark }: Row): string {
  const id = /"eventId":"(?<id>[^"]+)"/.exec(String(value))?.groups?.id ?? value;
  return typeof watermark === "number" ? `${reason} ${id} at ${clockTime(watermark)}` : `${reason} ${id}`;
}

/** Consecutive records of one partition, or single ones: between partitions the order of arrival counts. */
function* stepsOf(arrivals: readonly Arrival[], cut: boolean): Generator<LogRecord[] | "close"> {
  let records: LogRecord[] = [];
  for (const arrival of arrivals) {
    const continues = !cut && arrival.kind === "record" && arrival.record.partition === records[0]?.partition;
    if (records.length > 0 && !continues) {
      yield records;
      records = [];
    }
    if (arrival.kind === "record") records.push(arrival.record);
    else yield "close";
  }
  if (records.length > 0) yield records;
}
