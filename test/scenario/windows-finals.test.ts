import { describe, expect, it } from "vitest";
import type { LogRecord } from "../../shared/core/record.ts";
import type { Document } from "../../shared/ports/state-store.ts";
import { interposedStore, once } from "../support/interposed-store.ts";
import { readRecords } from "./windows-arrivals.ts";
import { answerOf, finalAnswer, freshWorld } from "./windows-play.ts";
import type { WindowsWorld } from "./windows-world.ts";

const two = { partitions: 2 };

/** One delivery each. */
async function deliverEach(world: WindowsWorld, records: readonly LogRecord[]): Promise<void> {
  for (const record of records) expect(await world.deliver([record])).toEqual([]);
}

describe("final rows of windows", () => {
  it.each([
    ["12:24:59.999", []],
    ["12:25", ["u1 12:10 1"]],
    ["12:25:00.001", ["u1 12:10 1"]],
  ])(
    "are written once the watermark is at the window's end: with an event at %s there are %j",
    async (time, finals) => {
      const world = freshWorld();
      await deliverEach(world, readRecords(`12:14 a; ${time} x u9`));
      await world.close();
      expect(await answerOf(world)).toEqual(finals);
    },
  );

  it("are written once, however often buckets are closed, and nothing follows them", async () => {
    const world = freshWorld();
    const records = readRecords("12:10 a; 12:25 x u9; 12:14 too_late");
    await deliverEach(world, records.slice(0, 2));
    expect([await world.close(), await world.close()]).toEqual([1, 0]);
    await deliverEach(world, records.slice(2));
    expect(await world.close()).toBe(0);
    expect(await answerOf(world)).toEqual(["u1 12:10 1", "late too_late at 12:15"]);
    expect(world.revisions().map(({ id }) => id)).toEqual([
      "windows:u1|2024-01-01T12:10:00Z:1",
      "windows:u9|2024-01-01T12:25:00Z:1",
    ]);
  });

  it("lie in one object per window with the rows of all users, by the day of its start", async () => {
    const world = freshWorld(two);
    await deliverEach(world, readRecords("23:59 b u2; 23:58 a p1; 23:54:59.999 c u3"));
    await world.settle("end");
    const names: string[] = [];
    for await (const name of world.objects.list("user_windows/")) names.push(name);
    expect(names).toEqual([
      "user_windows/dt=2024-01-01/windows-all-20240101T235000Z.json",
      "user_windows/dt=2024-01-01/windows-all-20240101T235500Z.json",
    ]);
    expect((await world.finals()).map(({ userId }) => userId)).toEqual(["u3", "u1", "u2"]);
  });
});

describe("a window", () => {
  it("leaves with every revision as a message of its topic, and one key", async () => {
    const world = freshWorld();
    await deliverEach(world, readRecords("12:10 a 0.1; 12:14:59.999 b 0.2"));
    const message = (revision: number, amounts: object) => ({
      id: `windows:u1|2024-01-01T12:10:00Z:${revision}`,
      topic: "mode-b-aggregates",
      key: "u1|2024-01-01T12:10:00Z",
      value: {
        userId: "u1",
        windowStart: "2024-01-01T12:10:00Z",
        windowEnd: "2024-01-01T12:15:00Z",
        ...amounts,
        revision,
        final: false,
      },
      timestamp: Date.parse("2024-01-01T12:10:00Z"),
    });
    const sent = world.emitted().map((one) => ({ ...one.message, value: JSON.parse(one.message.value) }));
    expect(sent).toEqual([
      message(1, { eventCount: 1, totalAmount: "0.1", minAmount: "0.1", maxAmount: "0.1" }),
      message(2, { eventCount: 2, totalAmount: "0.3", minAmount: "0.1", maxAmount: "0.2" }),
    ]);
  });

  it("loses nothing that lands in it from another partition between a load and a commit", async () => {
    const [a, b] = readRecords("12:10 a 1; 12:11 b 2 p1") as [LogRecord, LogRecord];
    const beforeCommit = once("windows|", () => world.deliver([b]));
    const world: WindowsWorld = freshWorld(two, { interpose: (store) => interposedStore(store, { beforeCommit }) });
    expect(await world.deliver([a])).toEqual([]);
    expect(world.revisions().map(({ revision, body }) => `${revision}: ${body.totalAmount}`)).toEqual(["1: 2", "2: 3"]);
    expect(await finalAnswer(world)).toEqual(["u1 12:10 2 of 3 (1 to 2)"]);
  });
});

describe("a partition that falls silent", () => {
  const silent = { topic: "incoming-events", partition: 1 };
  /** The floor of a partition is stored with its own batches: it takes one more to hear of an idle mark. */
  const records = readRecords(`
    12:10 a; 12:10 b p1; 12:50 x u9
    12:51 y u9
    12:14:59.999 c p1; 12:41 d p1`);
  const [before, after, waking] = [records.slice(0, 3), records.slice(3, 4), records.slice(4)];

  it("holds all windows back", async () => {
    const world = freshWorld(two);
    await deliverEach(world, [...before, ...after]);
    await world.close();
    expect(await answerOf(world)).toEqual([]);
  });

  it("holds none back once it is marked idle", async () => {
    const world = freshWorld(two);
    await deliverEach(world, before);
    await world.markIdle(silent);
    await deliverEach(world, after);
    await world.close();
    expect(await answerOf(world)).toEqual(["u1 12:10 2"]);
  });

  it("holds none back though it never was seen, once it is marked idle", async () => {
    const world = freshWorld(two);
    await world.markIdle(silent);
    await deliverEach(world, readRecords("12:10 a; 12:50 x u9"));
    await world.close();
    expect(await answerOf(world)).toEqual(["u1 12:10 1"]);
  });

  it("is judged by how far windows are closed, when it wakes", async () => {
    const world = freshWorld(two);
    await deliverEach(world, before);
    await world.markIdle(silent);
    await deliverEach(world, after);
    await world.close();
    await deliverEach(world, waking);
    expect(await finalAnswer(world)).toEqual(["u1 12:10 2", "u1 12:40 1", "u9 12:50 2", "late c at 12:41"]);
  });

  it.each([
    ["before a closing has said how far it goes, is heard", 1, ["u1 12:10 3", "u1 12:40 1", "u9 12:50 2"]],
    ["after that, is late", 2, ["u1 12:10 2", "u1 12:40 1", "u9 12:50 2", "late c at 12:41"]],
  ])("and wakes %s", async (_, nth, answer) => {
    const beforeCommit = once("closed|", () => deliverEach(world, waking), nth);
    const world: WindowsWorld = freshWorld(two, { interpose: (store) => interposedStore(store, { beforeCommit }) });
    await deliverEach(world, before);
    await world.markIdle(silent);
    await deliverEach(world, after);
    await world.close();
    expect(await finalAnswer(world)).toEqual(answer);
  });

  it("and wakes while a closing looks elsewhere, is waited for until it has written", async () => {
    const atWork = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<void>();
    let woken: Promise<void> | undefined;
    const wake = once("closed|", () => {
      woken = deliverEach(world, waking);
      return atWork.promise;
    });
    const isItsWrite = once(
      "windows|0|u1|2024-01-01T12:10:00Z",
      () => {
        atWork.resolve();
        return closed.promise;
      },
      3,
    );
    const beforeCommit = async (document: Document) => {
      await wake(document);
      await isItsWrite(document);
    };
    const world: WindowsWorld = freshWorld(two, { interpose: (store) => interposedStore(store, { beforeCommit }) });
    await deliverEach(world, before);
    await world.markIdle(silent);
    await deliverEach(world, after);
    expect(await world.close()).toBe(0);
    closed.resolve();
    await woken;
    expect(await finalAnswer(world)).toEqual(["u1 12:10 3", "u1 12:40 1", "u9 12:50 2"]);
  });
});
