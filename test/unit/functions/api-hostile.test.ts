import fc from "fast-check";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { desk, invalid, jsonHeaders, notAllowed, notFound, problemHeaders, request } from "./api-requests.ts";
import { badIds, goodIds, hostileText, isGoodId } from "./hostile-ids.ts";

/** Every line that is written to the log: nothing that is asked may break anything. */
let logged: string[];
beforeEach(() => {
  logged = [];
  vi.spyOn(process.stderr, "write").mockImplementation((text) => logged.push(String(text)) > 0);
  return () => vi.restoreAllMocks();
});

const badCounts = [
  "0",
  "-1",
  "1001",
  "1000000000",
  "1.5",
  "1.0",
  "abc",
  "",
  " ",
  "1 ",
  "01",
  "+1",
  "1e2",
  "0x1",
  "١",
  "NaN",
  "1,000",
];

describe.each(["generate", "duplicate"])("POST /%s", (name) => {
  it.each(badCounts)("refuses %j as a count, and produces nothing", async (count) => {
    const { ask, produced } = desk();
    expect(await ask(request("POST", `/${name}/${count}/u`))).toEqual(
      invalid("count", "must be a whole number from 1 to 1000"),
    );
    expect(produced).toEqual([]);
  });

  it.each([1, 999, 1_000])("takes %d as a count", async (count) => {
    const { ask, produced } = desk();
    expect((await ask(request("POST", `/${name}/${count}/u`))).status).toBe(200);
    expect(produced.map((messages) => messages.length)).toEqual([count]);
  });
});

describe("the id of a user", () => {
  it.each(goodIds)("may hold %s, and comes back exactly", async (_, id) => {
    const { ask, produced, asked } = desk({
      total: async (userId) => ({ total: userId === id ? "7" : "8", count: 1 }),
    });
    expect(await ask(request("GET", `/total/${id}`))).toEqual({
      status: 200,
      headers: jsonHeaders,
      body: { userId: id, totalDebt: "7", currency: "USD" },
    });
    expect((await ask(request("GET", `/history/${id}`))).body?.userId).toBe(id);
    expect(asked).toEqual([[id, { limit: 20 }]]);
    expect((await ask(request("POST", `/generate/1/${id}`))).body?.userId).toBe(id);
    expect((await ask(request("POST", `/duplicate/1/${id}`))).body?.userId).toBe(id);
    expect(produced.flat().map(({ key, value }) => [key, JSON.parse(value).userId])).toEqual([
      [id, id],
      [id, id],
    ]);
  });

  it.each(badIds)("is refused where it %s, and nothing is asked or produced", async (_, id, flaw) => {
    const { ask, produced, asked } = desk({ total: async () => Promise.reject(new Error("it was asked")) });
    for (const [method, path] of [
      ["GET", "total"],
      ["GET", "history"],
      ["POST", "generate/1"],
      ["POST", "duplicate/1"],
    ] as const) {
      expect(await ask(request(method, `/${path}/${id}`))).toEqual(invalid("id", flaw));
    }
    expect([produced, asked]).toEqual([[], []]);
  });

  it("is told to be wrong after the count is", async () => {
    expect(await desk().ask(request("POST", "/generate/0/"))).toEqual(
      invalid("count", "must be a whole number from 1 to 1000"),
    );
  });
});

describe("paths and methods", () => {
  it.each([
    "/",
    "",
    "*",
    "//",
    "/total",
    "/totals/u",
    "/Total/u",
    "/generate",
    "/generate/5",
    "/generate5/u",
    "/openapi.jsonx",
    "/openapi/json",
    "/v1/total/u",
    " /total/u",
    "total/u",
    "http://example.com/total/u",
    "/__proto__",
    "/constructor",
  ])("answers 404 at %j", async (path) => {
    expect(await desk().ask(request("GET", path))).toEqual(notFound);
    expect(await desk().ask(request("POST", path))).toEqual(notFound);
  });

  it.each([
    "GET",
    "HEAD",
    "PUT",
    "PATCH",
    "DELETE",
    "TRACE",
    "CONNECT",
    "TRACK",
    "get",
    "post",
    "GENERATE",
    "",
    " ",
    "POST\n",
  ])("answers 405 to %j where there is only POST: nothing with an effect happens by it", async (method) => {
    const { ask, produced } = desk();
    const { status, headers, body } = await ask(request(method, "/generate/1/u"));
    const { body: wanted, ...rest } = notAllowed("POST, OPTIONS");
    expect({ status, headers }).toEqual(rest);
    expect(body).toEqual(method === "HEAD" ? undefined : wanted);
    expect((await ask(request(method, "/duplicate/1/u"))).status).toBe(405);
    expect(produced).toEqual([]);
  });

  it.each(["POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "get"])(
    "answers 405 to %j where there is only GET",
    async (method) => {
      for (const path of ["/total/u", "/history/u", "/openapi.json"]) {
        expect(await desk().ask(request(method, path))).toEqual(notAllowed("GET, HEAD, OPTIONS"));
      }
    },
  );

  it("answers 405 before it looks at parameters", async () => {
    expect(await desk().ask(request("GET", "/generate/abc/"))).toEqual(notAllowed("POST, OPTIONS"));
  });

  it("answers HEAD as GET, without a body", async () => {
    const { ask } = desk();
    expect(await ask(request("HEAD", "/total/u"))).toEqual({ status: 200, headers: jsonHeaders, body: undefined });
    expect(await ask(request("HEAD", "/total/"))).toEqual({ status: 400, headers: problemHeaders, body: undefined });
    expect(await ask(request("HEAD", "/nothing"))).toEqual({ status: 404, headers: problemHeaders, body: undefined });
  });

  it("answers OPTIONS with what is allowed, and lets no other site in", async () => {
    const { ask, produced } = desk();
    const allowed = (allow: string) => ({
      status: 204,
      headers: { allow, "cache-control": "no-store" },
      body: undefined,
    });
    const event = request("OPTIONS", "/generate/1/u");
    const cors = { ...event.headers, origin: "https://example.com", "access-control-request-method": "POST" };
    expect(await ask({ ...event, headers: cors })).toEqual(allowed("POST, OPTIONS"));
    expect(await ask(request("OPTIONS", "/total/u"))).toEqual(allowed("GET, HEAD, OPTIONS"));
    expect(await ask(request("OPTIONS", "/nothing"))).toEqual(notFound);
    expect(await ask(request("OPTIONS", "*"))).toEqual(notFound);
    expect(produced).toEqual([]);
  });

  it("takes method and path from nowhere but the request's own line", async () => {
    const { ask, produced } = desk();
    const event = request("GET", "/generate/1/u", "_method=POST&method=POST");
    const headers = {
      ...event.headers,
      "x-http-method-override": "POST",
      "x-method-override": "POST",
      "x-original-url": "/total/u",
      "x-rewrite-url": "/total/u",
    };
    expect((await ask({ ...event, headers, body: "_method=POST" })).status).toBe(405);
    expect(produced).toEqual([]);
  });
});

describe("whatever text comes", () => {
  it("as an id: it is answered for exactly, or refused as the id", async () => {
    const { ask } = desk({ total: async (userId) => ({ total: String(userId.length), count: 1 }) });
    let good = 0;
    const property = fc.asyncProperty(hostileText, async (id) => {
      const { status, body } = await ask(request("GET", `/total/${id}`));
      if (!isGoodId(id)) return void expect([status, body?.parameter]).toEqual([400, "id"]);
      good++;
      expect([status, body]).toEqual([200, { userId: id, totalDebt: String(id.length), currency: "USD" }]);
    });
    await fc.assert(property, { seed: 1, numRuns: 2_000 });
    expect(good).toBeGreaterThan(200);
    expect(logged).toEqual([]);
  });

  it("as count and id: it is produced exactly so, or refused by the first that is wrong", async () => {
    const counts = new Map(Array.from({ length: 1_000 }, (_, i) => [String(i + 1), i + 1]));
    let good = 0;
    const count = fc.oneof(fc.integer({ min: -1, max: 30 }).map(String), fc.constantFrom(...badCounts), hostileText);
    const property = fc.asyncProperty(
      fc.constantFrom("generate", "duplicate"),
      count,
      hostileText,
      async (name, text, rest) => {
        const { ask, produced } = desk();
        const { status, body } = await ask(request("POST", `/${name}/${text}/${rest}`));
        // The gateway has decoded the path: a slash in the count ends it.
        const [, first = "", id = ""] = /^([^/]*)\/(.*)$/s.exec(`${text}/${rest}`) ?? [];
        const wanted = counts.get(first);
        if (wanted === undefined || !isGoodId(id)) {
          expect([status, body?.parameter]).toEqual([400, wanted === undefined ? "count" : "id"]);
          return void expect(produced).toEqual([]);
        }
        good++;
        expect([status, body?.userId, body?.purchasesGenerated ?? body?.duplicatesSent]).toEqual([200, id, wanted]);
        const messages = produced.flat();
        expect(messages).toHaveLength(wanted);
        expect(new Set(messages.flatMap(({ key, value }) => [key, JSON.parse(value).userId]))).toEqual(new Set([id]));
        expect(new Set(messages.map((message) => message.id)).size).toBe(wanted);
      },
    );
    await fc.assert(property, { seed: 2, numRuns: 1_500 });
    expect(good).toBeGreaterThan(100);
    expect(logged).toEqual([]);
  });

  it("as method, path and query: there is an answer in JSON, and never one of 500 and above", async () => {
    const { ask } = desk({
      history: async (_, { before }) => (before?.length ? undefined : { count: 0, purchases: [] }),
    });
    const method = fc.oneof(fc.constantFrom("GET", "HEAD", "POST", "OPTIONS"), hostileText);
    const path = fc.oneof(
      hostileText,
      hostileText.map((text) => `/${text}`),
      hostileText.map((text) => `/history/${text}`),
    );
    const query = fc.oneof(
      hostileText,
      hostileText.map((text) => `limit=${text}`),
      hostileText.map((text) => `next=${text}`),
    );
    const property = fc.asyncProperty(method, path, query, async (one, where, what) => {
      const { status, headers, body } = await ask(request(one, where, what));
      expect([200, 204, 400, 404, 405]).toContain(status);
      expect(headers["cache-control"]).toBe("no-store");
      if (one === "HEAD" || status === 204) return void expect(body).toBeUndefined();
      expect(headers["content-type"]).toBe(`application/${status === 200 ? "json" : "problem+json"}; charset=utf-8`);
      if (status !== 200) expect(body?.status).toBe(status);
    });
    await fc.assert(property, { seed: 3, numRuns: 2_000 });
    expect(logged).toEqual([]);
  });
});
