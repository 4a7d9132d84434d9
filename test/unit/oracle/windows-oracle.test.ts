import { describe, expect, it } from "vitest";
import { judgeWindows, type WindowRow } from "../../support/oracle/windows-oracle.ts";
import { fileLines, noon, type Sent } from "./file-lines.ts";

const minute = 60_000;
const settings = { allowedLateness: 10 * minute, windowSize: 5 * minute, maxFutureSkew: 5 * minute, partitions: 1 };

let ids = 0;

function event(amount: unknown, eventTime: number, more: object = {}): Sent {
  return { ts: eventTime, payload: { eventId: `id ${ids++}`, userId: "u1", eventTime, amount, ...more } };
}

const inPartition = (partition: number, sent: Sent) => ({ ...sent, partition });
const judge = (records: readonly Sent[], more = {}) =>
  judgeWindows(fileLines("incoming-events", records), { ...settings, ...more });
const judged = (records: readonly Sent[], more = {}) =>
  judge(records, more).fates.map(({ fate, reason, watermark }) => [reason ?? fate, watermark]);
const told = ({ userId, windowStart, eventCount, totalAmount, minAmount, maxAmount }: WindowRow) =>
  `${userId} ${(windowStart - noon()) / minute}: ${eventCount}, ${totalAmount} in ${minAmount}..${maxAmount}`;
const windows = (records: readonly Sent[], more = {}) => judge(records, more).rows.map(told);

describe("a window", () => {
  it("holds what lies from its start to just before its end", () => {
    const records = [event("1", noon()), event("2", noon(300) - 1), event("4", noon(300)), event("8", noon() - 1)];
    expect(judge(records).rows).toEqual([
      {
        userId: "u1",
        windowStart: noon(-300),
        windowEnd: noon(),
        eventCount: 1,
        totalAmount: "8",
        minAmount: "8",
        maxAmount: "8",
        final: true,
      },
      {
        userId: "u1",
        windowStart: noon(),
        windowEnd: noon(300),
        eventCount: 2,
        totalAmount: "3",
        minAmount: "1",
        maxAmount: "2",
        final: true,
      },
      {
        userId: "u1",
        windowStart: noon(300),
        windowEnd: noon(600),
        eventCount: 1,
        totalAmount: "4",
        minAmount: "4",
        maxAmount: "4",
        final: true,
      },
    ]);
  });

  it("is aligned to the epoch, whatever its size", () => {
    const rows = judge([event("1", 20_000)], { windowSize: 7_000 }).rows;
    expect(rows.map(({ windowStart, windowEnd }) => [windowStart, windowEnd])).toEqual([[14_000, 21_000]]);
  });

  it("is one user's, from all partitions", () => {
    const records = [
      event("1", noon()),
      inPartition(1, event("2", noon())),
      inPartition(1, event("4", noon(), { userId: "u2" })),
    ];
    expect(windows(records, { partitions: 2 })).toEqual(["u1 0: 2, 3 in 1..2", "u2 0: 1, 4 in 4..4"]);
  });

  it("sums exactly", () => {
    expect(windows([event(0.1, noon()), event("0.2", noon())])).toEqual(["u1 0: 2, 0.3 in 0.1..0.2"]);
    const most = "999999999999999999";
    expect(windows([event(most, noon()), event(most, noon()), event("0.000001", noon())])).toEqual([
      `u1 0: 3, 1999999999999999998.000001 in 0.000001..${most}`,
    ]);
  });

  it("compares by value, below zero too", () => {
    const records = [event("-9", noon()), event("-10", noon()), event("9", noon()), event("10.00", noon())];
    expect(windows(records)).toEqual(["u1 0: 4, 0 in -10..10"]);
  });

  it("counts an event without an amount, as 0", () => {
    expect(windows([event(null, noon()), event(undefined, noon()), event("5", noon())])).toEqual([
      "u1 0: 3, 5 in 0..5",
    ]);
  });
});

describe("an event", () => {
  it("is late when its window is final: from the moment that the watermark reaches the end", () => {
    const open = [event("1", noon(900) - 1), event("2", noon(299))];
    const closed = [event("1", noon(900)), event("2", noon(299)), event("4", noon(300))];
    expect(judged(open)).toEqual([
      ["accepted", null],
      ["accepted", noon(300) - 1],
    ]);
    expect(judged(closed)).toEqual([
      ["accepted", null],
      ["late", noon(300)],
      ["accepted", noon(300)],
    ]);
  });

  it("is on time before the watermark, as long as its window is open", () => {
    expect(windows([event("1", noon(880)), event("2", noon())])).toEqual(["u1 0: 1, 2 in 2..2", "u1 10: 1, 1 in 1..1"]);
  });

  it("counts once within its user and window, and the first does", () => {
    const records = [
      event("1", noon(), { eventId: "a" }),
      event("2", noon(1), { eventId: "a" }),
      inPartition(1, event("4", noon(299), { eventId: "a" })),
    ];
    expect(judged(records, { partitions: 2 }).map(([fate]) => fate)).toEqual(["accepted", "duplicate", "duplicate"]);
    expect(windows(records, { partitions: 2 })).toEqual(["u1 0: 1, 1 in 1..1"]);
  });

  it("is another one in another window, or of another user", () => {
    const records = [
      event("1", noon(), { eventId: "a" }),
      event("2", noon(300), { eventId: "a" }),
      event("4", noon(), { eventId: "a", userId: "u2" }),
    ];
    expect(judged(records).map(([fate]) => fate)).toEqual(["accepted", "accepted", "accepted"]);
  });

  it("is late before it is a duplicate", () => {
    const records = [event("1", noon(), { eventId: "a" }), event("1", noon(900)), event("1", noon(), { eventId: "a" })];
    expect(judged(records).map(([fate]) => fate)).toEqual(["accepted", "accepted", "late"]);
  });

  it("is never late while a partition is unseen, and then by the least of all", () => {
    const records = [
      event("1", noon(1_800)),
      event("1", noon()),
      inPartition(1, event("1", noon(900))),
      event("1", noon(299)),
      inPartition(1, event("1", noon(300))),
    ];
    expect(judged(records, { partitions: 2 })).toEqual([
      ["accepted", null],
      ["accepted", null],
      ["accepted", null],
      ["late", noon(300)],
      ["accepted", noon(300)],
    ]);
  });

  it("is too far ahead of its record beyond the skew, and then moves nothing", () => {
    const ahead = (by: number) => ({ ...event("1", noon() + by), ts: noon() });
    expect(judged([ahead(300_001), ahead(300_000), ahead(0)])).toEqual([
      ["future", null],
      ["accepted", null],
      ["accepted", noon(-300)],
    ]);
  });

  it("moves the watermark on as a duplicate", () => {
    const records = [event("1", noon(), { eventId: "a" }), event("1", noon(60), { eventId: "a" }), event("1", noon())];
    expect(judged(records)).toEqual([
      ["accepted", null],
      ["duplicate", noon(-600)],
      ["accepted", noon(-540)],
    ]);
  });

  it.each([
    ["no id", { eventId: null }],
    ["no user", { userId: null }],
    ["no time", { eventTime: null }],
    ["an amount that is no number", { amount: "much" }],
    ["an amount that is neither number nor text", { amount: true }],
    ["an amount with 7 places", { amount: "0.0000001" }],
    ["an amount of 19 digits", { amount: "1234567890123456789" }],
    ["a type that is no text", { eventType: 7 }],
  ])("is malformed with %s", (_, fault) => {
    expect(judged([event("1", noon(), fault)])).toEqual([["malformed", null]]);
  });

  it("may have a type, or null for one", () => {
    const records = [event("1", noon(), { eventType: "sale" }), event("1", noon(), { eventType: null })];
    expect(judged(records).map(([fate]) => fate)).toEqual(["accepted", "accepted"]);
  });

  it("is counted in its topic", () => {
    const records = [event("1", noon()), event("x", noon()), { ts: noon(), payload: null }];
    expect(judge(records).counts).toEqual({
      "incoming-events": {
        read: 3,
        accepted: 1,
        duplicate: 0,
        ignored: 1,
        rejected: { malformed: 1, late: 0, future: 0, oversized: 0 },
      },
    });
  });
});
