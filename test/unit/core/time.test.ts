import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  bucketEnd,
  bucketStart,
  formatEventTime,
  isEventTime,
  lastEventTime,
  parseEventTime,
} from "../../../shared/core/time.ts";

const noon = Date.UTC(2024, 0, 1, 12, 10, 0);

describe("parseEventTime", () => {
  it.each([
    ["with Z", "2024-01-01T12:10:00Z", noon],
    ["without a zone as UTC", "2024-01-01T12:10:00", noon],
    ["ahead of UTC", "2024-01-01T14:10:00+02:00", noon],
    ["behind UTC, on the day before", "2023-12-31T22:40:00-13:30", noon],
    ["with the zone +00:00", "2024-01-01T12:10:00+00:00", noon],
    ["with the zone -00:00", "2024-01-01T12:10:00-00:00", noon],
    ["with the widest zone that can be written", "2024-01-02T12:09:00+23:59", noon],
    ["with one digit of a fraction", "2024-01-01T12:10:00.5Z", noon + 500],
    ["with two digits of a fraction", "2024-01-01T12:10:00.05Z", noon + 50],
    ["with milliseconds", "2024-01-01T12:10:00.005Z", noon + 5],
    ["with milliseconds and no zone", "2024-01-01T12:10:00.123", noon + 123],
    ["with milliseconds and a zone", "2024-01-01T13:10:00.123+01:00", noon + 123],
    ["with microseconds, cut and not rounded", "2024-01-01T12:10:00.123999Z", noon + 123],
    ["with nanoseconds, cut and not rounded", "2024-01-01T12:10:00.999999999Z", noon + 999],
    ["with a fraction of only zeros", "2024-01-01T12:10:00.000000Z", noon],
    ["in the first second of a day", "2024-01-01T00:00:00Z", Date.UTC(2024, 0, 1)],
    ["in the last second of a day", "2024-01-01T23:59:59Z", Date.UTC(2024, 0, 1, 23, 59, 59)],
  ])("reads a time %s", (_, text, time) => {
    expect(parseEventTime(text)).toBe(time);
  });

  it.each([
    "2024-02-29",
    "2000-02-29",
    "2096-02-29",
    "2100-02-28",
    "2023-02-28",
    "2024-01-31",
    "2024-04-30",
    "2024-12-31",
  ])("takes %s for a real date", (date) => {
    expect(parseEventTime(`${date}T00:00:00Z`)).toBe(Date.parse(`${date}T00:00:00Z`));
  });

  it.each([
    "2023-02-29",
    "2100-02-29",
    "2200-02-29",
    "2024-02-30",
    "2024-04-31",
    "2024-06-31",
    "2024-09-31",
    "2024-11-31",
    "2024-01-32",
    "2024-01-00",
    "2024-00-01",
    "2024-13-01",
  ])("knows that %s is no date", (date) => {
    expect(parseEventTime(`${date}T00:00:00Z`)).toBeUndefined();
  });

  it.each([
    ["1970-01-01T00:00:00Z", 0],
    ["1970-01-01T00:00:00.000999Z", 0],
    ["1969-12-31T23:59:59Z", undefined],
    ["1969-12-31T23:59:59.999Z", undefined],
    ["1970-01-01T00:59:59+01:00", undefined],
    ["1970-01-01T01:00:00+01:00", 0],
    ["1969-12-31T23:00:00-01:00", 0],
    ["1969-12-31T22:59:59.999-01:00", undefined],
    ["9999-12-31T23:59:59.999Z", lastEventTime],
    ["9999-12-31T23:59:59.999999Z", lastEventTime],
    ["9999-12-31T22:59:59.999-01:00", lastEventTime],
    ["9999-12-31T23:00:00-01:00", undefined],
    ["9999-12-31T23:59:59-00:01", undefined],
    ["0000-01-01T00:00:00Z", undefined],
  ])("takes %s for %s: the years are 1970 to 9999, in UTC", (text, time) => {
    expect(parseEventTime(text)).toBe(time);
  });

  it.each([
    ["an hour that isn't", "2024-01-01T24:00:00Z"],
    ["a minute that isn't", "2024-01-01T12:60:00Z"],
    ["a leap second", "2016-12-31T23:59:60Z"],
    ["a zone of 24 hours", "2024-01-01T12:10:00+24:00"],
    ["a zone of 60 minutes", "2024-01-01T12:10:00+01:60"],
    ["a zone without a colon", "2024-01-01T12:10:00+0100"],
    ["a zone of hours alone", "2024-01-01T12:10:00+01"],
    ["a zone without a sign", "2024-01-01T12:10:0001:00"],
    ["a zone with a minus that is none", "2024-01-01T12:10:00\u221201:00"],
    ["a small z", "2024-01-01T12:10:00z"],
    ["a small t", "2024-01-01t12:10:00Z"],
    ["a space for the T", "2024-01-01 12:10:00Z"],
    ["no seconds", "2024-01-01T12:10Z"],
    ["no time", "2024-01-01"],
    ["a year of five digits", "12024-01-01T12:10:00Z"],
    ["a year with a sign", "+2024-01-01T12:10:00Z"],
    ["a month of one digit", "2024-1-01T12:10:00Z"],
    ["a fraction without digits", "2024-01-01T12:10:00.Z"],
    ["a comma for the point", "2024-01-01T12:10:00,5Z"],
    ["an exponent", "2024-01-01T12:10:00.5e3Z"],
    ["something behind the Z", "2024-01-01T12:10:00Zx"],
    ["a space behind", "2024-01-01T12:10:00Z "],
    ["a space before", " 2024-01-01T12:10:00Z"],
    ["a line break behind", "2024-01-01T12:10:00Z\n"],
    ["Arabic digits", "٢٠٢٤-01-01T12:10:00Z"],
    ["full-width digits", "2024-01-01T1２:10:00Z"],
    ["a minus among digits", "2024-01--1T12:10:00Z"],
    ["nothing", ""],
    ["words", "yesterday at about noon"],
    ["epoch milliseconds as text", "1704111000000000000"],
  ])("reads no time with %s", (_, text) => {
    expect(parseEventTime(text)).toBeUndefined();
  });

  it("cuts a fraction of a million digits like any other", () => {
    const text = `2024-01-01T12:10:00.123${"9".repeat(1_000_000)}`;
    expect([parseEventTime(`${text}Z`), parseEventTime(`${text}+00:01`)]).toEqual([noon + 123, noon + 123 - 60_000]);
  });

  it("reads no time from a million digits, or with a million of them behind it", () => {
    const digits = "9".repeat(1_000_000);
    expect([digits, `2024-01-01T12:10:00${digits}Z`, `2024-01-01T12:10:00Z${digits}`].map(parseEventTime)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("never throws, and answers with nothing but event times, whatever the text", () => {
    const number = (max: number) => fc.nat(max).map((value) => String(value).padStart(2, "0"));
    const end = fc.constantFrom("", "Z", ".", ".1", ".12345Z", "+00:00", "-24:00", "Z ", ":00");
    const almost = fc
      .tuple(fc.integer({ min: 1_960, max: 10_010 }), number(14), number(33), number(25), number(61), number(61), end)
      .map(([year, month, day, hour, minute, second, rest]) => {
        return `${year}-${month}-${day}T${hour}:${minute}:${second}${rest}`;
      });
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary", maxLength: 70 }), almost), (text) => {
        const time = parseEventTime(text);
        expect(time === undefined || isEventTime(time)).toBe(true);
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});

describe("formatEventTime", () => {
  it.each([
    [0, "1970-01-01T00:00:00Z"],
    [1, "1970-01-01T00:00:00.001Z"],
    [noon, "2024-01-01T12:10:00Z"],
    [noon + 10, "2024-01-01T12:10:00.010Z"],
    [noon + 999, "2024-01-01T12:10:00.999Z"],
    [noon + 1_000, "2024-01-01T12:10:01Z"],
    [Date.UTC(2024, 1, 29), "2024-02-29T00:00:00Z"],
    [lastEventTime, "9999-12-31T23:59:59.999Z"],
  ])("prints %i as %s", (time, text) => {
    expect(formatEventTime(time)).toBe(text);
  });

  it("is read back as the same time, and prints what Date prints without the zeros", () => {
    fc.assert(
      fc.property(fc.oneof(fc.integer({ min: 0, max: lastEventTime }), secondsOnly), (time) => {
        const text = formatEventTime(time);
        expect(text).toBe(new Date(time).toISOString().replace(".000Z", "Z"));
        expect(parseEventTime(text)).toBe(time);
      }),
      { seed: 1, numRuns: 1_000 },
    );
  });

  it("prints days all over the calendar as Date does", () => {
    const dayMs = 86_400_000;
    const wrong: number[] = [];
    for (let time = 0; time <= lastEventTime; time += 97 * dayMs) {
      if (formatEventTime(time) !== new Date(time).toISOString().replace(".000Z", "Z")) wrong.push(time);
    }
    expect(wrong).toEqual([]);
  });
});

const secondsOnly = fc.integer({ min: 0, max: Math.floor(lastEventTime / 1_000) }).map((seconds) => seconds * 1_000);

describe("reading what Date prints", () => {
  it("gives the time that Date gives, in any zone", () => {
    const zone = fc.tuple(fc.constantFrom("+", "-"), fc.nat(23), fc.nat(59));
    fc.assert(
      fc.property(fc.integer({ min: 0, max: lastEventTime }), zone, (time, [sign, hours, minutes]) => {
        const local = new Date(time).toISOString().slice(0, -1);
        const text = `${local}${sign}${String(hours).padStart(2, "0")}:${String(minutes).padStart(2, "0")}`;
        const expected = Date.parse(text);
        expect(parseEventTime(text)).toBe(expected >= 0 && expected <= lastEventTime ? expected : undefined);
      }),
      { seed: 1, numRuns: 1_000 },
    );
  });
});

describe("isEventTime", () => {
  it.each([
    [-1, false],
    [0, true],
    [lastEventTime, true],
    [lastEventTime + 1, false],
    [1.5, false],
    [Number.NaN, false],
    [Number.POSITIVE_INFINITY, false],
  ])("says of %d: %s", (value, isOne) => {
    expect(isEventTime(value)).toBe(isOne);
  });
});

describe("buckets", () => {
  const width = 300_000;
  it.each([
    [0, 0, width],
    [width - 1, 0, width],
    [width, width, 2 * width],
    [width + 1, width, 2 * width],
  ])("put %i into the bucket from %i to %i", (time, start, end) => {
    expect([bucketStart(time, width), bucketEnd(time, width)]).toEqual([start, end]);
  });
});
