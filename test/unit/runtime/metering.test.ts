import { afterEach, describe, expect, it } from "vitest";
import type { LogRecord } from "../../../shared/core/record.ts";
import { attribution } from "../../../shared/pipelines/attribution/attribution.ts";
import { engagement } from "../../../shared/pipelines/engagement/engagement.ts";
import { backfillFacts, backfillTopic } from "../../../shared/runtime/backfill-facts.ts";
import type { FactEffect } from "../../../shared/runtime/fact.ts";
import { runFacts, runKeyed } from "../../../shared/runtime/running-pipeline.ts";
import { readSettings } from "../../../shared/settings/settings.ts";
import { at, Changes } from "../../scenario/engagement-world.ts";
import { readRecords, timeOf } from "../../support/arrivals.ts";
import { type Interposed, interposedStore, once } from "../../support/interposed-store.ts";
import { MemoryMeter } from "../../support/memory-meter.ts";
import { PipelineWorld } from "../../support/pipeline-world.ts";

const minute = 60_000;
const open: { end(): void }[] = [];
afterEach(() => {
  for (const world of open.splice(0)) world.end();
});

function attributionWorld(interposed: Interposed = {}) {
  const meter = new MemoryMeter();
  const settings = { attributionWindow: 30 * minute, allowedLateness: 2 * minute, finalInterval: 5 * minute };
  const world = new PipelineWorld({
    pipeline: attribution(settings),
    run: runKeyed,
    meter,
    settings: { stateBytesMax: 4_096 },
    interpose: (store) => interposedStore(store, interposed),
  });
  world.now = timeOf("12:30");
  open.push(world);
  return { world, meter };
}

/** One topic after the other: side by side, they would meet in a user's state. */
async function inTurn(world: Pick<PipelineWorld<never>, "deliver">, records: readonly LogRecord[]): Promise<void> {
  for (const ofTopic of Map.groupBy(records, ({ topic }) => topic).values()) {
    expect(await world.deliver(ofTopic)).toEqual([]);
  }
}

const lagOf = ({ values }: MemoryMeter) => values["watermark_lag_ms of attribution"];
const conflictsOf = ({ values }: MemoryMeter) => values["write_conflicts_total of attribution"];

describe("a batch", () => {
  it("counts every record once, under what became of it", async () => {
    const { world, meter } = attributionWorld();
    const wide = "u".repeat(1_000);
    const oversized = Array.from({ length: 8 }, (_, i) => `12:21 click ${wide}${i}`).join(";");
    const arrivals = `12:10 click c1; 12:10 click c1; 12:10 view v1; 12:20 click c2; 12:20 view v2; 12:10 view v3;
      12:30 view far @12:00; bad view nonsense; bad click {; tombstone view; ${oversized}`;
    await inTurn(world, readRecords(arrivals));
    const { "watermark_lag_ms of attribution": _, ...counts } = meter.values;
    const rejected = await world.rejections();
    const oversizedCount = rejected.filter(({ reason }) => reason === "oversized").length;
    expect(oversizedCount).toBeGreaterThan(0);
    expect(counts).toEqual({
      "records_read_total of attribution": 18,
      "records_accepted_total of attribution": 18 - 6 - oversizedCount,
      "records_duplicate_total of attribution": 1,
      "records_ignored_total of attribution": 1,
      "records_late_total of attribution": 1,
      "records_malformed_total of attribution": 2,
      "records_future_total of attribution": 1,
      "records_oversized_total of attribution": oversizedCount,
    });
  });

  it("that comes again counts nothing", async () => {
    const { world, meter } = attributionWorld();
    const records = readRecords("12:10 click c1; 12:10 view v1");
    await world.deliver(records);
    const before = { ...meter.values };
    await world.deliver(records);
    expect(meter.values).toEqual(before);
  });
});

describe("the lag of the watermark", () => {
  it("is how far it lies behind the clock, once there is a watermark", async () => {
    const { world, meter } = attributionWorld();
    await world.deliver(readRecords("12:10 click c1"));
    expect(lagOf(meter)).toBeUndefined();
    await world.deliver(readRecords("12:15 view v1"));
    expect(lagOf(meter)).toBe(timeOf("12:30") - (timeOf("12:10") - 2 * minute));
  });

  it("is the greatest of the partitions of a delivery", async () => {
    const { world, meter } = attributionWorld();
    await inTurn(world, readRecords("12:01 click c1; 12:20 click c2 p1; 12:20 view v1; 12:21 view v2 p1"));
    expect(lagOf(meter)).toBe(timeOf("12:30") - (timeOf("12:01") - 2 * minute));
  });
});

describe("a conflict", () => {
  const [view, click] = readRecords("12:10 view v1; 12:05 click c1") as [LogRecord, LogRecord];

  it("isn't counted where nobody else writes", async () => {
    const { world, meter } = attributionWorld();
    await inTurn(world, [view, click]);
    await world.settle("end");
    expect(conflictsOf(meter)).toBeUndefined();
  });

  it("is counted for a state that another was quicker to write", async () => {
    const beforeCommit = once("attribution|", () => world.deliver([click]));
    const { world, meter } = attributionWorld({ beforeCommit });
    await world.deliver([view]);
    expect(conflictsOf(meter)).toBe(1);
  });

  it("is counted for a claim that another was quicker with", async () => {
    const beforeCommit = once("row|", () => world.deliver([view]));
    const { world, meter } = attributionWorld({ beforeCommit });
    await world.deliver([view]);
    expect(conflictsOf(meter)).toBe(1);
  });

  it("is counted for progress that another was quicker to store", async () => {
    const beforeCommit = once("row|", () => world.deliver([view]), 2);
    const { world, meter } = attributionWorld({ beforeCommit });
    await world.deliver([view]);
    expect(conflictsOf(meter)).toBe(1);
  });

  it("is counted for the announcement of a closing that another was quicker with", async () => {
    const beforeCommit = once("closed|", () => world.close());
    const { world, meter } = attributionWorld({ beforeCommit });
    await inTurn(world, readRecords("12:10 click c1; 12:20 view v1"));
    await world.markIdle({ topic: "ad_clicks", partition: 0 });
    await world.close();
    expect(conflictsOf(meter)).toBe(1);
  });

  it("is counted for a closing that another was quicker with", async () => {
    const beforeCommit = once("closed|", () => world.close());
    const { world, meter } = attributionWorld({ beforeCommit });
    await inTurn(world, [view, click]);
    await world.settle("end");
    expect(conflictsOf(meter)).toBe(1);
  });
});

describe("a pipeline with a table", () => {
  it("has the lag of its events alone: changes of the table and a backfill raise none", async () => {
    const meter = new MemoryMeter();
    const settings = readSettings("engagement", {});
    const world = new PipelineWorld({
      pipeline: engagement(settings),
      run: runFacts,
      meter,
      settings: { partitions: 1 },
    });
    open.push(world);
    const changes = new Changes();
    const lag = () => meter.values["watermark_lag_ms of engagement"];
    world.now = at(30);
    await inTurn(world, [changes.event(1, at(20))]);
    expect(lag()).toBe(10 * minute + settings.allowedLateness);
    world.now = at(50);
    await inTurn(world, [changes.content(1, ["video", 300])]);
    const record = { ...changes.event(2, at(21)), topic: backfillTopic };
    await backfillFacts(world.engine, [record], { foundFor: () => null });
    expect(lag()).toBe(10 * minute + settings.allowedLateness);
    expect(meter.values["records_read_total of engagement"]).toBe(3);
  });

  it("counts a conflict for a repair of a fact that another was quicker to change", async () => {
    const meter = new MemoryMeter();
    const event = new Changes().event(1, at(20));
    const record = { ...event, topic: backfillTopic };
    const repair = (repairs: FactEffect, timestamp: number) =>
      backfillFacts(world.engine, [{ ...record, timestamp }], { foundFor: () => null, repairs });
    const beforeCommit = once("engagement|0|1", () => repair("totals", at(22)), 2);
    const world = new PipelineWorld({
      pipeline: engagement(readSettings("engagement", {})),
      run: runFacts,
      meter,
      settings: { partitions: 1, finals: false, views: false },
      interpose: (store) => interposedStore(store, { beforeCommit }),
    });
    open.push(world);
    const changes = new Changes();
    await inTurn(world, [changes.content(1, ["video", 300])]);
    await inTurn(world, [event]);
    await repair("row", at(21));
    // Of the fact, and then of the progress.
    expect(meter.values["write_conflicts_total of engagement"]).toBe(2);
  });
});
