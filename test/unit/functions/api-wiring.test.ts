import { describe, expect, it } from "vitest";
import { routesOf } from "../../../functions/api/routes.ts";
import { wire } from "../../../functions/api/wiring.ts";
import { StreamError } from "../../../shared/core/errors.ts";

const fine = {
  PIPELINES: '{"purchases":{"partitions":3},"engagement":{"partitions":3},"dedupe":{"partitions":3}}',
  ENTITIES_TABLE: "entities",
  PROGRESS_TABLE: "progress",
  KAFKA_BROKERS: "b-1.example.com:9098,b-2.example.com:9098",
  KAFKA_AUTH: "iam",
  AWS_REGION: "us-east-1",
};

function refusal(variables: Readonly<Record<string, string | undefined>>): StreamError {
  try {
    wire(variables);
  } catch (error) {
    expect(error).toBeInstanceOf(StreamError);
    return error as StreamError;
  }
  throw new Error("it was wired");
}

describe("the wiring of the api function", () => {
  it("takes an environment that is right, without talking to AWS or Kafka", () => {
    expect(routesOf(wire(fine)).map(({ operation }) => operation.id)).toEqual([
      "generatePurchases",
      "duplicatePurchase",
      "readTotal",
      "readHistory",
      "readLastEvent",
      "readEventCount",
      "readEventMinutes",
      "readTopContents",
    ]);
    expect(routesOf(wire({ ...fine, KAFKA_AUTH: "none", AWS_REGION: undefined }))).toHaveLength(8);
  });

  it("answers for a pipeline that has views alone, and produces purchases only where it is told of Kafka", () => {
    const { KAFKA_BROKERS: _, KAFKA_AUTH: __, ...without } = fine;
    const routes = (pipelines: object) => routesOf(wire({ ...without, PIPELINES: JSON.stringify(pipelines) }));
    expect(routes({ engagement: { partitions: 3 } })).toHaveLength(4);
    expect(routes({ engagement: { partitions: 3, sinks: ["s3"] } })).toEqual([]);
    expect(routes({ purchases: { partitions: 3 } })).toHaveLength(2);
    const half = { ...without, KAFKA_AUTH: "none", PIPELINES: '{"purchases":{"partitions":3}}' };
    expect(refusal(half).message).toBe("environment: KAFKA_BROKERS is missing");
  });

  it("names everything that is missing at once", () => {
    const { fault, message } = refusal({});
    expect(fault).toBe("bug");
    expect(message).toBe("environment: PIPELINES is missing; ENTITIES_TABLE is missing; PROGRESS_TABLE is missing");
  });

  it.each([
    ["KAFKA_BROKERS", "b-1.example.com"],
    ["KAFKA_AUTH", "password"],
  ])("names %s where it is %s", (name, wrong) => {
    expect(refusal({ ...fine, [name]: wrong }).message).toContain(name);
  });
});
