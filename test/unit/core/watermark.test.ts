import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { earlierOf, isBefore, laterOf, type Watermark, watermarkOf } from "../../../shared/core/watermark.ts";

const lateness = 120;

describe("watermarkOf", () => {
  it.each<[name: string, highest: Watermark[], floor: Watermark, watermark: Watermark]>([
    ["is the least source's highest time less the lateness", [1_000, 900], undefined, 780],
    ["does not depend on the order of the sources", [900, 1_000], undefined, 780],
    ["is undefined until every source was seen", [1_000, undefined], undefined, undefined],
    ["is undefined until any source was seen", [undefined, undefined], undefined, undefined],
    ["is the floor alone until every source was seen", [undefined, 1_000], 500, 500],
    ["is the floor where no source counts", [], 500, 500],
    ["is undefined where no source counts and there is no floor", [], undefined, undefined],
    ["is never below the floor", [1_000], 881, 881],
    ["is the floor where both are the same", [1_000], 880, 880],
    ["is above a floor that is 1 ms lower", [1_000], 879, 880],
    ["lies before the epoch where the lateness reaches there", [100], undefined, -20],
    ["takes time 0 for a time", [0, 1_000], undefined, -120],
    ["takes a floor of 0 for a floor", [100], 0, 0],
  ])("%s", (_, highest, floor, watermark) => {
    expect(watermarkOf(highest, lateness, floor)).toBe(watermark);
  });

  it("is the highest time itself without lateness", () => {
    expect(watermarkOf([1_000, 1_001], 0, undefined)).toBe(1_000);
  });

  it("never goes back as sources advance and the floor follows it", () => {
    const step = fc.record({ source: fc.nat(2), time: fc.nat(10_000) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
        const highest: Watermark[] = [undefined, undefined, undefined];
        let before: Watermark;
        for (const { source, time } of steps) {
          highest[source] = laterOf(highest[source], time);
          const after = watermarkOf(highest, lateness, before);
          expect(laterOf(before, after)).toBe(after);
          before = after;
        }
      }),
      { seed: 1 },
    );
  });
});

describe("isBefore", () => {
  it.each<[time: number, watermark: Watermark, is: boolean]>([
    [999, 1_000, true],
    [1_000, 1_000, false],
    [1_001, 1_000, false],
    [0, undefined, false],
    [0, 0, false],
  ])("says of %s and the watermark %s: %s", (time, watermark, is) => {
    expect(isBefore(time, watermark)).toBe(is);
  });
});

describe("laterOf and earlierOf", () => {
  it.each<[a: Watermark, b: Watermark, later: Watermark, earlier: Watermark]>([
    [undefined, undefined, undefined, undefined],
    [undefined, 0, 0, undefined],
    [-1, undefined, -1, undefined],
    [1, 2, 2, 1],
    [2, 1, 2, 1],
    [0, 0, 0, 0],
  ])("order %s and %s with undefined before all times", (a, b, later, earlier) => {
    expect([laterOf(a, b), earlierOf(a, b)]).toEqual([later, earlier]);
  });
});
