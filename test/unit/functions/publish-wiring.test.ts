import { describe, expect, it, vi } from "vitest";
import { Environment } from "../../../functions/environment.ts";
import { kafkaSettings } from "../../../functions/kafka.ts";
import { wire } from "../../../functions/publish/wiring.ts";
import { StreamError } from "../../../shared/core/errors.ts";

const fine = {
  PIPELINES: JSON.stringify({ attribution: { partitions: 3 }, dedupe: { partitions: 3 }, windows: { partitions: 3 } }),
  OUTPUT_BUCKET: "bucket",
  KAFKA_BROKERS: "b-1.example.com:9098,b-2.example.com:9098",
  KAFKA_AUTH: "iam",
  AWS_REGION: "eu-central-1",
};

function refusal(variables: Readonly<Record<string, string | undefined>>): string {
  try {
    wire(variables);
  } catch (error) {
    expect(error).toBeInstanceOf(StreamError);
    return (error as StreamError).message;
  }
  throw new Error("it was wired");
}

describe("the wiring of the publish function", () => {
  it("takes the pipelines whose results go to Kafka", () => {
    expect(wire(fine).pipelines.map(({ name }) => name)).toEqual(["dedupe", "windows"]);
  });

  it.each([
    [
      "brokers without a port",
      { KAFKA_BROKERS: "b-1.example.com" },
      'KAFKA_BROKERS: takes brokers as HOST:PORT, not "b-1.example.com"',
    ],
    ["a broker that is empty", { KAFKA_BROKERS: "b-1.example.com:9098," }, "KAFKA_BROKERS: takes brokers as HOST:PORT"],
    ["another way to say who writes", { KAFKA_AUTH: "scram" }, 'KAFKA_AUTH is "scram", not one of iam, none'],
    [
      "no way to say who writes",
      { KAFKA_AUTH: undefined, AWS_REGION: undefined },
      "environment: KAFKA_AUTH is missing",
    ],
    ["a role without a region", { AWS_REGION: undefined }, "environment: AWS_REGION is missing"],
  ])("refuses %s, by name", (_, wrong, named) => {
    expect(refusal({ ...fine, ...wrong })).toContain(named);
  });

  it("names everything that is missing at once, and no region: that is Lambda's to set", () => {
    const missing = ["KAFKA_BROKERS", "KAFKA_AUTH", "PIPELINES", "OUTPUT_BUCKET"].map((name) => `${name} is missing`);
    expect(refusal({})).toBe(`environment: ${missing.join("; ")}`);
  });
});

describe("the cluster to write to", () => {
  it("has the brokers and the region that the environment names", () => {
    const brokers = ["b-1.example.com:9098", "b-2.example.com:9098"];
    const auth = { kind: "iam", region: "eu-central-1", credentials: expect.any(Function) };
    expect(kafkaSettings(new Environment(fine))).toEqual({ brokers, auth });
  });

  it("has no region where the brokers don't ask who writes", () => {
    const environment = new Environment({ KAFKA_BROKERS: "localhost:9092", KAFKA_AUTH: "none" });
    expect(kafkaSettings(environment)).toEqual({ brokers: ["localhost:9092"], auth: { kind: "none" } });
    environment.check();
  });

  it("is shown the credentials that the function has at that moment", async () => {
    const { auth } = kafkaSettings(new Environment(fine));
    if (auth.kind !== "iam") throw new Error("it is not by role");
    vi.stubEnv("AWS_ACCESS_KEY_ID", "ASIAEXAMPLE")
      .stubEnv("AWS_SECRET_ACCESS_KEY", "s")
      .stubEnv("AWS_SESSION_TOKEN", "t");
    const credentials = await auth.credentials();
    vi.unstubAllEnvs();
    expect(credentials).toMatchObject({ accessKeyId: "ASIAEXAMPLE", secretAccessKey: "s", sessionToken: "t" });
  });
});
