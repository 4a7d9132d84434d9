import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { describe, expect, it } from "vitest";
import { StreamError } from "../../../shared/core/errors.ts";
import { desk, request, sample } from "./api-requests.ts";

const { ask } = desk({ total: async (userId) => ({ total: "1", count: userId.length }) });

function inStage(stage: string, path: string): APIGatewayProxyEventV2 {
  const event = request("GET", path);
  return { ...event, requestContext: { ...event.requestContext, stage } };
}

describe("an event of API Gateway's HTTP API", () => {
  it.each([
    ["generate", 200],
    ["duplicate", 200],
    ["total", 200],
    ["history", 200],
    ["content-last", 200],
    ["content-count", 200],
    ["content-minutes", 200],
    ["content-top", 200],
  ] as const)("is answered: test/events/http-api-%s.json", async (name, status) => {
    expect((await ask(sample(name))).status).toBe(status);
  });

  it.each([
    ["prod", "/prod/total/u", "u"],
    ["prod", "/prod/total/prod/u", "prod/u"],
    ["prod", "/prod/total/prod", "prod"],
    ["prod", "/total/u", "u"],
    ["to", "/total/u", "u"],
    ["prod", "/total/prod/u", "prod/u"],
    ["$default", "/total/$default", "$default"],
    ["$default", "/total/u", "u"],
  ])("of stage %s asks at %s for %s", async (stage, path, userId) => {
    expect((await ask(inStage(stage, path))).body?.userId).toBe(userId);
  });

  it.each([
    ["prod", "/product/total/u"],
    ["prod", "/prod"],
    ["prod", "/prod/"],
    ["prod", "/prod/prod/total/u"],
    ["prod", "/PROD/total/u"],
    ["$default", "/$default/total/u"],
  ])("of stage %s has nothing at %s", async (stage, path) => {
    expect((await ask(inStage(stage, path))).status).toBe(404);
  });

  it("is answered whatever body it brings, without one being read", async () => {
    const event = request("POST", "/generate/1/u");
    for (const body of ["", "{", '{"count":1000}', "\u0000\ufffd"]) {
      expect((await ask({ ...event, body, isBase64Encoded: false })).body?.purchasesGenerated).toBe(1);
      expect((await ask({ ...event, body, isBase64Encoded: true })).body?.purchasesGenerated).toBe(1);
    }
  });

  it("is answered without what a gateway may leave out", async () => {
    const { headers: _, ...event } = sample("total");
    expect((await ask({ ...event, rawQueryString: undefined } as unknown as APIGatewayProxyEventV2)).status).toBe(200);
  });

  it.each([
    ["payload format 1.0", { ...sample("total"), version: "1.0", path: "/total/u", httpMethod: "GET" }],
    ["a schedule", { version: "0", "detail-type": "Scheduled Event", source: "aws.events" }],
    ["no path", { ...sample("total"), rawPath: undefined }],
    ["no request context", { ...sample("total"), requestContext: undefined }],
    ["nothing", {}],
    ["null", null],
  ])("is told from another by its form, and the mend is named: %s", async (_, event) => {
    const error: unknown = await ask(event as unknown as APIGatewayProxyEventV2).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StreamError);
    expect((error as StreamError).fault).toBe("bug");
    expect((error as StreamError).message).toContain("payloadFormatVersion must be 2.0");
  });
});
