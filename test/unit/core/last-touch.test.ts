import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  compareCodePoints,
  compareTouches,
  isEligible,
  lastTouch,
  pruneTouches,
  type Touch,
  withTouch,
} from "../../../shared/core/last-touch.ts";

const window = 1_800;
const touch = (id: string, time: number): Touch => ({ id, time });
const at = (time: number) => ({ time });
/** `a@5 b@7` in this order; `a@5/x` is one of group x. */
const touches = (text: string): Touch[] =>
  text === ""
    ? []
    : text.split(" ").map((one) => {
        const [id = "", time = "", group] = one.split(/[@/]/);
        return { ...touch(id, Number(time)), ...(group !== undefined && { group }) };
      });
const shown = (all: readonly Touch[]) =>
  all.map(({ id, time, group }) => `${id}@${time}${group === undefined ? "" : `/${group}`}`).join(" ");

describe("isEligible", () => {
  it.each([
    ["at the same time", 2_000, true],
    ["1 ms after", 2_001, false],
    ["1 ms before", 1_999, true],
    ["exactly the window before", 200, true],
    ["1 ms more than the window before", 199, false],
  ])("takes a touch %s: %s", (_, time, is) => {
    expect(isEligible(touch("c", time), at(2_000), window)).toBe(is);
  });

  it.each([
    ["of its own group", "x", true],
    ["of another group", "y", false],
    ["of a group whose name begins alike", "xx", false],
    ["of none", undefined, false],
  ])("takes a touch for something of group x if it is %s: %s", (_, group, is) => {
    const one = { ...touch("c", 2_000), ...(group !== undefined && { group }) };
    expect(isEligible(one, { time: 2_000, group: "x" }, window)).toBe(is);
  });

  it("takes only the same time where the window is 0", () => {
    expect([1_999, 2_000, 2_001].map((time) => isEligible(touch("c", time), at(2_000), 0))).toEqual([
      false,
      true,
      false,
    ]);
  });
});

describe("lastTouch", () => {
  it.each([
    ["the latest that is not after", "a@1000 b@1500 c@2001", "b"],
    ["one at the very time", "a@1000 b@2000 c@2001", "b"],
    ["the greater id between equal times", "a@1500 b@1500", "b"],
    ["one exactly the window old", "a@200", "a"],
    ["none that is 1 ms older", "a@199", undefined],
    ["none of those after", "a@2001 b@3000", undefined],
    ["none where there is none", "", undefined],
  ])("is %s", (_, all, id) => {
    expect(lastTouch(touches(all), at(2_000), window)?.id).toBe(id);
  });

  it.each([
    ["the latest of its group, not the latest of all", "a@1000/x b@1500/x c@1900/y", "b"],
    ["the greater id of its group between equal times", "a@1500/x b@1500/x c@1500/y", "b"],
    ["one of its group exactly the window old, behind many others", "a@200/x b@200/y c@300/y d@2000/z", "a"],
    ["none of its group that is 1 ms older", "a@199/x b@200/y c@2000/y", undefined],
    ["none of another group", "a@1500/y", undefined],
    ["none without a group", "a@1500", undefined],
  ])("in a group is %s", (_, all, id) => {
    expect(lastTouch(touches(all), { time: 2_000, group: "x" }, window)?.id).toBe(id);
  });
});

describe("the order of touches", () => {
  const astral = "\u{1F600}";
  const highBmp = "\uFF5E";

  it("puts ids of equal times in the order of code points, where UTF-16 has another", () => {
    expect(highBmp > astral).toBe(true);
    expect(compareCodePoints(highBmp, astral)).toBeLessThan(0);
    expect(compareCodePoints(astral, highBmp)).toBeGreaterThan(0);
    expect(lastTouch(withTouch([touch(highBmp, 5)], touch(astral, 5)), at(5), window)?.id).toBe(astral);
    expect(lastTouch(withTouch([touch(astral, 5)], touch(highBmp, 5)), at(5), window)?.id).toBe(astral);
  });

  it.each([
    ["", "", 0],
    ["", "a", -1],
    ["a", "a", 0],
    ["a", "b", -1],
    ["a", "ab", -1],
    ["Z", "a", -1],
    ["c10", "c9", -1],
    ["\uD7FF", astral, -1],
    ["\uE000", astral, -1],
    ["\uFFFF", astral, -1],
    ["\u{1F600}", "\u{1F601}", -1],
    ["\u{1F600}", "\u{2F600}", -1],
    ["\u{10FFFF}", "\u{10FFFE}", 1],
    [`x${astral}`, "x\uFFFF", 1],
    [`${astral}a`, `${astral}b`, -1],
  ])("compares %j with %j: %i", (a, b, order) => {
    expect(Math.sign(compareCodePoints(a, b))).toBe(order);
    expect(Math.sign(compareCodePoints(b, a))).toBe(-order + 0);
  });

  it("is the order of UTF-8 bytes, for any two texts", () => {
    const units = fc.oneof(fc.string({ unit: "binary", maxLength: 4 }), fc.constantFrom("\uD7FF", "\uE000", astral));
    const text = fc.array(units, { maxLength: 4 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(text, text, (a, b) => {
        const order = Buffer.compare(Buffer.from(a), Buffer.from(b));
        expect(Math.sign(compareCodePoints(a, b))).toBe(order);
      }),
      { seed: 1, numRuns: 1_000 },
    );
  });

  it("puts time before id", () => {
    expect(Math.sign(compareTouches(touch("z", 1), touch("a", 2)))).toBe(-1);
  });
});

describe("withTouch", () => {
  it.each([
    ["", "a@1", "a@1"],
    ["b@2", "a@1", "a@1 b@2"],
    ["b@2", "c@3", "b@2 c@3"],
    ["a@2 c@2", "b@2", "a@2 b@2 c@2"],
    ["a@1 z@2 a@3", "m@2", "a@1 m@2 z@2 a@3"],
  ])("puts into [%s] %s: [%s]", (before, one, after) => {
    const given = touches(before);
    expect(shown(withTouch(given, touches(one)[0]!))).toBe(after);
    expect(shown(given)).toBe(before);
  });

  it("gives one order whatever the order of arrival", () => {
    const one = fc.record({ id: fc.constantFrom("a", "b", "\uFF5E", astralId), time: fc.nat(3) });
    fc.assert(
      fc.property(fc.uniqueArray(one, { selector: ({ id, time }) => `${id}@${time}`, maxLength: 10 }), (all) => {
        const inserted = all.reduce<readonly Touch[]>(withTouch, []);
        expect(inserted).toEqual(all.toSorted(compareTouches));
      }),
      { seed: 1 },
    );
  });
});
const astralId = "\u{1F600}";

describe("pruneTouches", () => {
  const horizon = 2_000;
  it.each([
    ["keeps what is at the horizon", "a@2000", "a@2000"],
    ["keeps what is after it", "a@2001 b@9999", "a@2001 b@9999"],
    ["keeps of the older ones exactly the latest", "a@1000 b@1500 c@1999 d@2000", "c@1999 d@2000"],
    ["keeps of equal older ones the one that wins", "a@1999 b@1999 c@2000", "b@1999 c@2000"],
    ["keeps an older one exactly the window old", "a@200 b@2000", "a@200 b@2000"],
    ["drops one that is 1 ms older than that", "a@199 b@2000", "b@2000"],
    ["drops all that are out of reach", "a@1 b@100 c@199", ""],
    ["keeps nothing of nothing", "", ""],
    [
      "keeps of the older ones the latest of each group, in order",
      "a@1000/x b@1100/y c@1500/x d@1600/y e@1999/z f@2000/x",
      "c@1500/x d@1600/y e@1999/z f@2000/x",
    ],
    ["keeps of each group one exactly the window old", "a@200/x b@200/y c@2000/x", "a@200/x b@200/y c@2000/x"],
    ["drops of each group one that is 1 ms older than that", "a@199/x b@199/y c@200/x", "c@200/x"],
    ["keeps one without a group beside those of groups", "a@1000 b@1500/x c@1600", "b@1500/x c@1600"],
  ])("%s", (_, before, after) => {
    expect(shown(pruneTouches(touches(before), horizon, window))).toBe(after);
  });

  it("answers with the very same touches where nothing goes", () => {
    for (const text of ["a@1999 b@2000", "a@1998/x b@1999/y c@2000/x", ""]) {
      const all = touches(text);
      expect(pruneTouches(all, horizon, window)).toBe(all);
    }
  });

  it("changes no answer for what may still come, and keeps at most one older touch of each group", () => {
    const one = fc.record({
      id: fc.constantFrom("a", "b", "c"),
      time: fc.nat(60),
      group: fc.constantFrom("x", "y", "z"),
    });
    const all = fc.array(one, { maxLength: 12 }).map((some) => some.toSorted(compareTouches));
    fc.assert(
      fc.property(all, one, fc.nat(60), fc.nat(20), fc.nat(30), (some, { group }, horizon, width, after) => {
        const kept = pruneTouches(some, horizon, width);
        const outcome = { time: horizon + after, group };
        expect(lastTouch(kept, outcome, width)).toEqual(lastTouch(some, outcome, width));
        const older = kept.filter(({ time }) => time < horizon);
        expect(new Set(older.map((touch) => touch.group)).size).toBe(older.length);
      }),
      { seed: 1, numRuns: 1_000 },
    );
  });
});
