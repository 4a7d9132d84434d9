import { describe, expect, it } from "vitest";
import { comparePositions, origin, type Position, readPosition, storePosition } from "../../../shared/core/position.ts";

const at = (epoch: number, offset: number): Position => ({ epoch, offset });

describe("positions", () => {
  it.each([
    [at(0, 0), at(0, 0), 0],
    [at(0, 1), at(0, 2), -1],
    [at(0, 10), at(0, 9), 1],
    [at(0, Number.MAX_SAFE_INTEGER), at(1, 0), -1],
    [at(2, 0), at(1, 5), 1],
    [at(3, 7), at(3, 7), 0],
  ])("%j and %j compare as %i: by epoch, then by offset", (a, b, order) => {
    expect(Math.sign(comparePositions(a, b))).toBe(order);
    expect(Math.sign(comparePositions(b, a))).toBe(-order + 0);
  });

  it("begin at offset 0 of epoch 0", () => {
    expect(origin).toEqual(at(0, 0));
  });

  it.each([
    [at(0, 0), 0],
    [at(0, 42), 42],
    [at(0, Number.MAX_SAFE_INTEGER), Number.MAX_SAFE_INTEGER],
    [at(1, 0), [1, 0]],
    [at(7, 42), [7, 42]],
  ])("store %j as %j, and read it back, through JSON too", (position, stored) => {
    expect(storePosition(position)).toEqual(stored);
    expect(readPosition(JSON.parse(JSON.stringify(storePosition(position))))).toEqual(position);
  });
});
