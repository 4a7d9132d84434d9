import { describe, expect, it } from "vitest";
import { hintFor, nearest } from "../../../shared/settings/nearest.ts";

describe("nearest", () => {
  const known = ["replay", "generate", "watermarks", "query"];
  it.each([
    ["replay", "replay"],
    ["reply", "replay"],
    ["REPLAY", "replay"],
    ["watermark", "watermarks"],
    ["gnerate", "generate"],
    ["qery", "query"],
    ["deploy", "replay"],
    ["deployed", undefined],
    ["x", undefined],
    ["", undefined],
    ["replay".repeat(1_000), undefined],
  ])("takes %s for %s", (given, expected) => {
    expect(nearest(given, known)).toBe(expected);
  });

  it.each([
    ["s4", "s3"],
    ["S3", "s3"],
    ["kafak", "kafka"],
    ["x", undefined],
    ["ab", undefined],
    ["", undefined],
  ])("among names of two letters takes %s for %s: not for what shares no letter with it", (given, expected) => {
    expect(nearest(given, ["s3", "kafka"])).toBe(expected);
  });

  it("takes nothing for one of no names", () => {
    expect(nearest("replay", [])).toBeUndefined();
  });

  it("answers at once for a text of 10 MB", () => {
    expect(nearest("r".repeat(10_000_000), known)).toBeUndefined();
  });
});

describe("hintFor", () => {
  it("names the nearest, and all where none is near", () => {
    expect(hintFor("reply", ["replay", "query"])).toBe("did you mean replay?");
    expect(hintFor("colour", ["replay", "query"])).toBe("known are replay, query");
  });
});
