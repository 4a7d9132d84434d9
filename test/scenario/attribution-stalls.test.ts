import { describe, expect, it } from "vitest";
import type { LogRecord } from "../../shared/core/record.ts";
import { readRecords } from "../support/arrivals.ts";
import { freshWorld } from "../support/fresh-worlds.ts";
import { interposedStore, once, unreachable } from "../support/interposed-store.ts";
import { finalAnswer } from "../support/play.ts";
import type { World } from "../support/world.ts";

async function deliverEach(world: World, records: readonly LogRecord[]): Promise<void> {
  for (const record of records) expect(await world.deliver([record])).toEqual([]);
}

describe("a try that stalls while others go on", () => {
  // The page views are ahead, so the clicks decide: the watermark is 12:08 as v1 is claimed, and 12:28 when it is written.
  const before = "12:09 click a; 12:30 view ahead u9; 12:10 click b u9";
  const stalled = "12:09:30 view v1";
  const meanwhile = "12:20 click c; 12:30 click d u9; 12:29 click e; 12:30 click f u9";
  const records = readRecords([before, stalled, meanwhile].join(";"));

  it.each([
    ["finds the click that its page view needs, though later ones have come", false],
    ["has its page view in a final row, though closings ran", true],
  ])("%s", async (_, closes) => {
    const others = async () => {
      await deliverEach(world, records.slice(4));
      if (closes) await world.close();
    };
    const beforeCommit = once("attribution|0|u1", others, 2);
    const world = freshWorld({ interpose: (store) => interposedStore(store, { beforeCommit }) });
    await deliverEach(world, records.slice(0, 4));
    if (closes) await world.close();
    expect(await finalAnswer(world)).toEqual(["v1 <- a", "ahead <- f"]);
  });
});

describe("a try that died", () => {
  const before = "12:30 view ahead u9; 12:07 click a u9";
  const meanwhile = "12:30 click b u9";
  const after = "12:20 view too_late";
  const [ahead, a, v1, b, tooLate] = readRecords([before, "12:06 view v1", meanwhile, after].join(";")) as [
    LogRecord,
    LogRecord,
    LogRecord,
    LogRecord,
    LogRecord,
  ];

  it.each([
    ["before its state was written", { beforeCommit: once("attribution|0|u1", unreachable) }],
    ["when its state was written", { afterCommit: once("attribution|0|u1", unreachable) }],
  ])("%s has judged for those that come after it", async (_, interposed) => {
    const world = freshWorld({ interpose: (store) => interposedStore(store, interposed) });
    await deliverEach(world, [ahead, a]);
    expect(await world.deliver([v1])).toHaveLength(1);
    await deliverEach(world, [b, v1, tooLate]);
    expect((await world.counts()).page_views).toMatchObject({ read: 3, accepted: 2 });
    expect(await finalAnswer(world)).toEqual(["v1 <- nobody", "ahead <- b", "late too_late at 12:28"]);
  });

  it.each([
    ["whole", [[0, 3]]],
    [
      "one by one",
      [
        [0, 1],
        [1, 2],
        [2, 3],
      ],
    ],
    [
      "in another cut",
      [
        [0, 2],
        [1, 3],
      ],
    ],
  ])("behind its rejections leaves them in one row each, when they are sent again %s", async (_, cuts) => {
    // The first write of the row is the claim, the second the progress.
    const beforeCommit = once("row|", unreachable, 2);
    const world = freshWorld({ interpose: (store) => interposedStore(store, { beforeCommit }) });
    const records = readRecords("bad view x; bad view y; bad view z");
    await world.deliver(records.slice(0, 2));
    for (const [from, to] of cuts as [number, number][])
      expect(await world.deliver(records.slice(from, to))).toEqual([]);
    expect(await finalAnswer(world)).toEqual(["malformed x", "malformed y", "malformed z"]);
  });
});
