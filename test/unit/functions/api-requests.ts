import { readFileSync } from "node:fs";
import type { APIGatewayProxyEventV2, Context } from "aws-lambda";
import { createHandler } from "../../../functions/api/handler.ts";
import type { ApiApp } from "../../../functions/api/routes.ts";
import type { ProduceOutcome, TopicMessage } from "../../../shared/ports/producer.ts";
import type { HistoryPage, HistoryRequest, PurchaseViews } from "../../../shared/ports/purchase-views.ts";
import { MemoryContents } from "./memory-contents.ts";

export const now = Date.UTC(2024, 0, 1, 12, 10);

export type SampleName = "generate" | "duplicate" | "total" | "history" | `content-${ContentView}`;
type ContentView = "last" | "count" | "minutes" | "top";

/** An event as API Gateway has been seen to make them: the path decoded, the query as it came. */
export function sample(name: SampleName): APIGatewayProxyEventV2 {
  return JSON.parse(readFileSync(`test/events/http-api-${name}.json`, "utf8"));
}

/** The event of a request for a path, which is given as the gateway passes it on: decoded. */
export function request(method: string, path: string, query = ""): APIGatewayProxyEventV2 {
  const event = sample("total");
  const { requestContext } = event;
  const http = { ...requestContext.http, method, path };
  return { ...event, rawPath: path, rawQueryString: query, requestContext: { ...requestContext, http } };
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  /** The body read as JSON; `undefined` where it is empty. */
  readonly body: Readonly<Record<string, unknown>> | undefined;
}

export interface DeskOptions {
  readonly outcome?: ProduceOutcome | Error;
  readonly total?: PurchaseViews["total"];
  readonly history?: (userId: string, request: HistoryRequest) => Promise<HistoryPage | undefined>;
  /** Draws, over and over. */
  readonly fractions?: readonly number[];
}

/** The real handler, a producer that remembers, views of purchases that say what they are told to, and views of contents in memory. */
export function desk({ outcome = { kind: "accepted" }, total, history, fractions = [0.5] }: DeskOptions = {}) {
  const produced: (readonly TopicMessage[])[] = [];
  const asked: unknown[] = [];
  let draws = 0;
  let uuids = 0;
  const purchases = {
    views: {
      total: total ?? (async () => ({ total: "0", count: 0 })),
      history: async (userId: string, page: HistoryRequest) => {
        asked.push([userId, page]);
        return history ? history(userId, page) : { count: 0, purchases: [] };
      },
    },
    samples: {
      producer: {
        produce: async (messages: readonly TopicMessage[]) => {
          produced.push(messages);
          if (outcome instanceof Error) throw outcome;
          return outcome;
        },
      },
      clock: { now: () => now },
      chance: {
        fraction: () => fractions[draws++ % fractions.length] as number,
        uuid: () => `00000000-0000-4000-8000-${String(++uuids).padStart(12, "0")}`,
      },
    },
  };
  const contents = new MemoryContents();
  return { ask: asker({ purchases, contents }), produced, asked, contents };
}

/** Asks the handler over these routes as Lambda would. */
export function asker(app: ApiApp) {
  const handler = createHandler(app);
  return async (event: APIGatewayProxyEventV2): Promise<Answer> => {
    const { statusCode, headers, body, isBase64Encoded } = await handler(event, {} as Context);
    if (isBase64Encoded || statusCode === undefined)
      throw new Error("an answer of the API is JSON text, with a status");
    return { status: statusCode, headers: headers ?? {}, body: body ? JSON.parse(body) : undefined };
  };
}

export const jsonHeaders = {
  "cache-control": "no-store",
  "content-type": "application/json; charset=utf-8",
  "x-content-type-options": "nosniff",
};
export const problemHeaders = { ...jsonHeaders, "content-type": "application/problem+json; charset=utf-8" };

/** The answer to a parameter that can't be used. */
export function invalid(parameter: string, flaw: string): Answer {
  const kind = { type: "urn:problem-type:tidemark:invalid-parameter", title: "Invalid parameter", status: 400 };
  return { status: 400, headers: problemHeaders, body: { ...kind, detail: `${parameter} ${flaw}`, parameter } };
}

/** The answer where nothing is, and never is. */
export const notFound = problem(
  404,
  "Not Found",
  "There is nothing at this path; GET /openapi.json says what there is.",
);

/** The answer to a method that isn't one of `allow`. */
export function notAllowed(allow: string): Answer {
  const { headers, ...answer } = problem(405, "Method Not Allowed", `This path answers ${allow} only.`);
  return { ...answer, headers: { ...headers, allow } };
}

function problem(status: number, title: string, detail: string): Answer {
  return { status, headers: problemHeaders, body: { type: "about:blank", title, status, detail } };
}
