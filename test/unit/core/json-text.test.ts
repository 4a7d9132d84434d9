import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nestsDeeperThan, unsafeSources } from "../../../shared/core/json-text.ts";

describe("unsafeSources", () => {
  const sourcesIn = (text: string, ...path: string[]) => Object.fromEntries(unsafeSources(text, path));

  it.each([
    ['{"a":9007199254740992,"b":-9007199254740993}', { a: "9007199254740992", b: "-9007199254740993" }],
    ['{"a":9007199254740991,"b":-9007199254740991,"c":1.0,"d":1e3,"e":-0}', {}],
    ['{"a":1.50,"b":1e400,"c":0.1}', { a: "1.50", b: "1e400", c: "0.1" }],
    ['{"a":"9007199254740993","b":null,"c":true}', {}],
    ['{"a":9007199254740993,"a":9007199254740995}', { a: "9007199254740995" }],
    ['{"a":9007199254740995,"\\u0061":9007199254740993}', { a: "9007199254740993" }],
    ['{"b":{"a":9007199254740993}}', {}],
  ])("gives the texts of numbers that are no safe integers: %s", (text, sources) => {
    expect(sourcesIn(text)).toEqual(sources);
  });

  it.each([
    ['{"p":{"q":{"a":9007199254740993}},"q":{"a":9007199254740995}}', { a: "9007199254740993" }],
    ['{"q":{"a":9007199254740995},"p":{"a":9007199254740997,"q":{"a":9007199254740993}}}', { a: "9007199254740993" }],
    ['{"p":{"q":{"a":9007199254740995},"q":{"a":9007199254740993}}}', { a: "9007199254740993" }],
    ['{"p":{"q":{"a":1,"r":{"a":9007199254740993}}}}', {}],
    ['{"a":9007199254740993,"p":{"a":9007199254740995}}', {}],
    ['{"p":{"q":null}}', {}],
    ['{"p":7}', {}],
    ['"p"', {}],
  ])("takes those of the object at the path alone: %s", (text, sources) => {
    expect(sourcesIn(text, "p", "q")).toEqual(sources);
  });

  it("gives an integer beyond 2^53 as it was written", () => {
    fc.assert(
      fc.property(fc.bigInt(2n ** 53n, 2n ** 80n), fc.boolean(), (size, isNegative) => {
        const number = String(isNegative ? -size : size);
        expect(sourcesIn(`{"x":{"p":{"a":${number}}},"p":{"a":${number}0,"b":1}}`, "x", "p")).toEqual({ a: number });
      }),
    );
  });
});

describe("nestsDeeperThan", () => {
  it.each([
    ["[[1]]", 1, true],
    ["[[1]]", 2, false],
    ["[1],[2],[3]", 1, false],
    ['{"a":[],"b":{},"c":[{}]}', 2, true],
    ['{"a":[],"b":{},"c":[{}]}', 3, false],
    ['["[[[[","{{{{"]', 1, false],
    ['["\\"[[[[",[]]', 1, true],
    ["[[[", 2, true],
    ["]]][[[", 2, false],
    ["", 0, false],
    ["1", 0, false],
    ["[]", 0, true],
  ])("says of %s and %i: %s", (text, max, deeper) => {
    expect(nestsDeeperThan(text, max)).toBe(deeper);
  });

  it("says what a walk through the parsed value says", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.nat(8), (value, max) => {
        expect(nestsDeeperThan(JSON.stringify(value), max)).toBe(depthOf(value) > max);
      }),
    );
  });

  function depthOf(value: unknown): number {
    if (typeof value !== "object" || value === null) return 0;
    return 1 + Math.max(0, ...Object.values(value).map(depthOf));
  }
});
