import { beforeEach, describe, expect, it, vi } from "vitest";
import type { FunctionRow } from "../../../functions/function-row.ts";
import { functions } from "../../../functions/manifest.ts";
import type { StreamError } from "../../../shared/core/errors.ts";

beforeEach(() => {
  vi.resetModules();
  for (const name of functions.flatMap(({ environment }) => environment)) vi.stubEnv(name, undefined);
  return () => vi.unstubAllEnvs();
});

const neededBy = ({ environment, optionalEnvironment = [] }: Environment) => {
  return environment.filter((name) => !optionalEnvironment.includes(name));
};
type Environment = Pick<FunctionRow, "environment" | "optionalEnvironment">;

/** What loading the function says. As Lambda does it, the module is loaded anew, and with it the class of its error. */
async function loadingError(folder: string): Promise<StreamError> {
  const loaded: Promise<unknown> = import(`../../../functions/${folder}/lambda.ts`);
  const error: unknown = await loaded.then(
    () => new Error("it loads"),
    (reason: unknown) => reason,
  );
  const errors = await import("../../../shared/core/errors.ts");
  expect(error).toBeInstanceOf(errors.StreamError);
  return error as StreamError;
}

describe("what Lambda loads", () => {
  it.each(functions.map(({ name, folder, ...row }) => [name, folder, neededBy(row)] as const))(
    "of %s fails at cold start in an empty environment, and names every variable it needs",
    async (_, folder, environment) => {
      const { fault, message } = await loadingError(folder);
      expect(fault).toBe("bug");
      const named = message.replace("environment: ", "").split("; ");
      expect(new Set(named)).toEqual(new Set(environment.map((variable) => `${variable} is missing`)));
    },
  );

  it.each(functions.map(({ name, folder, environment }) => [name, folder, environment] as const))(
    "of %s names just the one variable that is missing",
    async (_, folder, environment) => {
      const values: Readonly<Record<string, string>> = {
        PIPELINES: '{"purchases":{"partitions":3}}',
        BATCH_FAILURES: "report",
        ENDPOINT_BATCH_MAX: "1",
        ENDPOINT_RATE_PER_SECOND: "1",
        ENDPOINT_STATUS_ERROR_IS_FAILURE: "false",
        ENDPOINT_TIMEOUT_MS: "100",
        ENDPOINT_URL: "https://example.com/",
        KAFKA_BROKERS: "localhost:9092",
        KAFKA_AUTH: "none",
        CLICKHOUSE_URL: "https://example.com:8443",
        REDIS_URL: "rediss://example.com",
        POSTGRES_URL: "postgres://example.com/media",
      };
      for (const variable of environment) vi.stubEnv(variable, values[variable] ?? "x");
      const missing = environment[0] as string;
      vi.stubEnv(missing, undefined);
      expect((await loadingError(folder)).message).toBe(`environment: ${missing} is missing`);
    },
  );

  it("of a consumer and finalize is a handler, in an environment that is right", async () => {
    const values = { ENTITIES_TABLE: "e", PROGRESS_TABLE: "p", OUTPUT_BUCKET: "b" };
    vi.stubEnv("PIPELINES", '{"attribution":{"partitions":3}}');
    for (const [name, value] of Object.entries({ ...values, BATCH_FAILURES: "throw" })) vi.stubEnv(name, value);
    const consume = await import("../../../functions/consume/lambda.ts");
    const finalize = await import("../../../functions/finalize/lambda.ts");
    expect([typeof consume.handler, typeof finalize.handler]).toEqual(["function", "function"]);
  });
});
