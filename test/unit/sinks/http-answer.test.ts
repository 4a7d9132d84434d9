import { describe, expect, it } from "vitest";
import { outcomeOf, readRetryAfter, statusErrorInBody } from "../../../shared/sinks/http/answer.ts";

const now = Date.parse("2026-03-01T10:05:00Z");

describe("Retry-After", () => {
  it.each([
    ["0", 0],
    ["3", 3_000],
    ["Sun, 01 Mar 2026 10:05:07 GMT", 7_000],
    ["Sun, 01 Mar 2026 10:05:00 GMT", 0],
    ["Sun, 01 Mar 2026 10:04:59 GMT", 0],
    ["86400", 86_400_000],
    ["86401", 86_400_000],
    ["9".repeat(400), 86_400_000],
    ["Sun, 01 Mar 9999 10:05:00 GMT", 86_400_000],
    ["-1", undefined],
    ["1.5", undefined],
    ["", undefined],
    ["soon", undefined],
    ["soon GMT", undefined],
    [undefined, undefined],
  ])("of %j means a wait of %j ms", (header, wait) => {
    expect(readRetryAfter(header, now)).toBe(wait);
  });
});

describe("an answer", () => {
  const answered = (status: number, body = "") => ({ kind: "answered", status, retryAfter: undefined, body }) as const;

  it.each([
    [200, "accepted"],
    [299, "accepted"],
    [300, "refused"],
    [399, "refused"],
    [400, "refused"],
    [407, "refused"],
    [408, "unavailable"],
    [409, "refused"],
    [424, "refused"],
    [425, "unavailable"],
    [426, "refused"],
    [428, "refused"],
    [429, "unavailable"],
    [430, "refused"],
    [499, "refused"],
    [500, "unavailable"],
    [599, "unavailable"],
    [999, "unavailable"],
  ])("with status %i means %s", (status, kind) => {
    expect(outcomeOf(answered(status), now, undefined).kind).toBe(kind);
  });

  it("is quoted in one line and in part", () => {
    const outcome = outcomeOf(answered(422, `no\r\n such\u0000 user ${"x".repeat(1_000)}`), now, undefined);
    expect(outcome).toEqual({ kind: "refused", status: 422, reason: `status 422: no such user ${"x".repeat(184)}` });
  });

  it.each([
    ['{"status":"error"}', "unavailable"],
    ['{"status":"ok"}', "accepted"],
    ['"error"', "accepted"],
    ["null", "accepted"],
    ["no JSON", "accepted"],
    ["", "accepted"],
  ])("200 with %s means %s where the body is looked at", (body, kind) => {
    expect(outcomeOf(answered(200, body), now, statusErrorInBody).kind).toBe(kind);
    expect(outcomeOf(answered(200, body), now, undefined).kind).toBe("accepted");
  });
});
