import { describe, expect, it } from "vitest";
import { judgeDedupe } from "../../support/oracle/dedupe-oracle.ts";
import { fileLines, noon, type Sent } from "./file-lines.ts";

const minute = 60_000;
const settings = { allowedLateness: 5 * minute, maxFutureSkew: 5 * minute, partitions: 1 };

function event(eventId: unknown, eventTime: number, partition = 0): Sent {
  return { ts: eventTime, partition, payload: { eventId, eventTime } };
}

const judge = (records: readonly Sent[], partitions = 1) =>
  judgeDedupe(fileLines("incoming-events", records), { ...settings, partitions });
const judged = (records: readonly Sent[], partitions = 1) =>
  judge(records, partitions).fates.map(({ fate, reason, watermark }) => [reason ?? fate, watermark]);

describe("an event", () => {
  it("comes through as it came, to the letter, once", () => {
    const payload = ' {"payload" : {"n":1.10}, "eventTime":"2024-01-01T12:00:00", "eventId":"é"}';
    const again = { ts: noon(), payload: { eventId: "é", eventTime: noon(1), payload: 2 } };
    const { rows, counts } = judge([{ ts: noon(), payload }, again]);
    expect(rows).toEqual([{ eventId: "é", eventTime: noon(), body: payload }]);
    expect(counts).toEqual({
      "incoming-events": {
        read: 2,
        accepted: 1,
        duplicate: 1,
        ignored: 0,
        rejected: { malformed: 0, late: 0, future: 0, oversized: 0 },
      },
    });
  });

  it("is the same in whatever partition it comes, and the first counts", () => {
    const { rows, fates } = judge([event("a", noon(1), 1), event("a", noon(), 0)], 2);
    expect(fates.map(({ fate }) => fate)).toEqual(["accepted", "duplicate"]);
    expect(rows.map(({ eventTime }) => eventTime)).toEqual([noon(1)]);
  });

  it("is late before the watermark, and not at it", () => {
    expect(judged([event("a", noon(300)), event("b", noon()), event("c", noon() - 1)])).toEqual([
      ["accepted", null],
      ["accepted", noon()],
      ["late", noon()],
    ]);
  });

  it("is a duplicate, however late, where it is known", () => {
    expect(judged([event("a", noon()), event("b", noon(86_400)), event("a", noon())])).toEqual([
      ["accepted", null],
      ["accepted", noon(-300)],
      ["duplicate", noon(86_100)],
    ]);
  });

  it("is not known for having been late", () => {
    const records = [event("b", noon(600)), event("a", noon()), event("a", noon(600))];
    expect(judged(records).map(([fate]) => fate)).toEqual(["accepted", "late", "accepted"]);
  });

  it("is never late while a partition is unseen", () => {
    expect(
      judged([event("a", noon(900)), event("b", noon()), event("c", noon(), 1), event("d", noon(), 2)], 3),
    ).toEqual([
      ["accepted", null],
      ["accepted", null],
      ["accepted", null],
      ["accepted", null],
    ]);
  });

  it("is late by the least of all partitions, in whatever partition it comes", () => {
    const records = [event("a", noon(900)), event("b", noon(300), 1), event("c", noon()), event("d", noon() - 1, 1)];
    expect(judged(records, 2)).toEqual([
      ["accepted", null],
      ["accepted", null],
      ["accepted", noon()],
      ["late", noon()],
    ]);
  });

  it("moves the watermark on as a duplicate, and not as anything that is rejected", () => {
    const ahead = { ts: noon(), payload: { eventId: "f", eventTime: noon(301) } };
    const broken = { ts: noon(), payload: { eventTime: noon(300) } };
    expect(judged([event("a", noon()), ahead, broken, event("a", noon(100)), event("b", noon())])).toEqual([
      ["accepted", null],
      ["future", noon(-300)],
      ["malformed", noon(-300)],
      ["duplicate", noon(-300)],
      ["accepted", noon(-200)],
    ]);
  });

  it("is too far ahead of its record beyond the skew, known or not", () => {
    const ahead = (by: number) => ({ ts: noon(), payload: { eventId: "a", eventTime: noon() + by } });
    expect(judged([ahead(300_001), ahead(300_000), ahead(300_001), ahead(300_000)]).map(([fate]) => fate)).toEqual([
      "future",
      "accepted",
      "future",
      "duplicate",
    ]);
  });

  it("may have a number for an id, of any length, which is its digits", () => {
    const long = { ts: noon(), payload: `{"eventId":9007199254740993,"eventTime":${noon()}}` };
    const near = { ts: noon(), payload: `{"eventId":9007199254740992,"eventTime":${noon()}}` };
    expect(judge([long, near]).rows.map(({ eventId }) => eventId)).toEqual(["9007199254740992", "9007199254740993"]);
  });

  it("counts once in all where it is delivered again", () => {
    const lines = fileLines("incoming-events", [event("a", noon()), event("b", noon())]);
    expect(judgeDedupe([...lines, ...lines], settings)).toEqual(judgeDedupe(lines, settings));
  });

  it.each([
    ["no id", { eventTime: 1 }],
    ["null for an id", { eventId: null, eventTime: 1 }],
    ["no time", { eventId: "a" }],
    ["a time before 1970", { eventId: "a", eventTime: -1 }],
    ["a time after 9999", { eventId: "a", eventTime: "10000-01-01T00:00:00Z" }],
    ["no object", '"a"'],
    ["no JSON", "a"],
  ])("is malformed with %s", (_, payload) => {
    expect(judged([{ ts: noon(), payload }])).toEqual([["malformed", null]]);
  });

  it("is ignored as a tombstone, and in another topic", () => {
    const lines = ["incoming-events", "elsewhere"].flatMap((topic) => fileLines(topic, [{ ts: 0, payload: null }]));
    expect(judgeDedupe(lines, settings).fates.map(({ fate }) => fate)).toEqual(["ignored", "ignored"]);
  });
});
