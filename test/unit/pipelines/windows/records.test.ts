import { describe, expect, it } from "vitest";
import { formatDecimal } from "../../../../shared/core/decimal.ts";
import { parseRecord } from "../../../../shared/pipelines/windows/records.ts";

const minute = 60_000;
const time = Date.parse("2024-01-01T12:12:30Z");
const plain = { eventId: "e1", userId: "u1", amount: 12.5, eventType: "purchase", eventTime: "2024-01-01T12:12:30Z" };

const parse = (value: object | string, windowSize = 5 * minute) =>
  parseRecord(new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value)), windowSize);

function amountOf(value: object | string): string | undefined {
  const parsed = parse(value);
  return parsed.kind === "record" ? formatDecimal(parsed.record.amount) : undefined;
}

describe("an event", () => {
  it("is read", () => {
    expect(parse(plain)).toEqual({
      kind: "record",
      record: { key: "u1|2024-01-01T12:10:00Z", id: "e1", time, amount: { units: 125n, scale: 1 } },
    });
  });

  it.each([
    ["a number as an id", { eventId: 7 }, { id: "7" }],
    ["a number as a user", { userId: 42 }, { key: "42|2024-01-01T12:10:00Z" }],
    ["a time in milliseconds", { eventTime: time }, { time }],
    ["no event type", { eventType: undefined }, { id: "e1" }],
    ["an event type that is null", { eventType: null }, { id: "e1" }],
    ["an event type that is empty", { eventType: "" }, { id: "e1" }],
    ["fields that nobody asked for", { extra: { deep: [1] } }, { id: "e1" }],
  ])("may have %s", (_, fields, expected) => {
    expect(parse({ ...plain, ...fields })).toMatchObject({ kind: "record", record: expected });
  });

  it.each([
    ["12:09:59.999", "u1|2024-01-01T12:05:00Z"],
    ["12:10:00", "u1|2024-01-01T12:10:00Z"],
    ["12:14:59.999", "u1|2024-01-01T12:10:00Z"],
    ["12:15:00", "u1|2024-01-01T12:15:00Z"],
  ])("at %s falls into the window %s", (at, key) => {
    expect(parse({ ...plain, eventTime: `2024-01-01T${at}Z` })).toMatchObject({ record: { key } });
  });

  it("falls into a window that is aligned to the epoch, whatever its size", () => {
    const size = 7 * minute;
    const start = time - (time % size);
    expect(parse(plain, size)).toMatchObject({
      record: { key: `u1|${new Date(start).toISOString().replace(".000", "")}` },
    });
  });

  it("without zone is in UTC, with one where that says", () => {
    const keys = ["2024-01-01T12:12:30", "2024-01-01T14:12:30+02:00"].map((eventTime) =>
      parse({ ...plain, eventTime }),
    );
    expect(keys).toEqual([parse(plain), parse(plain)]);
  });
});

describe("the amount of an event", () => {
  it.each([
    ["as a number", { ...plain, amount: 0.1 }, "0.1"],
    ["as text", { ...plain, amount: "10.50" }, "10.50"],
    ["below zero", { ...plain, amount: -3 }, "-3"],
    ["of null, which counts as 0", { ...plain, amount: null }, "0"],
    ["that is missing, which counts as 0", { ...plain, amount: undefined }, "0"],
    [
      "with more digits than a double holds",
      JSON.stringify(plain).replace("12.5", "123456789012.345678"),
      "123456789012.345678",
    ],
    ["with zeros behind the point", JSON.stringify(plain).replace("12.5", "12.50"), "12.50"],
  ])("is read %s", (_, value, amount) => {
    expect(amountOf(value)).toBe(amount);
  });

  it.each([
    ["of seven digits behind the point", 0.0000001],
    ["of 19 digits", "1234567890123456789"],
    ["that is no number", "much"],
    ["that is empty", ""],
    ["that is true", true],
    ["that is a list", [1]],
  ])("is malformed %s", (_, amount) => {
    expect(parse({ ...plain, amount })).toMatchObject({ kind: "rejected", reason: "malformed" });
  });
});

describe("a value that can't be used", () => {
  it.each([
    ["no JSON", "{", "value is not JSON"],
    ["no object", "[]", "value is not a JSON object"],
    ["no event id", { ...plain, eventId: undefined }, "eventId is missing"],
    ["an event id of null", { ...plain, eventId: null }, "eventId is missing"],
    ["an event id that is empty", { ...plain, eventId: "" }, "eventId is empty"],
    ["an event id with a fraction", { ...plain, eventId: 1.5 }, "eventId is not an integer"],
    ["no user", { ...plain, userId: undefined }, "userId is missing"],
    ["a user of null", { ...plain, userId: null }, "userId is missing"],
    ["a user that is a list", { ...plain, userId: ["u1"] }, "userId is neither text nor an integer"],
    ["no event time", { ...plain, eventTime: undefined }, "eventTime is missing"],
    ["a day that doesn't exist", { ...plain, eventTime: "2023-02-29T12:00:00Z" }, "eventTime is no event time"],
    ["an event type that is a number", { ...plain, eventType: 1 }, "eventType is not text"],
    ["an event type that is an object", { ...plain, eventType: {} }, "eventType is not text"],
  ])("because it has %s is malformed, and says so", (_, value, message) => {
    expect(parse(value)).toEqual({ kind: "rejected", reason: "malformed", message: expect.stringContaining(message) });
  });

  it.each(["eventId", "userId"])("for its %s of more than 1,024 bytes is oversized; 1,024 will do", (name) => {
    expect(parse({ ...plain, [name]: "x".repeat(1_024) })).toMatchObject({ kind: "record" });
    expect(parse({ ...plain, [name]: "x".repeat(1_025) })).toMatchObject({ kind: "rejected", reason: "oversized" });
  });
});
