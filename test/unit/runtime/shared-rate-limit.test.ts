import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { SqliteStateStore } from "../../../localstack/embedded/sqlite-state-store.ts";
import type { Leave } from "../../../shared/ports/rate-limit.ts";
import type { Document, DocumentTable } from "../../../shared/ports/state-store.ts";
import { SharedRateLimit } from "../../../shared/runtime/shared-rate-limit.ts";
import { SimulatedTime } from "../../support/simulated-time.ts";
import { randomFrom } from "./limited-instances.ts";

const began = Date.UTC(2026, 2, 1);
const key = "rate|endpoint";
const granted: Leave = { kind: "granted" };
const cutShort: Leave = { kind: "withheld", reason: "cut short by this side" };

interface WorldOptions {
  readonly ratePerSecond?: number;
  /** The table as instances see it. */
  readonly interpose?: (table: DocumentTable) => DocumentTable;
}

/** Instances that share a limit, over a table that answers at once, in time that a test lets pass. */
function limitWorld({ ratePerSecond = 10, interpose = (same) => same }: WorldOptions = {}) {
  const time = new SimulatedTime();
  const { progress } = new SqliteStateStore({ path: ":memory:", clock: { now: () => began } });
  const calls = { reads: 0, commits: 0 };
  const counted: DocumentTable = {
    read: (keys) => {
      calls.reads++;
      return progress.read(keys);
    },
    commit: (document) => {
      calls.commits++;
      return progress.commit(document);
    },
  };
  let instances = 0;
  const instance = (offset = 0) =>
    new SharedRateLimit({
      ...{ table: interpose(counted), key, ratePerSecond, random: randomFrom(++instances) },
      ...{ clock: { now: () => began + time.now + offset }, sleep: (delay: number) => time.sleep(delay) },
    });
  const stored = async () => (await progress.read([key])).get(key);
  return {
    ...{ time, calls, instance, stored },
    /** When each of `count` requests that come together may go, in ms; a text where it may not. */
    takeAll: (limit: SharedRateLimit, count: number) => {
      const begin = time.now;
      return Array.from({ length: count }, async () => {
        const leave = await limit.take();
        return leave.kind === "granted" ? time.now - begin : leave.reason;
      });
    },
    store: async (body: string) => {
      const version = ((await stored())?.version ?? 0) + 1;
      await progress.commit({ key, version, body });
    },
  };
}

describe("a shared rate limit", () => {
  it("lets one request through at once, and those that come with it one by one", async () => {
    const { time, instance, takeAll } = limitWorld();
    const taken = takeAll(instance(), 4);
    await time.run();
    expect(await Promise.all(taken)).toEqual([0, 100, 200, 300]);
  });

  it.each([
    [1, [0, 1_000, 2_000]],
    [3, [0, 334, 667]],
    [1_000, [0, 1, 2]],
    [100_000, [0, 1, 1]],
  ])("lets %i requests per second through", async (ratePerSecond, times) => {
    const { time, instance, takeAll } = limitWorld({ ratePerSecond });
    const taken = takeAll(instance(), 3);
    await time.run();
    expect(await Promise.all(taken)).toEqual(times);
  });

  it("saves up no more than a tenth of a second's requests, however long nothing was sent", async () => {
    const { time, instance, takeAll } = limitWorld({ ratePerSecond: 20 });
    const limit = instance();
    const first = takeAll(limit, 1);
    await time.run(3_600_000);
    const then = takeAll(limit, 5);
    await time.run();
    expect(await Promise.all([...first, ...then])).toEqual([0, 0, 0, 0, 50, 100]);
  });

  it("takes slots for all who wait with one write, and none for nobody", async () => {
    const { time, calls, instance, takeAll } = limitWorld();
    const taken = takeAll(instance(), 5);
    await time.run();
    await Promise.all(taken);
    expect(calls).toEqual({ reads: 1, commits: 1 });
  });

  it.each([
    [500, 10],
    [501, 1],
  ])(
    "%i ms after a lease of 10 slots takes %i for one request: what was used just now may be needed again",
    async (pause, slots) => {
      const { time, instance, takeAll, stored } = limitWorld({ ratePerSecond: 20 });
      const limit = instance();
      const before = takeAll(limit, 10);
      await time.run();
      await time.run(10 * 50 + pause);
      const after = takeAll(limit, 1);
      await time.run();
      await Promise.all([...before, ...after]);
      const { at, next } = JSON.parse((await stored())?.body ?? "");
      // After a pause a lease begins 100 ms back.
      expect(next - (at - 100)).toBe(slots * 50);
    },
  );

  it("serves those first who came first", async () => {
    const { time, instance } = limitWorld();
    const limit = instance();
    const order: string[] = [];
    for (const name of ["a", "b", "c"]) void limit.take().then(() => order.push(name));
    await time.run();
    expect(order).toEqual(["a", "b", "c"]);
  });

  it("is shared by instances: their requests lie as far apart as those of one", async () => {
    const { time, instance, takeAll } = limitWorld();
    const taken = [...takeAll(instance(), 3), ...takeAll(instance(), 3)];
    await time.run();
    const times = (await Promise.all(taken)) as number[];
    expect(times.toSorted((a, b) => a - b)).toEqual([0, 100, 200, 300, 400, 500]);
  });

  it("outlives its instances: who comes later goes on where the others have stopped", async () => {
    const { time, instance, takeAll } = limitWorld();
    const before = takeAll(instance(), 5);
    await time.run(50);
    const after = takeAll(instance(), 1);
    await time.run();
    expect(await Promise.all([...before, ...after])).toEqual([0, 100, 200, 300, 400, 450]);
  });
});

describe("a slot that nobody used in its time", () => {
  /** Two slots, at 0 and at 100 ms, of which the second is left. */
  const withSlotLeft = async () => {
    const world = limitWorld();
    const limit = world.instance();
    const controller = new AbortController();
    const taken = [limit.take(), limit.take(controller.signal)];
    await world.time.run(50);
    controller.abort();
    expect(await Promise.all(taken)).toEqual([granted, cutShort]);
    return { ...world, limit };
  };

  it.each([
    [99, 1, 1],
    [100, 0, 1],
    [299, 0, 1],
    [300, 0, 1],
    [301, 0, 2],
  ])("is still good %i ms after the first: the request waits %i ms, %i leases in all", async (at, wait, leases) => {
    const { time, calls, limit, takeAll } = await withSlotLeft();
    await time.run(at);
    const taken = takeAll(limit, 1);
    await time.run();
    expect(await Promise.all(taken)).toEqual([wait]);
    expect(calls.commits).toBe(leases);
  });

  it("is lost for good: those of a long lease don't go out together when its instance wakes up", async () => {
    const { time, instance, takeAll } = limitWorld({ ratePerSecond: 100 });
    const limit = instance();
    const controller = new AbortController();
    const left = Array.from({ length: 50 }, () => limit.take(controller.signal));
    await time.run(1);
    controller.abort();
    await time.run(400);
    const taken = takeAll(limit, 40);
    await time.run();
    // At 400 ms slots are good from that of 200 ms on: 21 at once, then those up to 490 ms, then a new lease.
    const times = (await Promise.all(taken)) as number[];
    expect(times.filter((at) => at === 0)).toHaveLength(21);
    expect(times.slice(21)).toEqual(Array.from({ length: 19 }, (_, i) => 10 * (i + 1)));
    expect((await Promise.all(left)).filter(({ kind }) => kind === "granted")).toHaveLength(1);
  });
});

describe("a race for the schedule", () => {
  it("that is lost to somebody else is run again, behind what he took", async () => {
    let raced = false;
    const world = limitWorld({
      interpose: (table) => ({
        read: (keys) => table.read(keys),
        async commit(document) {
          if (!raced) await world.store(JSON.stringify({ at: began, next: began + 700 }));
          raced = true;
          return table.commit(document);
        },
      }),
    });
    const taken = world.takeAll(world.instance(), 2);
    await world.time.run();
    expect(await Promise.all(taken)).toEqual([700, 800]);
    expect(world.calls).toEqual({ reads: 2, commits: 2 });
  });

  it("between instances in lockstep has one winner, though both plan the very same lease", async () => {
    const { promise: bothHaveRead, resolve } = Promise.withResolvers<void>();
    const { time, instance, takeAll, calls } = limitWorld({
      interpose: (table) => ({
        async read(keys) {
          const found = await table.read(keys);
          if (calls.reads === 2) resolve();
          await bothHaveRead;
          return found;
        },
        commit: (document) => table.commit(document),
      }),
    });
    const taken = [...takeAll(instance(), 1), ...takeAll(instance(), 1)];
    await time.run();
    expect((await Promise.all(taken)).toSorted()).toEqual([0, 100]);
    expect(calls.commits).toBe(3);
  });

  it("that is lost time and again sends nothing, and says so", async () => {
    const { time, instance, takeAll, calls } = limitWorld({
      interpose: (table) => ({
        read: (keys) => table.read(keys),
        commit: async (document) => {
          calls.commits++;
          return { kind: "conflict", found: document };
        },
      }),
    });
    const taken = takeAll(instance(), 2);
    await time.run();
    const reason = "the rate limit can't be kept: somebody else was quicker 40 times in a row";
    expect(await Promise.all(taken)).toEqual([reason, reason]);
    expect(calls.commits).toBe(40);
  });
});

describe("a store that fails", () => {
  const failing = (calls: number, landed = false) => {
    let left = calls;
    return (table: DocumentTable): DocumentTable => ({
      read: (keys) => table.read(keys),
      async commit(document: Document) {
        if (left-- <= 0) return table.commit(document);
        if (landed) await table.commit(document);
        throw new Error("the store can't be reached");
      },
    });
  };
  const reason = "the rate limit can't be kept: the store can't be reached";

  it.each([
    [2, [expect.any(Number), expect.any(Number)]],
    [3, [reason, reason]],
  ])("%i times in a row: requests wait, and from the third on are not sent", async (calls, outcome) => {
    const { time, instance, takeAll } = limitWorld({ interpose: failing(calls) });
    const taken = takeAll(instance(), 2);
    await time.run();
    expect(await Promise.all(taken)).toEqual(outcome);
  });

  it("lets nothing through, and everything again when it is back", async () => {
    const { time, instance, takeAll } = limitWorld({ interpose: failing(3) });
    const limit = instance();
    const refused = takeAll(limit, 1);
    await time.run();
    const taken = takeAll(limit, 1);
    await time.run();
    expect(await Promise.all([...refused, ...taken])).toEqual([reason, 0]);
  });

  it("now and then withholds nothing: only failures in a row count", async () => {
    let commits = 0;
    const { time, instance, takeAll } = limitWorld({
      interpose: (table) => ({
        read: (keys) => table.read(keys),
        commit: async (document) => {
          if (++commits % 3 !== 0) throw new Error("the store can't be reached");
          return table.commit(document);
        },
      }),
    });
    const taken = takeAll(instance(), 20);
    await time.run();
    expect(await Promise.all(taken)).toEqual(Array(20).fill(expect.any(Number)));
    expect(commits).toBe(12);
  });

  it("loses slots where its answer is lost, and never gives them twice", async () => {
    const { time, instance, takeAll } = limitWorld({ interpose: failing(1, true) });
    const taken = takeAll(instance(), 3);
    await time.run();
    // The lost lease has those of 0, 100 and 200 ms.
    expect(await Promise.all(taken)).toEqual([300, 400, 500]);
  });

  it("when it is read fails the same way", async () => {
    const { time, instance, takeAll } = limitWorld({
      interpose: (table) => ({ ...table, read: () => Promise.reject(new Error("no such table")) }),
    });
    const taken = takeAll(instance(), 1);
    await time.run();
    expect(await Promise.all(taken)).toEqual(["the rate limit can't be kept: no such table"]);
  });
});

describe("a request that is given up", () => {
  it("before it asks is told so, and asks for no slot", async () => {
    const { instance, calls } = limitWorld();
    expect(await instance().take(AbortSignal.abort())).toEqual(cutShort);
    expect(calls).toEqual({ reads: 0, commits: 0 });
  });

  it("while it waits is told so at once, and leaves its slot to the next", async () => {
    const { time, instance, takeAll } = limitWorld();
    const limit = instance();
    const controller = new AbortController();
    const [first] = takeAll(limit, 1);
    const given = limit.take(controller.signal).then((leave) => [leave, time.now]);
    const [last] = takeAll(limit, 1);
    await time.run(50);
    controller.abort();
    await time.run();
    expect(await given).toEqual([cutShort, 50]);
    expect(await Promise.all([first, last])).toEqual([0, 100]);
  });

  it("while the store is asked leaves nothing behind that would take slots for nobody", async () => {
    const controller = new AbortController();
    const { time, instance, calls } = limitWorld({
      interpose: (table) => ({
        async read(keys) {
          controller.abort();
          return table.read(keys);
        },
        commit: (document) => table.commit(document),
      }),
    });
    expect(await instance().take(controller.signal)).toEqual(cutShort);
    await time.run();
    expect(calls).toEqual({ reads: 1, commits: 0 });
  });

  it("once it is let through has no effect, and nobody listens for it any more", async () => {
    const { time, instance } = limitWorld();
    const controller = new AbortController();
    const leave = instance().take(controller.signal);
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(1);
    await time.run();
    expect(await leave).toEqual(granted);
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
  });
});

describe("a document that is garbage", () => {
  it.each(["", "soon", "[]", "{}", '{"at":"now","next":1}', `{"at":${began},"next":${began + 3_001}}`])(
    "such as %s is mended: nothing goes until all slots are over that others may hold, then all goes on",
    async (body) => {
      const { time, instance, takeAll, store, stored } = limitWorld();
      await store(body);
      const taken = takeAll(instance(), 2);
      await time.run();
      expect(await Promise.all(taken)).toEqual([3_000, 3_100]);
      expect(JSON.parse((await stored())?.body ?? "")).toMatchObject({ next: began + 3_200 });
    },
  );
});

describe("clocks that differ", () => {
  const hour = 3_600_000;

  it.each([
    [-hour, [200, 300]],
    [-5_000, [200, 300]],
    // Who is ahead takes the slots of the time between for slots that nobody used, of which two are good.
    [5_000, [0, 0]],
    [hour, [0, 0]],
  ])("by %i ms keep nobody from sending: whoever is behind follows the faster clock", async (offset, times) => {
    const { time, instance, takeAll } = limitWorld();
    const before = takeAll(instance(), 2);
    await time.run();
    const after = takeAll(instance(offset), 2);
    await time.run();
    expect(await Promise.all([...before, ...after])).toEqual([0, 100, ...times]);
  });

  it("lie as far apart as they may: a schedule of the year 9999 is followed too", async () => {
    const { time, instance, takeAll, store } = limitWorld();
    await store(JSON.stringify({ at: 253_402_300_799_000, next: 253_402_300_799_000 }));
    const taken = takeAll(instance(), 2);
    await time.run();
    expect(await Promise.all(taken)).toEqual([0, 100]);
  });
});
