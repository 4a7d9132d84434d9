import { request as httpRequest, type IncomingHttpHeaders, type OutgoingHttpHeaders } from "node:http";
import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createHandler } from "../../../functions/api/handler.ts";
import { HttpApi } from "../../../localstack/runner/http-api.ts";
import type { TopicMessage } from "../../../shared/ports/producer.ts";
import { MemoryContents } from "./memory-contents.ts";

const clock = { now: () => Date.UTC(2026, 6, 10, 19, 9, 5, 766) };

let logged: string[];
let open: HttpApi[];
beforeEach(() => {
  logged = [];
  open = [];
  vi.spyOn(process.stderr, "write").mockImplementation((text) => logged.push(String(text)) > 0);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all(open.map((api) => api.stop()));
});

async function start(handler: (event: APIGatewayProxyEventV2) => Promise<APIGatewayProxyStructuredResultV2>) {
  const api = await HttpApi.start({ handler, clock });
  open.push(api);
  return api;
}

/** Answers 200, and keeps what it was asked. */
async function listener(result: APIGatewayProxyStructuredResultV2 = { statusCode: 200 }) {
  const events: APIGatewayProxyEventV2[] = [];
  const api = await start(async (event) => {
    events.push(event);
    return result;
  });
  return { api, events };
}

/** The real function, with a producer that remembers. */
async function realApi() {
  const produced: TopicMessage[] = [];
  const contents = new MemoryContents();
  const purchases = {
    views: {
      total: async (userId: string) => ({ total: String(userId.length), count: 1 }),
      history: async () => ({ count: 0, purchases: [] }),
    },
    samples: {
      producer: {
        produce: async (messages: readonly TopicMessage[]) => {
          produced.push(...messages);
          return { kind: "accepted" } as const;
        },
      },
      clock,
      chance: { fraction: () => 0, uuid: () => "an id" },
    },
  };
  const handler = createHandler({ purchases, contents });
  return { api: await start((event) => handler(event, {} as never)), produced, contents };
}

interface Sent {
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Buffer;
}

/** A request whose path goes out as it stands: a URL would be put right first. */
function send({ url }: HttpApi, path: string, { method = "GET", headers = {}, body }: Sent = {}) {
  const { promise, resolve, reject } = Promise.withResolvers<{
    status: number | undefined;
    headers: IncomingHttpHeaders;
    text: string;
  }>();
  const { hostname, port } = new URL(url);
  const request = httpRequest({ hostname, port, path, method, headers, agent: false }, (response) => {
    const chunks: Buffer[] = [];
    response.on("data", (chunk) => chunks.push(chunk)).on("error", reject);
    response.on("end", () => {
      resolve({ status: response.statusCode, headers: response.headers, text: Buffer.concat(chunks).toString() });
    });
  });
  request.on("error", reject).end(body);
  return promise;
}

/** All that comes back for these bytes until the server closes the connection. */
function sendBytes({ url }: HttpApi, bytes: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const chunks: Buffer[] = [];
  const socket = connect(Number(new URL(url).port), "127.0.0.1", () => void socket.write(bytes));
  socket.on("data", (chunk) => chunks.push(chunk)).on("error", reject);
  socket.on("close", () => resolve(Buffer.concat(chunks).toString()));
  return promise;
}

const problem = (status: number, title: string, detail: string) => ({ type: "about:blank", title, status, detail });

describe("a request over HTTP", () => {
  it("becomes the event that API Gateway makes: the path decoded once, the query as it came, cookies apart", async () => {
    const { api, events } = await listener();
    const { host } = new URL(api.url);
    await send(api, "/capture/space%20value%252F%2F?repeat=one&repeat=two&to=https%3A%2F%2Fx&plus=a+b&empty=", {
      method: "POST",
      headers: {
        "X-Probe": ["first", "second"],
        Cookie: "a=1; b=2",
        "Content-Type": "application/json",
        "User-Agent": "t",
      },
      body: '{"λ":1}',
    });
    const requestId = expect.stringMatching(/^[0-9a-f-]{36}$/);
    const path = "/capture/space value%2F/";
    expect(events).toEqual([
      {
        version: "2.0",
        routeKey: "$default",
        rawPath: path,
        rawQueryString: "repeat=one&repeat=two&to=https%3A%2F%2Fx&plus=a+b&empty=",
        cookies: ["a=1", "b=2"],
        headers: {
          connection: "close",
          "content-length": "8",
          "content-type": "application/json",
          host,
          "user-agent": "t",
          "x-probe": "first, second",
        },
        queryStringParameters: { repeat: "one,two", to: "https://x", plus: "a b", empty: "" },
        requestContext: {
          accountId: "000000000000",
          apiId: "local",
          domainName: host,
          domainPrefix: "local",
          http: { method: "POST", path, protocol: "HTTP/1.1", sourceIp: "127.0.0.1", userAgent: "t" },
          requestId,
          routeKey: "$default",
          stage: "$default",
          time: "10/Jul/2026:19:09:05 +0000",
          timeEpoch: Date.UTC(2026, 6, 10, 19, 9, 5, 766),
        },
        body: '{"λ":1}',
        isBase64Encoded: false,
      },
    ]);
  });

  it("without query, cookies and body becomes an event without them", async () => {
    const { api, events } = await listener();
    await send(api, "/total/u");
    const event = events[0]!;
    expect(Object.keys(event).sort()).toEqual(
      ["headers", "isBase64Encoded", "rawPath", "rawQueryString", "requestContext", "routeKey", "version"].sort(),
    );
    expect([event.rawQueryString, event.isBase64Encoded]).toEqual(["", false]);
  });

  it("passes a body that is no text as base64", async () => {
    const { api, events } = await listener();
    const headers = { "content-type": "application/octet-stream" };
    await send(api, "/", { method: "PUT", headers, body: Buffer.from([0, 255, 128]) });
    expect([events[0]?.body, events[0]?.isBase64Encoded]).toEqual(["AP+A", true]);
  });

  it("is answered with status, headers, cookies and body of the result", async () => {
    const result = {
      statusCode: 418,
      headers: { "x-a": "1" },
      cookies: ["c=1", "d=2"],
      body: "AP+A",
      isBase64Encoded: true,
    };
    const { api } = await listener(result);
    const { status, headers, text } = await send(api, "/");
    expect([status, headers["x-a"], headers["set-cookie"]]).toEqual([418, "1", ["c=1", "d=2"]]);
    expect(text).toBe(Buffer.from([0, 255, 128]).toString());
  });
});

describe("the API over HTTP", () => {
  it("answers every route", async () => {
    const { api, produced, contents } = await realApi();
    const ask = async (method: string, path: string) => {
      const { status, headers, text } = await send(api, path, { method });
      return [status, headers["content-type"], text && JSON.parse(text)];
    };
    const json = "application/json; charset=utf-8";
    expect(await ask("POST", "/generate/2/ann%2Fx")).toEqual([
      200,
      json,
      { userId: "ann/x", purchasesGenerated: 2, status: "success" },
    ]);
    const note = "All messages are about the same purchase: it counts once.";
    expect(await ask("POST", "/duplicate/1/bob")).toEqual([
      200,
      json,
      { userId: "bob", purchaseId: "an id", duplicatesSent: 1, status: "success", note },
    ]);
    expect(produced.map(({ key }) => key)).toEqual(["ann/x", "ann/x", "bob"]);
    expect(await ask("GET", "/total/abc")).toEqual([200, json, { userId: "abc", totalDebt: "3", currency: "USD" }]);
    expect(await ask("GET", "/history/abc?limit=1")).toEqual([
      200,
      json,
      { userId: "abc", purchaseCount: 0, purchases: [] },
    ]);
    contents.held.set("a/b", { count: 2, minutes: [{ minute: "202401011200", count: 2 }] });
    contents.ranked = [{ contentId: "a/b", count: 2 }];
    const contentId = "a/b";
    expect(await ask("GET", "/content/a%2Fb/last")).toEqual([200, json, { contentId, last: null }]);
    expect(await ask("GET", "/content/a/b/count")).toEqual([200, json, { contentId, count: 2 }]);
    expect(await ask("GET", "/content/a%2Fb/minutes")).toEqual([
      200,
      json,
      { contentId, minutes: { 202401011200: 2 } },
    ]);
    const top = [{ contentId, count: 2 }];
    expect(await ask("GET", "/content/top?minutes=15&limit=1")).toEqual([200, json, { minutes: 15, top }]);
    expect((await ask("GET", "/openapi.json"))[2].openapi).toBe("3.1.0");
    expect(await ask("HEAD", "/total/abc")).toEqual([200, json, ""]);
    expect(await ask("OPTIONS", "/total/abc")).toEqual([204, undefined, ""]);
    expect((await ask("GET", "/generate/1/u"))[0]).toBe(405);
    expect((await ask("OPTIONS", "*"))[0]).toBe(404);
  });

  it("takes whatever id is percent-encoded, and repeats it exactly", async () => {
    const { api } = await realApi();
    const id = fc
      .array(
        fc.oneof(fc.constantFrom("/", "%", "..", "%41", "#", "\u0000", "\n", "|", "ü"), fc.string({ unit: "binary" })),
      )
      .map((parts) => parts.join(""))
      .filter((text) => text !== "" && Buffer.byteLength(text) <= 1_024 && !/[?\ufffd]/.test(text));
    const property = fc.asyncProperty(id, async (text) => {
      const { status, text: body } = await send(api, `/total/${encodeURIComponent(text)}`);
      expect([status, JSON.parse(body).userId]).toEqual([200, text]);
      const content = await send(api, `/content/${encodeURIComponent(text)}/count`);
      expect([content.status, JSON.parse(content.text).contentId]).toEqual([200, text]);
    });
    await fc.assert(property, { seed: 4, numRuns: 200 });
  });

  it("refuses an id of 10 KB in the function's own words", async () => {
    const { api } = await realApi();
    const { status, text } = await send(api, `/total/${"x".repeat(10_240)}`);
    expect([status, JSON.parse(text).detail]).toEqual([400, "id must be at most 1024 bytes long in UTF-8"]);
  });

  it("refuses an encoded question mark, at which API Gateway would have cut the path", async () => {
    const { api, produced } = await realApi();
    const { status, text } = await send(api, "/generate/1/a%3Fb", { method: "POST" });
    expect([status, JSON.parse(text).detail]).toEqual([400, "id must hold no question mark"]);
    expect(produced).toEqual([]);
  });
});

describe("the local server", () => {
  it.each(["localhost", "LOCALHOST:80", "127.0.0.1", "127.1.2.3:8081", "[::1]", "[::1]:8081"])(
    "answers as host %s",
    async (host) => {
      const { api, events } = await listener();
      expect((await send(api, "/", { headers: { host } })).status).toBe(200);
      expect(events).toHaveLength(1);
    },
  );

  it.each([
    "example.com",
    "localhost.example.com",
    "127.0.0.1.example.com",
    "10.0.0.1",
    "0.0.0.0",
    "[::]",
    "x@localhost",
    "localhost:80:80",
  ])("does not answer as host %j, whoever makes that name lead here", async (host) => {
    const { api, events } = await listener();
    const { status, text } = await send(api, "/", { headers: { host } });
    expect([status, JSON.parse(text)]).toEqual([
      421,
      problem(421, "Misdirected Request", "Only requests to 127.0.0.1, localhost or [::1] are answered here."),
    ]);
    expect(events).toEqual([]);
  });

  it.each(["https://example.com", "null", "http://localhost.example.com", "http://127.0.0.1@example.com", "file://"])(
    "does nothing for a page of %s",
    async (origin) => {
      const { api, events } = await listener();
      const { status, headers } = await send(api, "/generate/1/u", { method: "POST", headers: { origin } });
      expect([status, headers["access-control-allow-origin"]]).toEqual([403, undefined]);
      expect(events).toEqual([]);
    },
  );

  it.each([
    "GET / HTTP/1.0\r\n\r\n",
    "GET / HTTP/1.1\r\nconnection: close\r\n\r\n",
    "GET / HTTP/1.1\r\nhost: \r\n\r\n",
  ])("does not answer a request without a host: %j", async (bytes) => {
    const { api, events } = await listener();
    expect(await sendBytes(api, bytes)).toMatch(/^HTTP\/1\.1 421 /);
    expect(events).toEqual([]);
  });

  it("answers a page of this machine", async () => {
    const { api } = await listener();
    expect((await send(api, "/", { headers: { origin: "http://localhost:3000" } })).status).toBe(200);
  });

  it("can't be reached by another address of this machine", async () => {
    const { api } = await listener();
    const port = Number(new URL(api.url).port);
    const others = Object.values(networkInterfaces()).flatMap((all) => all?.filter(({ internal }) => !internal) ?? []);
    for (const host of [
      "127.0.0.2",
      ...others.flatMap(({ family, address }) => (family === "IPv4" ? [address] : [])),
    ]) {
      const { promise, resolve } = Promise.withResolvers<string>();
      const socket = connect(port, host, () => resolve("connected")).on("error", () => resolve("refused"));
      expect([host, await promise]).toEqual([host, "refused"]);
      socket.destroy();
    }
  });

  it.each(["/total/%", "/total/%zz", "/total/%ff", "/total/%c0%af", "/total/%ed%a0%80", "/%e9?x"])(
    "refuses %s, which is not percent-encoded UTF-8",
    async (path) => {
      const { api, events } = await listener();
      const { status, text } = await send(api, path);
      expect([status, JSON.parse(text)]).toEqual([
        400,
        problem(400, "Bad Request", "The path is not percent-encoded UTF-8."),
      ]);
      expect(events).toEqual([]);
    },
  );

  it("passes on a broken encoding in the query, as API Gateway does", async () => {
    const { api, events } = await listener();
    await send(api, "/?a=%zz&b=%ff");
    expect(events[0]?.rawQueryString).toBe("a=%zz&b=%ff");
  });

  it("refuses more than 32 KiB of path and headers", async () => {
    const { api, events } = await listener();
    const { status, text } = await send(api, "/", { headers: { "x-long": "x".repeat(33 * 1_024) } });
    expect([status, JSON.parse(text).detail]).toEqual([431, "Path and headers may have 32768 bytes."]);
    expect((await send(api, `/${"x".repeat(33 * 1_024)}`)).status).toBe(431);
    expect(events).toEqual([]);
  });

  it("refuses a body of more than 10 MB, and reads no more of it", async () => {
    const { api, events } = await listener();
    const head = `POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 99999999\r\n\r\n`;
    const answer = await sendBytes(api, head + "x".repeat(10 * 1_024 * 1_024 + 1));
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(events).toEqual([]);
  });

  it.each(["nonsense\r\n\r\n", "GET / HTTP/1.1\r\nbad header\r\n\r\n", "\u0016\u0003\u0001"])(
    "answers %j, which is no HTTP, and goes on for others",
    async (bytes) => {
      const { api } = await listener();
      const answer = await sendBytes(api, bytes);
      expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
      expect(JSON.parse(answer.split("\r\n\r\n")[1]!)).toEqual(problem(400, "Bad Request", "This is no HTTP request."));
      expect((await send(api, "/")).status).toBe(200);
    },
  );

  it.each([
    ["throws", async () => Promise.reject(new Error("inside"))],
    ["answers with a header that can't be", async () => ({ statusCode: 200, headers: { "x-a": "line\nbreak" } })],
    ["answers with a status that can't be", async () => ({ statusCode: 99 })],
  ])("answers 500 where the function %s, logs why, and goes on", async (_, handler) => {
    const api = await start(handler);
    const { status, text } = await send(api, "/");
    expect([status, JSON.parse(text)]).toEqual([
      500,
      problem(500, "Internal Server Error", "The function failed; its log says why."),
    ]);
    expect(logged).toHaveLength(1);
    expect((await send(api, "/")).status).toBe(500);
  });

  it("stands a client that hangs up in the middle", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const api = await start(async () => promise.then(() => ({ statusCode: 200, body: "late" })));
    const socket = connect(Number(new URL(api.url).port), "127.0.0.1");
    const gone = new Promise((done) => socket.on("close", done));
    socket.write("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n", () => socket.destroy());
    await gone;
    resolve();
    expect((await send(api, "/")).text).toBe("late");
  });

  it("says that its port is taken, and gives it back when it stops", async () => {
    const { api } = await listener();
    const port = Number(new URL(api.url).port);
    const again = () => HttpApi.start({ handler: async () => ({ statusCode: 200 }), port });
    await expect(again()).rejects.toThrow("EADDRINUSE");
    await api.stop();
    open = [await again()];
  });
});
