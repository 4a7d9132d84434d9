import { describe, expect, it } from "vitest";
import type { LogRecord } from "../../shared/core/record.ts";
import { readRecords, timeOf } from "../support/arrivals.ts";
import { freshWorld } from "../support/fresh-worlds.ts";
import { type Interposed, interposedStore, once, unreachable } from "../support/interposed-store.ts";
import { answerOf, finalAnswer, play, ways } from "../support/play.ts";
import type { World } from "../support/world.ts";

/** As ids: `v1:1`. */
function revisionsOf(world: World): string[] {
  return world.revisions().map(({ entity, revision }) => `${entity}:${revision}`);
}

describe("attribution after a restart", () => {
  it("Restart.crashAfterWriteBeforeCommit: what was written is not written again", async () => {
    const world = freshWorld();
    const view = readRecords("12:00 view pv_1");
    await world.deliver(view);
    world.restart();
    await world.deliver(view);
    expect(revisionsOf(world)).toEqual(["pv_1:1"]);
    expect(await finalAnswer(world)).toEqual(["pv_1 <- nobody"]);
  });

  it("corrects a page view from before it", async () => {
    const world = freshWorld();
    const [view, click] = readRecords("12:10 view v1; 12:05 click c1") as [LogRecord, LogRecord];
    await world.deliver([view]);
    world.restart();
    await world.deliver([click]);
    expect(revisionsOf(world)).toEqual(["v1:1", "v1:2"]);
    expect(await finalAnswer(world)).toEqual(["v1 <- c1"]);
  });

  it("takes up a delivery that it has had in another cut", async () => {
    const world = freshWorld();
    const views = readRecords("12:01 view v1; 12:02 view v2; 12:03 view v3; 12:04 view v4");
    await world.deliver(views.slice(0, 3));
    world.restart();
    expect(await world.deliver(views.slice(1))).toEqual([]);
    expect(revisionsOf(world)).toEqual(["v1:1", "v2:1", "v3:1", "v4:1"]);
    expect((await world.counts()).page_views).toMatchObject({ read: 4, accepted: 4 });
  });
});

describe("attribution with others at work on the same state", () => {
  const [view, click] = readRecords("12:10 view v1; 12:05 click c1") as [LogRecord, LogRecord];

  it.each([
    ["a click that lands between a page view's load and its commit isn't lost", view, click, ["v1:1"]],
    ["a page view that lands between a click's load and its commit isn't lost", click, view, ["v1:1", "v1:2"]],
  ])("%s", async (_, slow, quick, revisions) => {
    const beforeCommit = once("attribution|", () => world.deliver([quick]));
    const world = freshWorld({ interpose: (store) => interposedStore(store, { beforeCommit }) });
    expect(await world.deliver([slow])).toEqual([]);
    expect(revisionsOf(world)).toEqual(revisions);
    expect(await finalAnswer(world)).toEqual(["v1 <- c1"]);
  });

  it("ConcurrentPartitions.withThreads: partitions side by side don't mix", async () => {
    const world = freshWorld({ interpose: (store) => interposedStore(store, {}) });
    const arrivals = "12:05 click c1 u1 p0; 12:10 view v1 u1 p0; 12:06:40 click c2 u2 p1; 12:08:20 view v2 u2 p1";
    await Promise.all(readRecords(arrivals).map((record) => world.deliver([record])));
    expect(await finalAnswer(world)).toEqual(["v2 <- c2", "v1 <- c1"]);
  });

  it("one delivery in two hands has effect once", async () => {
    const world = freshWorld({ interpose: (store) => interposedStore(store, {}) });
    const views = readRecords("12:01 view v1; 12:02 view v2 u2; bad view nonsense; 12:03 view v3");
    await Promise.all([world.deliver(views), world.deliver(views), world.deliver(views.slice(1))]);
    expect(revisionsOf(world).sort()).toEqual(["v1:1", "v2:1", "v3:1"]);
    expect(await finalAnswer(world)).toEqual(["v1 <- nobody", "v2 <- nobody", "v3 <- nobody", "malformed nonsense"]);
  });
});

describe("attribution on a store that fails", () => {
  const arrivals = readRecords("12:05 view v1 u1; 12:06 view v2 u2; bad view nonsense; 12:07 view v3 u1");
  const answer = ["v1 <- nobody", "v2 <- nobody", "v3 <- nobody", "malformed nonsense"];

  it.each<[string, Interposed, number]>([
    ["a state that couldn't be written", { beforeCommit: once("attribution|0|u2", unreachable) }, 1],
    ["a state whose answer was lost", { afterCommit: once("attribution|0|u1", unreachable) }, 0],
    ["a claim that couldn't be written", { beforeCommit: once("row|", unreachable) }, 0],
    ["a claim whose answer was lost", { afterCommit: once("row|", unreachable) }, 0],
  ])("after %s the rest is sent again, and nothing is lost or doubled", async (_, interposed, failedAt) => {
    const world = freshWorld({ interpose: (store) => interposedStore(store, interposed) });
    const unfinished = await world.deliver(arrivals);
    expect(unfinished).toEqual([{ topic: "page_views", partition: 0, offset: failedAt, cause: expect.any(Error) }]);
    world.restart();
    expect(await world.deliver(arrivals.slice(failedAt))).toEqual([]);
    expect(revisionsOf(world).sort()).toEqual(["v1:1", "v2:1", "v3:1"]);
    expect((await world.counts()).page_views).toMatchObject({ read: 4, accepted: 3 });
    expect(await finalAnswer(world)).toEqual(answer);
  });

  it("a closing that dies behind its object writes no row twice", async () => {
    const beforeCommit = once("closed|", unreachable);
    const world = freshWorld({ interpose: (store) => interposedStore(store, { beforeCommit }) });
    await world.deliver(arrivals);
    await expect(world.settle("end")).rejects.toThrow("the store can't be reached");
    expect(await finalAnswer(world)).toEqual(answer);
  });
});

describe("rejected_events", () => {
  it("tells of a late event all there is to know", async () => {
    const world = freshWorld();
    await world.deliver(readRecords("12:10 click c1; 12:10 view v1; 12:07 view v2 @12:11"));
    expect(await world.rejections()).toEqual([
      {
        pipeline: "attribution",
        topic: "page_views",
        partition: 0,
        offset: 1,
        timestamp: timeOf("12:11"),
        key: "u1",
        value:
          '{"event_id":"v2","user_id":"u1","url":"https://example.com/v2","event_time":"2024-01-01T12:07:00.000Z"}',
        value_encoding: "utf8",
        reason: "late",
        message: "event time is 60000 ms before the watermark",
        watermark: timeOf("12:08"),
      },
    ]);
  });

  it("keeps a value that is no text byte for byte", async () => {
    const world = freshWorld();
    const [record] = readRecords("bad view nonsense") as [LogRecord];
    await world.deliver([{ ...record, value: Uint8Array.of(0xff, 0x00, 0xfe) }]);
    expect(await world.rejections()).toMatchObject([{ value: "/wD+", value_encoding: "base64", reason: "malformed" }]);
  });
});

describe("a state that is full", () => {
  const views = Array.from({ length: 40 }, (_, i) => `12:00:${String(i + 10)} view v${i + 10}`);
  const settings = { stateBytesMax: 1_024 };

  it.each(ways)("refuses the same records, %s", async (way) => {
    const arrivals = [...views, "12:00 view other u2", "12:09 click c9 u9; 12:09 view v9 u9; 12:09 view fits"].join(
      ";",
    );
    const answer = await play(arrivals, settings, way);
    const refused = answer.filter((row) => row.startsWith("oversized"));
    expect(answer).toEqual([
      "other <- nobody",
      ...views.slice(0, 40 - refused.length).map((view) => `${view.slice(-3)} <- nobody`),
      "fits <- nobody",
      "v9 <- c9",
      ...views.slice(40 - refused.length).map((view) => `oversized ${view.slice(-3)}`),
    ]);
    expect(refused.length).toBeGreaterThan(20);
  });

  it("has moved the watermark all the same: records are judged before they meet the state", async () => {
    const arrivals = ["12:10 click c9 u9", ...views, "12:10 view refused", "12:05 view v1 u2"].join(";");
    const answer = await play(arrivals, settings);
    expect(answer).toContain("oversized refused at 11:58:49");
    expect(answer).toContain("late v1 at 12:08");
  });
});

describe("final rows", () => {
  const first = "12:00 click c1; 12:03 view v1";
  /** The floor of a topic is stored with its own batches: the clicks hear of the page views' progress with their next one. */
  const others = (time: string) => `${time} click a u9; ${time} view b u9; ${time} click c u9`;

  it.each([
    ["12:06:59.999", []],
    ["12:07", ["v1 <- c1"]],
  ])("with other users at %s, the page views before 12:05 are final: %j", async (time, finals) => {
    const world = freshWorld();
    for (const record of readRecords(`${first};${others(time)}`)) await world.deliver([record]);
    await world.close();
    expect(await answerOf(world)).toEqual(finals);
  });

  it("are never changed by what comes after all", async () => {
    const world = freshWorld();
    for (const record of readRecords(`${first};${others("12:07")};12:02 click better`)) {
      await world.deliver([record]);
      await world.close();
    }
    expect(await answerOf(world)).toEqual(["v1 <- c1", "late better at 12:05"]);
    expect(revisionsOf(world)).not.toContain("v1:2");
  });

  it("come though the clicks have fallen silent, and a click that wakes them is judged by where the watermark is", async () => {
    const world = freshWorld();
    for (const record of readRecords(first)) await world.deliver([record]);
    await world.markIdle({ topic: "ad_clicks", partition: 0 });
    for (const record of readRecords("12:03 view v1; 13:00 view v2 u2")) await world.deliver([record]);
    await world.close();
    expect(await answerOf(world)).toEqual(["v1 <- c1"]);
    for (const record of readRecords("12:00 click c1; 12:02 click too_late; 12:59 click in_time u2"))
      await world.deliver([record]);
    expect(await finalAnswer(world)).toEqual(["v1 <- c1", "v2 <- in_time", "late too_late at 12:58"]);
  });
});
