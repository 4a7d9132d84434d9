import { describe, expect, it } from "vitest";
import { wire } from "../../../functions/api/wiring.ts";
import { StreamError } from "../../../shared/core/errors.ts";

const fine = {
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
    expect(wire(fine).routes.map(({ operation }) => operation.id)).toEqual([
      "generatePurchases",
      "duplicatePurchase",
      "readTotal",
      "readHistory",
    ]);
    expect(wire({ ...fine, KAFKA_AUTH: "none", AWS_REGION: undefined }).routes).toHaveLength(4);
  });

  it("names everything that is missing at once", () => {
    const { fault, message } = refusal({});
    expect(fault).toBe("bug");
    expect(message).toBe(
      "environment: ENTITIES_TABLE is missing; PROGRESS_TABLE is missing; KAFKA_BROKERS is missing; KAFKA_AUTH is missing",
    );
  });

  it.each([
    ["KAFKA_BROKERS", "b-1.example.com"],
    ["KAFKA_AUTH", "password"],
  ])("names %s where it is %s", (name, wrong) => {
    expect(refusal({ ...fine, [name]: wrong }).message).toContain(name);
  });
});
