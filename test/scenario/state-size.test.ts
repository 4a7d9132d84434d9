import { afterEach, describe, expect, it } from "vitest";
import { recordedTraffic } from "../../localstack/generate/recorded-traffic.ts";
import { sampleData } from "../../localstack/generate/sample-data.ts";
import type { LogRecord } from "../../shared/core/record.ts";
import { attribution } from "../../shared/pipelines/attribution/attribution.ts";
import { conversions } from "../../shared/pipelines/conversions/conversions.ts";
import { dedupe } from "../../shared/pipelines/dedupe/dedupe.ts";
import { purchases } from "../../shared/pipelines/purchases/purchases.ts";
import { windows } from "../../shared/pipelines/windows/windows.ts";
import { runFacts, runKeyed } from "../../shared/runtime/running-pipeline.ts";
import type { PipelineName } from "../../shared/settings/settings.ts";
import { cutDeliveries, logRecord } from "../support/log-record.ts";
import { PipelineWorld } from "../support/pipeline-world.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const start = Date.parse("2024-01-01T12:00:00Z");
const users = 20;

type World = Pick<PipelineWorld<never>, "deliver" | "close" | "entities" | "counts" | "end"> & { now: number };

const worlds: World[] = [];
afterEach(() => {
  for (const world of worlds.splice(0)) world.end();
});

function started<W extends World>(world: W): W {
  worlds.push(world);
  world.now = start;
  return world;
}

/** Six hours of generated records, a second apart, and what the world made of them. */
async function lived(world: World, pipeline: PipelineName): Promise<{ most: number; accepted: number }> {
  const shape = { records: 6 * 3_600, seed: 3, partitions: 1, users, start, ratePerSecond: 1 };
  let most = 0;
  let deliveries = 0;
  for (const delivery of cutDeliveries(Array.from(recordedTraffic(sampleData[pipeline].plan, shape), logRecord), 50)) {
    expect(await world.deliver(delivery)).toEqual([]);
    await world.close();
    if (deliveries++ % 20 === 0) most = Math.max(most, ...world.entities().map(({ bytes }) => bytes));
  }
  const accepted = Object.values(await world.counts()).reduce((sum, counts) => sum + counts.accepted, 0);
  return { most, accepted };
}

function lateRecords(topics: Readonly<Record<string, object>>): LogRecord[] {
  const timestamp = start + 12 * hour;
  return Object.entries(topics).flatMap(([topic, fields]) =>
    Array.from({ length: users }, (_, i): LogRecord => {
      const ids = { click_id: `late_${i}`, event_id: `late_${i}_${topic}`, user_id: `user_${i + 1}` };
      const value = Buffer.from(JSON.stringify({ ...ids, ...fields, event_time: timestamp, timestamp }));
      return { topic, partition: 0, offset: 1_000_000 + i, timestamp, key: null, value };
    }),
  );
}

const settings = { partitions: 1, retention: 14 * day };

describe("after six hours of twenty users' records", () => {
  it("attribution keeps an item per user, of what lies within the lateness, and a few hundred bytes when that has passed", async () => {
    const pipeline = attribution({
      attributionWindow: 30 * minute,
      allowedLateness: 2 * minute,
      finalInterval: 5 * minute,
    });
    const world = started(new PipelineWorld({ pipeline, run: runKeyed, settings }));
    const { most, accepted } = await lived(world, "attribution");
    expect(accepted).toBeGreaterThan(20_000);
    expect(world.entities().length).toBeLessThanOrEqual(users);
    // The busiest user has about every third of the records of seven minutes (a bucket and the lateness), 100 to 150 bytes each.
    expect(most).toBeLessThan(40_000);
    const late = lateRecords({ ad_clicks: { campaign_id: "c" }, page_views: {} });
    await comeAgain(world, late);
    for (const { key, bytes } of ofKnownUsers(world)) expect(bytes, key).toBeLessThan(400);
  });

  it("conversions keep an item per user, and one older click per campaign when the lateness has passed", async () => {
    const pipeline = conversions({ attributionWindow: day, allowedLateness: 5 * minute, finalInterval: 5 * minute });
    const world = started(new PipelineWorld({ pipeline, run: runKeyed, settings }));
    const { most, accepted } = await lived(world, "conversions");
    expect(accepted).toBeGreaterThan(20_000);
    expect(world.entities().length).toBeLessThanOrEqual(users);
    expect(most).toBeLessThan(60_000);
    const late = lateRecords({ "raw-events": { event_type: "click", campaign_id: "c", ad_id: "a", source: "s" } });
    await comeAgain(world, late);
    for (const { key, bytes } of ofKnownUsers(world)) expect(bytes, key).toBeLessThan(4_000);
  });

  it("windows keep an item per user and window, each no larger than its ids, until its time to live is over", async () => {
    const world = started(
      new PipelineWorld({
        pipeline: windows({ windowSize: 5 * minute, allowedLateness: 10 * minute }),
        run: runKeyed,
        settings,
      }),
    );
    const { most, accepted } = await lived(world, "windows");
    expect(accepted).toBeGreaterThan(19_000);
    // 72 windows, and those that the first and the last events reach into.
    expect(world.entities().length).toBeLessThanOrEqual(76 * users);
    // Five minutes of the busiest user, about 100 events, and 30 bytes each.
    expect(most).toBeLessThan(8_000);
    expect(alive(world, start + 14 * day - 1)).toBe(world.entities().length);
    expect(alive(world, start + 14 * day)).toBe(0);
  });

  it("dedupe keeps an item per id, of its value and a few bytes, until the retention is over", async () => {
    const world = started(
      new PipelineWorld({
        pipeline: dedupe({ allowedLateness: 5 * minute }),
        run: runFacts,
        settings: { ...settings, retention: 7 * day },
      }),
    );
    const { most, accepted } = await lived(world, "dedupe");
    expect(world.entities().length).toBe(accepted);
    expect(most).toBeLessThan(400);
    expect(alive(world, start + 7 * day - 1)).toBe(accepted);
    expect(alive(world, start + 7 * day)).toBe(0);
  });

  it("purchases keep an item per id for ever, of a few bytes, and a total per user that doesn't grow", async () => {
    const { retention: _, ...forEver } = settings;
    const world = started(
      new PipelineWorld({ pipeline: purchases(), run: runFacts, settings: { ...forEver, immediate: false } }),
    );
    const { most, accepted } = await lived(world, "purchases");
    const totals = world.entities().filter(({ key }) => key.startsWith("purchases|total|"));
    expect(totals.length).toBeLessThanOrEqual(users);
    expect(world.entities().length).toBe(accepted + totals.length);
    expect(most).toBeLessThan(100);
    expect(alive(world, Number.MAX_SAFE_INTEGER)).toBe(world.entities().length);
  });
});

/** Each user once more, until the floor that the first of them has raised prunes the states of all. */
async function comeAgain(world: World, records: readonly LogRecord[]): Promise<void> {
  for (let round = 0; round < 3; round++) {
    const later = ({ offset, timestamp }: LogRecord) => ({
      offset: offset + round * users,
      timestamp: timestamp + round,
    });
    expect(await world.deliver(records.map((record) => ({ ...record, ...later(record) })))).toEqual([]);
    await world.close();
  }
}

/** Those of the users that came again; who doesn't come keeps what there was, until its time to live is over. */
function ofKnownUsers(world: World): { key: string; bytes: number }[] {
  const known = Array.from({ length: users }, (_, i) => `|user_${i + 1}`);
  return world.entities().filter(({ key }) => known.some((user) => key.endsWith(user)));
}

function alive(world: World, now: number): number {
  return world.entities().filter(({ expiresAt }) => expiresAt === null || expiresAt > now).length;
}
