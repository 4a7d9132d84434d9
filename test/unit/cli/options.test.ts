import { describe, expect, it } from "vitest";
import { keyValues, pipelineConfig, wholeNumberFrom } from "../../../localstack/cli/options.ts";
import { UsageError } from "../../../localstack/cli/usage-error.ts";
import { pipelineNames, SettingError } from "../../../shared/settings/settings.ts";

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

describe("pipelineConfig", () => {
  it("is the pipeline with its defaults, with what is given in their place, and the number of partitions", () => {
    const { name, settings } = pipelineConfig("dedupe", { allowedLateness: "1m", sinks: ["kafka"] }, 4);
    expect({ name, ...settings }).toMatchObject({
      name: "dedupe",
      allowedLateness: 60_000,
      dedupeRetention: 7 * 86_400_000,
      outputTopic: "processed-events",
      sinks: ["kafka"],
      partitions: 4,
    });
  });

  it("has the sinks of its pipeline where none are given", () => {
    const sinks = pipelineNames.map((name) => [name, pipelineConfig(name, {}, 1).settings.sinks]);
    expect(Object.fromEntries(sinks)).toEqual({
      attribution: ["s3", "http"],
      conversions: ["s3", "kafka"],
      dedupe: ["s3", "kafka"],
      windows: ["s3", "kafka"],
      engagement: ["s3", "http", "views"],
      purchases: ["s3", "views"],
    });
  });

  it("refuses a setting of another pipeline", () => {
    expect(() => pipelineConfig("purchases", { allowedLateness: "1m" }, 1)).toThrow(SettingError);
  });
});
