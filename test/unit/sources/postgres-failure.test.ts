import { DatabaseError } from "pg";
import { describe, expect, it } from "vitest";
import { failureOf } from "../../../shared/sources/postgres/failure.ts";

function databaseError(code: string, message = "said"): DatabaseError {
  return Object.assign(new DatabaseError(message, message.length, "error"), { code });
}
const systemError = (code: string) => Object.assign(new Error("said"), { code });

describe("a failure of Postgres", () => {
  it.each([
    ["08006", "a connection that broke"],
    ["40001", "a replica's conflict with its primary"],
    ["40P01", "a deadlock"],
    ["53300", "too many connections"],
    ["55P03", "a lock"],
    ["57014", "a question that took too long"],
    ["57P01", "a shutdown"],
    ["57P03", "a start"],
    ["58030", "an error of the disk"],
  ])("may pass where it is %s: %s", (code) => {
    expect(failureOf(databaseError(code), "u").mayPass).toBe(true);
  });

  it.each(["22003", "25006", "28P01", "3D000", "3F000", "42P01", "42703", "42501", "57P04", "XX001", "0A000"])(
    "stays where it is %s",
    (code) => {
      expect(failureOf(databaseError(code), "u").mayPass).toBe(false);
    },
  );

  it.each([
    ["ECONNREFUSED", true],
    ["ECONNRESET", true],
    ["EPIPE", true],
    ["ETIMEDOUT", true],
    ["EAI_AGAIN", true],
    ["ENOTFOUND", false],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", false],
    ["CERT_HAS_EXPIRED", false],
    ["EACCES", false],
  ])("of the network, %s, may pass: %j", (code, mayPass) => {
    expect(failureOf(systemError(code), "u").mayPass).toBe(mayPass);
  });

  it.each([
    ["Connection terminated unexpectedly", true],
    ["Connection terminated", true],
    ["timeout expired", true],
    ["no answer within 80000 ms", true],
    ["Client has encountered a connection error and is not queryable", true],
    ["The server does not support SSL connections", false],
    ["SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string", false],
    ["x is not a function", false],
  ])("that the driver calls %j may pass: %j", (message, mayPass) => {
    expect(failureOf(new Error(message), "u").mayPass).toBe(mayPass);
  });

  it("says in one line what is to be done, to whom a right is to be granted, and the code to look it up by", () => {
    expect(failureOf(databaseError("42501", "permission\n denied"), 'a "b"').reason).toBe(
      'permission denied [42501] (GRANT USAGE ON SCHEMA public TO "a ""b"""; ' +
        'GRANT SELECT ON public.engagement_events, public.content TO "a ""b""")',
    );
    expect(failureOf(systemError("ENOTFOUND"), "u").reason).toBe("said (check the host in the URL)");
    expect(failureOf(systemError("ECONNRESET"), "u").reason).toBe("said");
    expect(failureOf("odd", "u")).toEqual({ reason: "odd", mayPass: false });
  });

  it("says what became of each address of a host", () => {
    const both = ["::1", "127.0.0.1"].map((address) => Object.assign(new Error(`connect ECONNREFUSED ${address}:1`)));
    const error = Object.assign(new AggregateError(both), { code: "ECONNREFUSED" });
    expect(failureOf(error, "u")).toEqual({
      reason: "connect ECONNREFUSED ::1:1; connect ECONNREFUSED 127.0.0.1:1",
      mayPass: true,
    });
  });
});
