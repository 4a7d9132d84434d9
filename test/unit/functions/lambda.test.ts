import { beforeEach, describe, expect, it, vi } from "vitest";
import { functions } from "../../../functions/manifest.ts";
import type { StreamError } from "../../../shared/core/errors.ts";

/** The variables that have no default. */
const required = (names: readonly string[]) => names.filter((name) => name !== "SETTINGS");

beforeEach(() => {
  vi.resetModules();
  for (const name of functions.flatMap(({ environment }) => environment)) vi.stubEnv(name, undefined);
  return () => vi.unstubAllEnvs();
});

/** What loading the function says. As Lambda does it, the module is loaded anew, and with it the class of its error. */
async function loadingError(name: string): Promise<StreamError> {
  const loaded: Promise<unknown> = import(`../../../functions/${name}/lambda.ts`);
  const error: unknown = await loaded.then(
    () => new Error("it loads"),
    (reason: unknown) => reason,
  );
  const errors = await import("../../../shared/core/errors.ts");
  expect(error).toBeInstanceOf(errors.StreamError);
  return error as StreamError;
}

describe("what Lambda loads", () => {
  it.each(functions.map(({ name, environment }) => [name, environment] as const))(
    "of %s fails at cold start in an empty environment, and names every variable it needs",
    async (name, environment) => {
      const { fault, message } = await loadingError(name);
      expect(fault).toBe("bug");
      const named = message.replace("environment: ", "").split("; ");
      expect(new Set(named)).toEqual(new Set(required(environment).map((variable) => `${variable} is missing`)));
    },
  );

  it.each(functions.map(({ name, environment }) => [name, environment] as const))(
    "of %s names just the one variable that is missing",
    async (name, environment) => {
      const values: Readonly<Record<string, string>> = {
        PARTITIONS: "3",
        SINKS: "s3,http",
        BATCH_FAILURES: "report",
        ENDPOINT_BATCH_MAX: "1",
        ENDPOINT_URL: "https://example.com/",
      };
      for (const variable of required(environment)) vi.stubEnv(variable, values[variable] ?? "x");
      vi.stubEnv("PROGRESS_TABLE", undefined);
      expect((await loadingError(name)).message).toBe("environment: PROGRESS_TABLE is missing");
    },
  );

  it("of attribution and finalize is a handler, in an environment that is right", async () => {
    const values = { ENTITIES_TABLE: "e", PROGRESS_TABLE: "p", OUTPUT_BUCKET: "b", PARTITIONS: "3", SINKS: "s3" };
    for (const [name, value] of Object.entries({ ...values, BATCH_FAILURES: "throw" })) vi.stubEnv(name, value);
    const attribution = await import("../../../functions/consume/lambda.ts");
    const finalize = await import("../../../functions/finalize/lambda.ts");
    expect([typeof attribution.handler, typeof finalize.handler]).toEqual(["function", "function"]);
  });
});
