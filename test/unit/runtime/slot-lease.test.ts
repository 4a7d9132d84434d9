import { describe, expect, it } from "vitest";
import { type Need, planLease, planPause, readSchedule } from "../../../shared/runtime/slot-lease.ts";

const now = 1_700_000_000_000;
const alone: Need = { waiting: 1, used: 0, lost: 0 };

describe("a schedule in a document", () => {
  it.each<[what: string, schedule: { at: number; next: number }, isRead: boolean]>([
    ["that begins now", { at: now, next: now }, true],
    ["with a fraction of a millisecond", { at: now, next: now + 0.25 }, true],
    ["that begins as far back as a lease may", { at: now, next: now - 100 }, true],
    ["that begins further back", { at: now, next: now - 101 }, false],
    ["that is let as far ahead as can be", { at: now, next: now + 3_000 }, true],
    ["that is let further ahead", { at: now, next: now + 3_001 }, false],
    ["of the beginning of time", { at: 0, next: 0 }, true],
    ["of before that", { at: -1, next: 0 }, false],
    ["of the last moment of the year 9999", { at: 253_402_300_799_999, next: 253_402_300_799_999 }, true],
    ["of the moment after", { at: 253_402_300_800_000, next: 253_402_300_800_000 }, false],
  ])("%s is read or not", (_, schedule, isRead) => {
    expect(readSchedule(JSON.stringify({ ...schedule, by: 0.5 }))).toEqual(isRead ? schedule : undefined);
  });

  it.each([
    "",
    "soon",
    "null",
    "7",
    "[]",
    "{}",
    `{"at":${now}}`,
    `{"next":${now}}`,
    `{"at":"${now}","next":"${now}"}`,
    '{"at":1e400,"next":1e400}',
    '{"at":null,"next":null}',
  ])("is not %s", (body) => {
    expect(readSchedule(body)).toBeUndefined();
  });
});

describe("a lease", () => {
  const first = (next: number) => {
    const plan = planLease({ at: now, next }, alone, { now, interval: 10 });
    return plan.kind === "lease" ? plan.lease.first - now : plan;
  };

  it.each([
    ["where nobody has begun", undefined, 0],
    ["where the schedule ends just now", { at: now, next: now }, 0],
    ["a little behind the clock, where the schedule ended then", { at: now, next: now - 99 }, -99],
    ["as far behind the clock as it may", { at: now, next: now - 100 }, -100],
    ["no further behind the clock, however long ago the schedule ended", { at: now, next: now - 101 }, -100],
    ["ahead of the clock, where others hold what comes before", { at: now, next: now + 0.5 }, 0.5],
  ])("begins %s", (_, held, ahead) => {
    const plan = planLease(held, alone, { now, interval: 10 });
    const begin = now + ahead;
    expect(plan).toEqual({
      kind: "lease",
      lease: { first: begin, count: 1 },
      schedule: { at: now, next: begin + 10 },
    });
  });

  it("begins at most two seconds ahead; further ahead one looks again when it will be so", () => {
    expect([first(now + 1_999), first(now + 2_000)]).toEqual([1_999, 2_000]);
    expect(first(now + 2_001)).toEqual({ kind: "later", wait: 1 });
    expect(first(now + 2_999)).toEqual({ kind: "later", wait: 999 });
  });

  it.each<[what: string, need: Need, whenIdle: number, whenScarce: number]>([
    ["one for each request that waits", { waiting: 3, used: 0, lost: 0 }, 3, 3],
    ["more, where all of the lease before was used", { waiting: 1, used: 20, lost: 0 }, 40, 22],
    ["one more at least", { waiting: 1, used: 2, lost: 0 }, 4, 3],
    ["as many as were used, where some were lost", { waiting: 1, used: 20, lost: 1 }, 20, 20],
    ["one for each that waits, though fewer were used", { waiting: 8, used: 3, lost: 1 }, 8, 8],
    ["half a second's at most", { waiting: 8, used: 49, lost: 0 }, 50, 50],
    ["half a second's at most, however many wait", { waiting: 51, used: 0, lost: 0 }, 50, 50],
  ])("has slots: %s", (_, need, whenIdle, whenScarce) => {
    const count = (next: number) => {
      const plan = planLease({ at: now, next }, need, { now, interval: 10 });
      return plan.kind === "lease" && plan.lease.count;
    };
    expect([count(now), count(now + 1)]).toEqual([whenIdle, whenScarce]);
  });

  it.each([
    ["every second", 1_000, 1],
    ["every 501 ms", 501, 1],
    ["every 500 ms", 500, 1],
    ["every 250 ms", 250, 2],
    ["every 251 ms", 251, 1],
    ["every 10 µs", 0.01, 50_000],
  ])("of slots %s has at most those of half a second, and always one", (_, interval, most) => {
    const plan = planLease(undefined, { waiting: 100_000, used: 0, lost: 0 }, { now, interval });
    expect(plan).toMatchObject({ kind: "lease", lease: { count: most } });
  });

  it("at its largest leaves a schedule that is read again", () => {
    for (const interval of [1_000, 501, 500, 10, 0.01]) {
      const plan = planLease({ at: now, next: now + 2_000 }, { ...alone, waiting: 1e6 }, { now, interval });
      expect(plan.kind === "lease" && readSchedule(JSON.stringify(plan.schedule))).toEqual(
        plan.kind === "lease" && plan.schedule,
      );
    }
  });
});

describe("a pause", () => {
  it("has no slots, and lasts until nobody's can be left, and is read again", () => {
    const { lease, schedule } = planPause(now);
    expect(lease.count).toBe(0);
    expect(readSchedule(JSON.stringify(schedule))).toEqual({ at: now, next: now + 3_000 });
  });
});
