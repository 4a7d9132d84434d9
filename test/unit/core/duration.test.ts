import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatDuration, parseDuration } from "../../../shared/core/duration.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

describe("parseDuration", () => {
  it.each([
    ["0ms", 0],
    ["500ms", 500],
    ["90s", 90_000],
    ["2m", 2 * minute],
    ["24h", day],
    ["7d", 7 * day],
    ["007d", 7 * day],
    ["PT0S", 0],
    ["PT5M", 5 * minute],
    ["PT90S", 90_000],
    ["PT0.5S", 500],
    ["PT0.05S", 50],
    ["PT1.234S", 1_234],
    ["P1D", day],
    ["P1W", 7 * day],
    ["P1DT12H", day + 12 * hour],
    ["P2W3DT4H5M6.7S", 17 * day + 4 * hour + 5 * minute + 6_700],
    ["PT36H", 36 * hour],
  ])("reads %s as %i ms", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each([
    "",
    "5",
    "m",
    "-5m",
    "+5m",
    "1.5h",
    "5 m",
    " 5m",
    "5m ",
    "5m\n",
    "5M",
    "5min",
    "1h30m",
    "1e3s",
    "٥m",
    "P",
    "PT",
    "P1DT",
    "T5M",
    "1D",
    "P1Y",
    "P1M",
    "P-1D",
    "-P1D",
    "PT1.5M",
    "PT1.2345S",
    "PT.5S",
    "PT5.S",
    "PT5S5M",
    "P1D1W",
    "pt5m",
    "Infinityd",
  ])("reads no duration from %j", (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  it.each([
    ["9007199254740991ms", Number.MAX_SAFE_INTEGER],
    ["9007199254740992ms", undefined],
    ["9007199254740992s", undefined],
    [`${"9".repeat(400)}d`, undefined],
    [`P${"9".repeat(400)}D`, undefined],
  ])("ends where a number stops being exact: %s", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it("reads no duration from ten million digits", () => {
    const digits = "9".repeat(10_000_000);
    expect([`${digits}x`, `PT${digits}`, `${digits}d`].map(parseDuration)).toEqual([undefined, undefined, undefined]);
  });
});

describe("formatDuration", () => {
  it.each([
    [0, "0ms"],
    [1, "1ms"],
    [999, "999ms"],
    [1_000, "1s"],
    [1_001, "1001ms"],
    [90_000, "90s"],
    [2 * minute, "2m"],
    [90 * minute, "90m"],
    [day, "1d"],
    [25 * hour, "25h"],
    [36 * hour + minute, "2161m"],
  ])("prints %i ms as %s", (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it("is read back as the same duration", () => {
    const unit = fc.constantFrom(1, 1_000, minute, hour, day);
    const duration = fc.tuple(fc.nat(1_000_000), unit).map(([count, ms]) => count * ms);
    fc.assert(
      fc.property(duration, (ms) => {
        expect(parseDuration(formatDuration(ms))).toBe(ms);
      }),
      { seed: 1 },
    );
  });
});
