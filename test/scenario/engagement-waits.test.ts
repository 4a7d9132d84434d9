import { afterEach, describe, expect, it } from "vitest";
import type { LogRecord } from "../../shared/core/record.ts";
import { backfillFacts, backfillTopic } from "../../shared/runtime/backfill-facts.ts";
import { waitingLists } from "./engagement-play.ts";
import { at, Changes, type EngagementWorld, engagementWorld } from "./engagement-world.ts";

const open: EngagementWorld[] = [];
afterEach(() => {
  for (const world of open.splice(0)) world.end();
});

function newWorld(options?: Parameters<typeof engagementWorld>[0]): EngagementWorld {
  const world = engagementWorld(options);
  open.push(world);
  return world;
}

async function deliver(world: EngagementWorld, ...records: readonly LogRecord[]): Promise<void> {
  expect(await world.deliver(records)).toEqual([]);
}

const video = ["video", 300] as const;

describe("of a record that waits for nothing after all, nothing is left: one whose event", () => {
  it("came before, with a content that has come and gone", async () => {
    const world = newWorld();
    const changes = new Changes();
    await deliver(world, changes.event(1, at(10)));
    await deliver(world, changes.content(1, video), changes.content(1, null));
    await deliver(world, changes.event(1, at(10)));
    await world.settle("end");
    expect(await waitingLists(world, ["1"])).toEqual([]);
  });

  it("came before, for another content", async () => {
    const world = newWorld();
    const changes = new Changes();
    await deliver(world, changes.event(1, at(10)));
    await deliver(world, changes.event(1, at(10), { content_id: 2 }));
    await world.settle("end");
    expect(await waitingLists(world, ["1", "2"])).toEqual([]);
  });

  it("came before in the same batch, for a content that is there", async () => {
    const world = newWorld();
    const changes = new Changes();
    await deliver(world, changes.content(1, video));
    await deliver(world, changes.event(1, at(10)), changes.event(1, at(10), { content_id: 2 }));
    await world.settle("end");
    expect(await waitingLists(world, ["1", "2"])).toEqual([]);
  });

  it("came before in another partition", async () => {
    const world = newWorld();
    await deliver(world, new Changes(0).event(1, at(10)));
    await deliver(world, new Changes(1).event(1, at(10)), new Changes(1).event(2, at(10)));
    await world.settle("end");
    expect(await waitingLists(world, ["1"])).toEqual([]);
  });

  it("is too large", async () => {
    const world = newWorld({ settings: { stateBytesMax: 4_096 } });
    const changes = new Changes();
    await deliver(world, changes.event(1, at(10), { device: "x".repeat(4_096) }));
    await world.settle("end");
    expect(await waitingLists(world, ["1"])).toEqual([]);
    expect((await world.rejections()).map(({ reason }) => reason)).toEqual(["oversized"]);
  });

  it("is too large, and comes again as one that waits", async () => {
    const world = newWorld({ settings: { stateBytesMax: 4_096 } });
    const changes = new Changes();
    await deliver(world, changes.event(1, at(10), { device: "x".repeat(4_096) }), changes.event(1, at(10)));
    await deliver(world, changes.content(1, video));
    await world.settle("end");
    expect(await waitingLists(world, ["1"])).toEqual([]);
    expect((await world.finals()).map(({ revision, content_type }) => [revision, content_type])).toEqual([
      [2, "video"],
    ]);
  });
});

describe("where no sink takes final rows, a wait in vain ends all the same", () => {
  it("and nothing is left of it", async () => {
    const world = newWorld({ settings: { finals: false } });
    const changes = new Changes();
    await deliver(world, changes.event(1, at(10)));
    await world.settle("end");
    expect(await waitingLists(world, ["1"])).toEqual([]);
    expect(await world.finals()).toEqual([]);
  });

  it("so that a backfill can give the event its row when there is such a sink", async () => {
    const world = newWorld({ settings: { finals: false } });
    const event = new Changes().event(1, at(10));
    await deliver(world, event);
    await world.settle("end");
    const engine = { ...world.engine, settings: { ...world.engine.settings, finals: true, immediate: false } };
    const record = { ...event, topic: backfillTopic, offset: 1 };
    expect(await backfillFacts(engine, [record], { foundFor: () => null, repairs: "row" })).toEqual([]);
    expect((await world.finals()).map(({ event_id, revision }) => [event_id, revision])).toEqual([[1, 1]]);
  });
});
