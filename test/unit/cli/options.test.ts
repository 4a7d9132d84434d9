import { describe, expect, it } from "vitest";
import { defaultSinks, keyValues, sinkSet, wholeNumberFrom } from "../../../localstack/cli/options.ts";
import { UsageError } from "../../../localstack/cli/usage-error.ts";

/** The answer, or what is wrong. */
function answerOf(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return (error as UsageError).message;
  }
}

describe("wholeNumberFrom", () => {
  it.each([
    ["1", 1],
    ["10000", 10_000],
    ["007", 7],
    ["0", undefined],
    ["10001", undefined],
    ["-1", undefined],
    ["1.0", undefined],
    ["1e3", undefined],
    [" 1", undefined],
    ["1\n", undefined],
    ["", undefined],
    ["many", undefined],
    ["9".repeat(400), undefined],
  ])("reads %j from 1 to 10000 as %s", (text, expected) => {
    const wrong = `--batch takes a whole number from 1 to 10000, not "${text}"`;
    expect(answerOf(() => wholeNumberFrom(text, "--batch", 1, 10_000))).toBe(expected ?? wrong);
  });
});

describe("keyValues", () => {
  it.each<[pairs: string[], expected: unknown]>([
    [[], {}],
    [["a=1", "b=2"], { a: "1", b: "2" }],
    [["a=1", "a=2"], { a: "2" }],
    [["a="], { a: "" }],
    [["a=b=c"], { a: "b=c" }],
    [["a"], '--set takes NAME=VALUE, not "a"'],
    [["=1"], '--set takes NAME=VALUE, not "=1"'],
    [[""], '--set takes NAME=VALUE, not ""'],
    [["a=1", "b"], '--set takes NAME=VALUE, not "b"'],
  ])("reads %j as %j", (pairs, expected) => {
    expect(answerOf(() => keyValues(pairs))).toEqual(expected);
  });

  it("takes __proto__ for a name like any other", () => {
    expect(Object.keys(keyValues(["__proto__=1"]))).toEqual(["__proto__"]);
  });
});

describe("sinks", () => {
  it.each<[text: string, expected: unknown]>([
    ["s3", new Set(["s3"])],
    ["s3,http", new Set(["s3", "http"])],
    ["http, s3", new Set(["s3", "http"])],
    ["s3,s3", new Set(["s3"])],
    ["S3", 'attribution has no sink "S3"; --sinks takes s3,http'],
    ["s3,ftp", 'attribution has no sink "ftp"; --sinks takes s3,http'],
    ["s3,", 'attribution has no sink ""; --sinks takes s3,http'],
    ["", 'attribution has no sink ""; --sinks takes s3,http'],
  ])("%j are %j", (text, expected) => {
    expect(answerOf(() => sinkSet(text, "attribution"))).toEqual(expected);
  });

  it("of attribution are by default the rows in S3 and the HTTP endpoint", () => {
    expect(defaultSinks("attribution")).toEqual(new Set(["s3", "http"]));
  });
});
