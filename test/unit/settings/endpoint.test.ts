import { describe, expect, expectTypeOf, it } from "vitest";
import type { DurationMs } from "../../../shared/core/units.ts";
import type { FlagDefinition } from "../../../shared/settings/definition.ts";
import { type EndpointSettings, readDeployment } from "../../../shared/settings/deployment.ts";
import { readValue } from "../../../shared/settings/read-value.ts";
import { problemsOf } from "./said-by.ts";

const addressed = {
  url: "https://example.com/events",
  secretArn: "arn:aws:secretsmanager:eu-west-1:123456789012:secret:tidemark-AbCdEf",
};

const deploymentWith = (part: object) => ({
  pipelines: { purchases: { partitions: 1, sinks: ["http"] } },
  endpoint: { ...addressed, ...part },
});
const read = (part: object) => readDeployment(deploymentWith(part)).endpoint;

describe("how an endpoint is treated", () => {
  it("is told by its deployment, in the units that functions take", () => {
    const given = { batchMax: 10, ratePerSecond: 50, timeout: "1500ms", statusErrorIsFailure: true };
    expect(read(given)).toStrictEqual({ ...addressed, ...given, timeout: 1_500 });
  });

  it("is, where nothing is told: one by one, without a limit, for two seconds, and a 2xx is a success", () => {
    const defaults = { batchMax: 1, ratePerSecond: undefined, timeout: 2_000, statusErrorIsFailure: false };
    expect(read({})).toStrictEqual({ ...addressed, ...defaults });
  });

  it("has the types of what there always is, and of what may be missing", () => {
    // Checked by the compiler, not when this runs.
    expectTypeOf<EndpointSettings>().toEqualTypeOf<{
      readonly url: string;
      readonly secretArn: string;
      readonly batchMax: number;
      readonly ratePerSecond: number | undefined;
      readonly timeout: DurationMs;
      readonly statusErrorIsFailure: boolean;
    }>();
  });

  it.each([
    { ratePerSecond: 1 },
    { ratePerSecond: 100_000 },
    { ratePerSecond: "50" },
    { timeout: "100ms" },
    { timeout: "60s" },
    { timeout: "PT1M" },
    { statusErrorIsFailure: "true" },
  ])("may be %j", (part) => {
    expect(problemsOf(() => read(part))).toEqual([]);
  });

  it.each<[part: object, problem: string]>([
    [{ ratePerSecond: 0 }, "endpoint.ratePerSecond takes 1 to 100000, not 0"],
    [{ ratePerSecond: 100_001 }, "endpoint.ratePerSecond takes 1 to 100000, not 100001"],
    [{ ratePerSecond: 0.5 }, "endpoint.ratePerSecond takes a whole number, not 0.5"],
    [{ ratePerSecond: "unlimited" }, 'endpoint.ratePerSecond takes a whole number, not "unlimited"'],
    [{ ratePerSecond: null }, "endpoint.ratePerSecond takes a whole number, not null"],
    [{ timeout: "99ms" }, "endpoint.timeout takes 100ms to 1m, not 99ms"],
    [{ timeout: "60001ms" }, "endpoint.timeout takes 100ms to 1m, not 60001ms"],
    [{ timeout: 2_000 }, "endpoint.timeout takes a duration such as 500ms, 90s, 2m, 24h or PT5M, not 2000"],
    [{ statusErrorIsFailure: "yes" }, 'endpoint.statusErrorIsFailure takes true or false, not "yes"'],
    [{ ratePerSeconds: 5 }, 'endpoint has no setting "ratePerSeconds"; did you mean ratePerSecond?'],
  ])("can't be %j", (part, problem) => {
    expect(problemsOf(() => read(part))).toEqual([problem]);
  });

  it("is refused with all that is wrong at once", () => {
    expect(problemsOf(() => read({ ratePerSecond: -1, timeout: "soon", statusErrorIsFailure: 1 }))).toEqual([
      "endpoint.ratePerSecond takes 1 to 100000, not -1",
      'endpoint.timeout takes a duration such as 500ms, 90s, 2m, 24h or PT5M, not "soon"',
      "endpoint.statusErrorIsFailure takes true or false, not 1",
    ]);
  });
});

describe("a flag", () => {
  const flag: FlagDefinition = { kind: "flag", default: false, meaning: "whether" };

  it.each<[given: unknown, value: boolean]>([
    [true, true],
    [false, false],
    ["true", true],
    ["false", false],
  ])("that is %j is read as %s", (given, value) => {
    expect(readValue(flag, given)).toEqual({ kind: "value", value });
  });

  it.each<[given: unknown, shown: string]>([
    ["", '""'],
    ["True", '"True"'],
    ["TRUE", '"TRUE"'],
    ["true ", '"true "'],
    ["1", '"1"'],
    ["on", '"on"'],
    [1, "1"],
    [0, "0"],
    [null, "null"],
    [undefined, "nothing"],
    [[true], "a list"],
    [{}, "an object"],
  ])("is not %j", (given, shown) => {
    expect(readValue(flag, given)).toEqual({ kind: "wrong", says: [`takes true or false, not ${shown}`] });
  });
});
