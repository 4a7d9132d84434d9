import { afterEach, describe, expect, it, vi } from "vitest";
import { deadlineOf } from "../../../functions/deadline.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

describe("the deadline of a handler", () => {
  it.each<[remaining: number, wrapUp: number | undefined, deadline: number]>([
    [120_000, undefined, 110_000],
    [20_001, undefined, 10_001],
    [20_000, undefined, 10_000],
    [19_998, undefined, 9_999],
    [840_000, 20_000, 820_000],
    [40_000, 20_000, 20_000],
    [39_998, 20_000, 19_999],
    [0, undefined, 0],
    [-1, undefined, 0],
  ])(
    "of one with %i ms, which needs %s ms to wrap up, is in %i ms: half of all is its own",
    (remaining, wrapUp, at) => {
      const timeout = vi.spyOn(AbortSignal, "timeout");
      deadlineOf({ getRemainingTimeInMillis: () => remaining }, wrapUp);
      expect(timeout.mock.calls).toEqual([[at]]);
    },
  );

  it("is none where nobody measures the time", () => {
    expect(deadlineOf({})).toBeUndefined();
  });
});
