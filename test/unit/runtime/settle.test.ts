import { describe, expect, it } from "vitest";
import { lastEventTime } from "../../../shared/core/time.ts";
import { endOfTime } from "../../../shared/runtime/finalize.ts";
import { readRecords, timeOf } from "../../support/arrivals.ts";
import { freshWorld } from "../../support/fresh-worlds.ts";
import type { World } from "../../support/world.ts";

const clicks = { topic: "ad_clicks", partition: 0 };
const views = { topic: "page_views", partition: 0 };

async function floors(world: World): Promise<(number | undefined)[]> {
  return [(await world.row(clicks)).floor, (await world.row(views)).floor];
}

async function versions(world: World): Promise<number[]> {
  return [(await world.row(clicks)).version, (await world.row(views)).version];
}

describe("settling to the watermark", () => {
  it("raises the floors of all sources of a partition to it", async () => {
    const world = freshWorld();
    await world.deliver(readRecords("12:10 click c1; 12:11 view v1"));
    await world.settle("watermark");
    expect(await floors(world)).toEqual([timeOf("12:08"), timeOf("12:08")]);
  });

  it("leaves a partition alone of which a source was never seen", async () => {
    const world = freshWorld();
    await world.deliver(readRecords("12:10 click c1"));
    await world.settle("watermark");
    expect(await floors(world)).toEqual([undefined, undefined]);
    expect(await versions(world)).toEqual([2, 0]);
  });

  it("does nothing the second time", async () => {
    const world = freshWorld();
    await world.deliver(readRecords("12:10 click c1; 12:11 view v1"));
    await world.settle("watermark");
    const before = await versions(world);
    await world.settle("watermark");
    expect(await versions(world)).toEqual(before);
  });

  it("lets more input follow, which is late just before the watermark and not at it", async () => {
    const world = freshWorld();
    const [click, view, ...more] = readRecords("12:10 click c1; 12:11 view v1; 12:07:59.999 click c2; 12:08 click c3");
    await world.deliver([click!, view!]);
    await world.settle("watermark");
    await world.deliver(more);
    expect((await world.rejections()).map(({ offset, reason }) => ({ offset, reason }))).toEqual([
      { offset: 1, reason: "late" },
    ]);
  });
});

describe("settling to the end", () => {
  it("closes behind the last event time there can be", () => {
    for (const interval of [1_000, 300_000, 86_400_000]) {
      expect(endOfTime(interval)).toBeGreaterThan(lastEventTime);
      expect(endOfTime(interval) % interval).toBe(0);
    }
  });

  it("makes everything final, also in a partition of which a source was never seen", async () => {
    const world = freshWorld();
    await world.deliver(readRecords("12:10 view v1"));
    expect(await world.settle("end")).toBe(1);
    expect((await world.finals()).map((row) => row.page_view_id)).toEqual(["v1"]);
  });

  it("makes all that follows late, whatever its time", async () => {
    const world = freshWorld();
    const [view, ...more] = readRecords("12:10 view v1; 12:10 view v2; 23:59 click c1");
    await world.deliver([view!]);
    await world.settle("end");
    await world.deliver(more);
    expect((await world.rejections()).map(({ topic, reason }) => `${topic} ${reason}`).sort()).toEqual([
      "ad_clicks late",
      "page_views late",
    ]);
    expect(await world.settle("end")).toBe(0);
  });

  it("is not undone by settling to the watermark", async () => {
    const world = freshWorld();
    await world.deliver(readRecords("12:10 click c1; 12:11 view v1"));
    await world.settle("end");
    await world.settle("watermark");
    expect(await floors(world)).toEqual([endOfTime(300_000), endOfTime(300_000)]);
  });
});
