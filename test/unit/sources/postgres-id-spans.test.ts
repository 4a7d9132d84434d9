import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type IdSpan, isOver, nextSpan, startWalk, walkOn } from "../../../shared/sources/postgres/id-spans.ts";

const stepsMax = 1_000;

/** Walks through a table of `ids`, as a server would answer, and says what was asked and what was found. */
function walk(ids: readonly bigint[], span: IdSpan, rowsMax: number, failures: readonly number[] = []) {
  const asked: IdSpan[] = [];
  const found: string[] = [];
  for (let at = startWalk(span, rowsMax); !isOver(at); ) {
    const next = nextSpan(at, failures[asked.length] ?? 0);
    const rows = ids
      .filter((id) => id > next.after && id <= next.to)
      .slice(0, rowsMax)
      .map(String);
    asked.push(next);
    found.push(...rows);
    at = walkOn(at, next, rows, rowsMax);
    if (asked.length > stepsMax) throw new Error("the walk doesn't end");
  }
  return { asked: asked.map(({ after, to }) => `${after}-${to}`), found };
}

const idsFrom = (first: bigint, count: number) => Array.from({ length: count }, (_, i) => first + BigInt(i));

describe("a walk through ids", () => {
  it("is over before it begins where there are none", () => {
    expect(walk([], { after: 7n, to: 7n }, 10)).toEqual({ asked: [], found: [] });
  });

  it("asks for as many ids as make a page where all of them are rows", () => {
    expect(walk(idsFrom(1n, 6), { after: 0n, to: 6n }, 2).asked).toEqual(["0-2", "2-4", "4-6"]);
  });

  it("asks for as many as held a page, and for more where they held less, at most for four times as many", () => {
    expect(walk([], { after: 0n, to: 100n }, 2).asked).toEqual(["0-2", "2-10", "10-42", "42-100"]);
    expect(walk([1n, 2n, 3n, 5n], { after: 0n, to: 40n }, 4).asked).toEqual(["0-4", "4-9", "9-29", "29-40"]);
  });

  it("goes on behind the last that came where there were more than a page, and as far again", () => {
    expect(walk(idsFrom(9n, 8), { after: 0n, to: 16n }, 2).asked).toEqual(["0-2", "2-10", "10-16", "12-14", "14-16"]);
  });

  it("asks for few again behind a gap", () => {
    const { asked, found } = walk(idsFrom(1_000n, 8), { after: 0n, to: 1_007n }, 2);
    expect(asked.slice(-4)).toEqual(["682-1007", "1001-1007", "1003-1005", "1005-1007"]);
    expect(found).toEqual(idsFrom(1_000n, 8).map(String));
  });

  it("crosses any gap in few steps, and keeps ids exact that a double doesn't hold", () => {
    const ids = [1n, 2n ** 53n + 1n, 2n ** 63n - 1n];
    const { asked, found } = walk(ids, { after: 0n, to: 2n ** 63n - 1n }, 500);
    expect(found).toEqual(ids.map(String));
    expect(asked.length).toBeLessThan(120);
  });

  it("asks for a quarter after each failure, and for no less than one", () => {
    const at = startWalk({ after: 0n, to: 1_000n }, 50);
    expect([0, 1, 2, 3, 4, 100].map((failures) => nextSpan(at, failures).to)).toEqual([50n, 12n, 3n, 1n, 1n, 1n]);
  });

  it("finds every row once and in order, however they lie and whatever fails", () => {
    const table = fc.uniqueArray(fc.oneof(fc.bigInt(1n, 60n), fc.bigInt(1n, 2n ** 63n - 1n)), { maxLength: 40 });
    const failures = fc.array(fc.nat({ max: 8 }), { maxLength: 10 });
    fc.assert(
      fc.property(table, fc.integer({ min: 1, max: 9 }), failures, (unordered, rowsMax, failed) => {
        const ids = unordered.sort((a, b) => (a < b ? -1 : 1));
        const last = ids.at(-1) ?? 0n;
        expect(walk(ids, { after: (ids[0] ?? 1n) - 1n, to: last }, rowsMax, failed).found).toEqual(ids.map(String));
      }),
      { numRuns: 300, seed: 20_241_121 },
    );
  });
});
