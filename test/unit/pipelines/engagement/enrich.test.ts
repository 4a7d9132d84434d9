import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { engagementOf } from "../../../../shared/pipelines/engagement/enrich.ts";

const ofLength = (lengthSeconds: number | null) => ({ contentType: "video", lengthSeconds });
const pctOf = (durationMs: number, lengthSeconds: number) =>
  engagementOf(durationMs, ofLength(lengthSeconds)).engagementPct;

/** A long division, as on paper: digit after digit, and the remainder says how to round. */
function oraclePct(durationMs: number, lengthSeconds: number): number {
  const isNegative = Math.sign(durationMs) * Math.sign(lengthSeconds) < 0;
  let rest = BigInt(Math.abs(durationMs));
  const by = BigInt(Math.abs(lengthSeconds)) * 1_000n;
  let digits = String(rest / by);
  for (let place = 0; place < 2; place++) {
    rest = (rest % by) * 10n;
    digits += String(rest / by);
  }
  rest %= by;
  const isHalfOrMore = rest >= by - rest;
  const hundredths = BigInt(digits) + (isHalfOrMore ? 1n : 0n);
  const text = String(hundredths).padStart(3, "0");
  const pct = Number(`${text.slice(0, -2)}.${text.slice(-2)}`);
  return isNegative && pct !== 0 ? -pct : pct;
}

describe("engagementOf", () => {
  it("makes of 7,000 ms of 300 s: 7 s and 0.02", () => {
    expect(engagementOf(7_000, ofLength(300))).toEqual({ engagementSeconds: 7, engagementPct: 0.02 });
  });

  it.each([
    ["the duration", null, ofLength(300)],
    ["the content", 7_000, null],
    ["the length", 7_000, ofLength(null)],
    ["everything", null, null],
  ])("knows neither where %s is missing", (_, durationMs, content) => {
    expect(engagementOf(durationMs, content)).toEqual({ engagementSeconds: null, engagementPct: null });
  });

  it.each([0, -0])("knows neither where the length is %j", (lengthSeconds) => {
    expect(engagementOf(7_000, ofLength(lengthSeconds))).toEqual({ engagementSeconds: null, engagementPct: null });
  });

  it.each([
    [0, 0, 0],
    [-0, 0, 0],
    [1, 0.001, 0],
    [1_234, 1.234, 0],
    [-7_000, -7, -0.02],
    [300_000, 300, 1],
    [450_000, 450, 1.5],
    [9_007_199_254_740_991, 9_007_199_254_740_991 / 1_000, 30_023_997_515.8],
  ])("makes of %i ms of 300 s: %d s and %d", (durationMs, engagementSeconds, engagementPct) => {
    expect(engagementOf(durationMs, ofLength(300))).toEqual({ engagementSeconds, engagementPct });
  });

  it.each([
    ["just below a half", 1_499, 300, 0],
    ["a half", 1_500, 300, 0.01],
    ["just above a half", 1_501, 300, 0.01],
    ["just below the next half", 4_499, 300, 0.01],
    ["the next half, which isn't rounded to even", 4_500, 300, 0.02],
    ["a half that a double holds as less: 1.005", 1_005_000, 1_000, 1.01],
    ["a half that a double holds as less: 8.575", 8_575_000, 1_000, 8.58],
    ["a half that a double holds as more: 0.145, less one", 144_999, 1_000, 0.14],
    ["x.xx4999...", 1_004_999_999_999, 1_000_000_000, 1],
    ["a half of large numbers", 9_007_199_254_740_985, 9_007_199_254_741, 1],
    ["less than a half by what a double can't tell", 9_007_199_254_740_990, 1_801_439_850_948_198, 0.01],
    ["the longest length", 1, Number.MAX_SAFE_INTEGER, 0],
  ])("rounds %s: %i ms of %i s", (_, durationMs, lengthSeconds, engagementPct) => {
    expect(pctOf(durationMs, lengthSeconds)).toBe(engagementPct);
    expect(pctOf(-durationMs, -lengthSeconds)).toBe(engagementPct);
  });

  it.each([
    [-1_500, 300, -0.01],
    [1_500, -300, -0.01],
    [-1_501, 300, -0.01],
    [-4_500, 300, -0.02],
    [-1_005_000, 1_000, -1.01],
  ])("rounds halves below zero away from it: %i ms of %i s", (durationMs, lengthSeconds, engagementPct) => {
    expect(pctOf(durationMs, lengthSeconds)).toBe(engagementPct);
  });

  it("has no zero with a minus", () => {
    expect([pctOf(-1_499, 300), pctOf(1_499, -300), pctOf(-0, 300), pctOf(0, -300)]).toEqual([0, 0, 0, 0]);
    expect(engagementOf(-0, ofLength(300)).engagementSeconds).toBe(0);
  });

  it("divides as on paper, for any two whole numbers", () => {
    const nonZero = fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -1_000, max: 1_000 })).filter((n) => n !== 0);
    const duration = fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -100_000, max: 100_000 }));
    fc.assert(
      fc.property(duration, nonZero, (durationMs, lengthSeconds) => {
        expect(pctOf(durationMs, lengthSeconds)).toBe(oraclePct(durationMs, lengthSeconds) + 0);
      }),
      { numRuns: 2_000 },
    );
  });

  it("rounds a half up and what is one millisecond less down, for any length", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000_000_000 }),
        fc.integer({ min: 0, max: 100_000 }),
        (lengthSeconds, hundredths) => {
          const halfMs = 5 * lengthSeconds * (2 * hundredths + 1);
          expect(pctOf(halfMs, lengthSeconds)).toBe(Number(`${hundredths + 1}e-2`));
          expect(pctOf(halfMs - 1, lengthSeconds)).toBe(Number(`${hundredths}e-2`));
        },
      ),
    );
  });

  it("gives the double that is nearest to the seconds", () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (durationMs) => {
        expect(engagementOf(durationMs, ofLength(1)).engagementSeconds).toBe(Number(`${durationMs}e-3`) + 0);
      }),
    );
  });
});
