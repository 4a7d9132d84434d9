import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, createServer as createTcpServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import {
  type EndpointFault,
  LoopbackEndpoint,
  type ReceivedRequest,
} from "../../localstack/endpoint/loopback-endpoint.ts";
import { statusErrorInBody } from "../../shared/sinks/http/answer.ts";
import { HttpsEndpoint, type HttpsEndpointSettings } from "../../shared/sinks/http/https-endpoint.ts";
import { verify, webhookKey } from "../../shared/sinks/http/standard-webhooks.ts";
import { type Behaviour, endpointContract } from "./endpoint.contract.ts";

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const nextSecret = "whsec_plJ3nmyCDGBKInavdOK15jslplJ3nmyCDGBKInavdOK15jsl";
const message = { id: "attribution:pv_1:1", body: '{"id":"attribution:pv_1:1"}' };
const quick = { waitMin: 1, waitMax: 5 };

const faults: Record<Extract<Behaviour, string>, EndpointFault> = {
  garbage: { garbage: true },
  silence: { delayMs: 60_000 },
  "hang up": { cut: "unanswered" },
  "hang up in the answer": { cut: "mid-answer" },
};

function faultOf(behaviour: Behaviour | undefined): EndpointFault | undefined {
  if (typeof behaviour !== "object") return behaviour && faults[behaviour];
  const { status, retryAfter } = behaviour;
  return { status, headers: retryAfter === undefined ? { location: "/elsewhere" } : { "retry-after": retryAfter } };
}

endpointContract({
  name: "HttpsEndpoint over loopback",
  open: async (behave) => {
    const seen: { id: string; body: string }[] = [];
    const server = await LoopbackEndpoint.start({
      secrets: [secret],
      onAccepted: async () => {},
      fault: (tryNumber, { headers, body }) => {
        seen.push({ id: String(headers["webhook-id"]), body: body.toString() });
        return behave === "down" ? undefined : faultOf(behave(tryNumber));
      },
    });
    const endpoint = new HttpsEndpoint({ url: server.url, secrets: [secret], tryTimeout: 500, ...quick });
    if (behave === "down") await server.stop();
    const close = async () => {
      endpoint.close();
      if (behave !== "down") await server.stop();
    };
    return { endpoint, seen, close };
  },
});

describe("HttpsEndpoint", () => {
  const closing: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  /** A pair that shares a clock which stands still until it is moved. */
  const pair = async (
    fault: (requestNumber: number) => EndpointFault | undefined = () => undefined,
    settings: Partial<HttpsEndpointSettings> = {},
    random: () => number = () => 0,
  ) => {
    const time = { ms: Date.parse("2026-03-01T10:05:00.900Z") };
    const clock = { now: () => time.ms };
    const requests: ReceivedRequest[] = [];
    const server = await LoopbackEndpoint.start({
      secrets: [secret],
      onAccepted: async () => {},
      clock,
      fault: (number, request) => {
        requests.push(request);
        return fault(number);
      },
    });
    const endpoint = new HttpsEndpoint({ url: server.url, secrets: [secret], ...quick, ...settings }, clock, random);
    closing.push(
      () => server.stop(),
      () => endpoint.close(),
    );
    return { endpoint, requests, time, server };
  };

  const listening = async (server: Server) => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    closing.push(() => server.close());
    return (server.address() as AddressInfo).port;
  };

  it("sends JSON with its length, the product's name and the three webhook headers", async () => {
    const { endpoint, requests } = await pair();
    await endpoint.post({ id: "a ü", body: '{"id":"a ü"}' });
    expect(requests[0]?.headers).toMatchObject({
      "content-type": "application/json",
      "content-length": "13",
      "user-agent": "tidemark",
      "webhook-id": "a%20%C3%BC",
      "webhook-timestamp": String(Date.parse("2026-03-01T10:05:00Z") / 1_000),
      "webhook-signature": expect.stringMatching(/^v1,[\w+/]{43}=$/),
    });
  });

  it("signs every try anew, by its own time", async () => {
    const { endpoint, requests, time } = await pair((number) => {
      time.ms += 1_000;
      return number === 1 ? { status: 500 } : undefined;
    });
    expect(await endpoint.post(message)).toEqual({ kind: "accepted" });
    const [first, second] = requests.map(({ headers }) => headers);
    expect(Number(second?.["webhook-timestamp"]) - Number(first?.["webhook-timestamp"])).toBe(1);
    expect(second?.["webhook-signature"]).not.toBe(first?.["webhook-signature"]);
  });

  it("is understood by a receiver that knows the old secret or the new one", async () => {
    const { endpoint, requests, time } = await pair(undefined, { secrets: [nextSecret, secret] });
    expect(await endpoint.post(message)).toEqual({ kind: "accepted" });
    const { headers, body } = requests[0]!;
    const [id, timestamp, signature] = ["id", "timestamp", "signature"].map((name) =>
      String(headers[`webhook-${name}`]),
    );
    const limits = { nowSeconds: Math.floor(time.ms / 1_000) };
    expect(verify([webhookKey(nextSecret)], { id, timestamp, signature, body }, limits)).toEqual({ kind: "genuine" });
  });

  it("cannot be made to send another header by an id with line breaks", async () => {
    const { endpoint, requests } = await pair();
    await endpoint.post({ id: "a\r\nx-evil: 1\r\n\r\n{}", body: message.body });
    expect(requests).toHaveLength(1);
    expect(requests[0]?.headers).not.toHaveProperty("x-evil");
    expect(decodeURIComponent(String(requests[0]?.headers["webhook-id"]))).toBe("a\r\nx-evil: 1\r\n\r\n{}");
  });

  it.each([[1], [3]])("tries %i times where that is the limit", async (triesMax) => {
    const { endpoint, requests } = await pair(() => ({ status: 500, body: "oops" }), { triesMax });
    expect(await endpoint.post(message)).toEqual({ kind: "unavailable", reason: "status 500: oops" });
    expect(requests).toHaveLength(triesMax);
  });

  it("cuts a try of a slow endpoint at its time limit", async () => {
    const { endpoint, requests } = await pair(() => ({ delayMs: 10_000 }), { tryTimeout: 100, triesMax: 2 });
    const begun = performance.now();
    expect(await endpoint.post(message)).toEqual({ kind: "unavailable", reason: "no answer within 100 ms" });
    expect(performance.now() - begun).toBeGreaterThanOrEqual(199);
    expect(performance.now() - begun).toBeLessThan(2_000);
    expect(requests).toHaveLength(2);
  });

  it("waits for an endpoint that is slow within the time limit", async () => {
    const { endpoint, requests } = await pair(() => ({ delayMs: 50 }));
    expect(await endpoint.post(message)).toEqual({ kind: "accepted" });
    expect(requests).toHaveLength(1);
  });

  it.each([
    ["seconds", "1", 1_000],
    ["a date", "Sun, 01 Mar 2026 10:05:01 GMT", 100],
  ])("waits as long as a Retry-After in %s asks for", async (_, header, wait) => {
    const headers = { "retry-after": header };
    const { endpoint } = await pair((number) => (number === 1 ? { status: 429, headers } : undefined));
    const begun = performance.now();
    expect(await endpoint.post(message)).toEqual({ kind: "accepted" });
    expect(performance.now() - begun).toBeGreaterThanOrEqual(wait - 2);
  });

  it.each([
    ["1", 2],
    ["2", 1],
  ])("takes a Retry-After of %s s up to a limit of 1 s (%i tries)", async (header, tries) => {
    const headers = { "retry-after": header };
    const { endpoint, requests } = await pair(() => ({ status: 503, headers }), { retryAfterMax: 1_000, triesMax: 2 });
    const retryAfter = Number(header) * 1_000;
    expect(await endpoint.post(message)).toEqual({ kind: "unavailable", reason: "status 503", retryAfter });
    expect(requests).toHaveLength(tries);
  });

  it("ends a wait between two tries when the signal fires, and tries no more", async () => {
    const { endpoint, requests } = await pair(() => ({ status: 500 }), { waitMin: 400, waitMax: 400 });
    const begun = performance.now();
    const outcome = await endpoint.post(message, AbortSignal.timeout(50));
    expect(outcome).toEqual({ kind: "unavailable", reason: "cut short by this side" });
    expect(performance.now() - begun).toBeLessThan(300);
    await new Promise((resolve) => setTimeout(resolve, 450));
    expect(requests).toHaveLength(1);
  });

  it("draws the waits between the tries from the random numbers it is given", async () => {
    const waits = async (random: number) => {
      const { endpoint } = await pair(
        () => ({ status: 500 }),
        { triesMax: 3, waitMin: 40, waitMax: 1_000 },
        () => random,
      );
      const begun = performance.now();
      await endpoint.post(message);
      return performance.now() - begun;
    };
    expect(await waits(0)).toBeLessThan(300);
    expect(await waits(1)).toBeGreaterThan(40 * 3 + 40 * 9 - 5);
  });

  describe("an endpoint that keeps failing", () => {
    const settings = { triesMax: 1, failuresMax: 3, restFor: 10_000 };
    const resting = (retryAfter: number) => ({
      kind: "unavailable",
      reason: "left alone after 3 failures in a row, the last: status 500",
      retryAfter,
    });

    it("is left alone after that many failures in a row, until its rest is over and one try decides", async () => {
      let broken = true;
      const { endpoint, requests, time } = await pair(() => (broken ? { status: 500 } : undefined), settings);
      for (let post = 1; post <= 3; post++)
        expect(await endpoint.post(message)).toMatchObject({ reason: "status 500" });
      expect(await endpoint.post(message)).toEqual(resting(10_000));
      time.ms += 9_999;
      expect(await endpoint.post(message)).toEqual(resting(1));
      expect(requests).toHaveLength(3);
      time.ms += 1;
      expect(await endpoint.post(message)).toMatchObject({ reason: "status 500" });
      expect(await endpoint.post(message)).toEqual(resting(10_000));
      expect(requests).toHaveLength(4);
      time.ms += 10_000;
      broken = false;
      expect(await endpoint.post(message)).toEqual({ kind: "accepted" });
      expect(await endpoint.post(message)).toEqual({ kind: "accepted" });
    });

    it("gets one deciding try, for which the other posts wait", async () => {
      const { endpoint, requests, time } = await pair(() => ({ status: 500, delayMs: 20 }), settings);
      for (let post = 1; post <= 3; post++) await endpoint.post(message);
      time.ms += 10_000;
      const outcomes = await Promise.all([1, 2, 3].map(() => endpoint.post(message)));
      expect(outcomes).toEqual([{ kind: "unavailable", reason: "status 500" }, resting(10_000), resting(10_000)]);
      expect(requests).toHaveLength(4);
    });

    it("is not left alone while it answers now and then", async () => {
      const { endpoint } = await pair((number) => (number % 3 ? { status: 500 } : undefined), settings);
      for (let post = 1; post <= 12; post++) {
        expect((await endpoint.post(message)).kind).toBe(post % 3 ? "unavailable" : "accepted");
      }
    });

    it("is not left alone for messages that it refuses", async () => {
      const { endpoint } = await pair((number) => (number <= 5 ? { status: 422 } : undefined), settings);
      for (let post = 1; post <= 5; post++) expect((await endpoint.post(message)).kind).toBe("refused");
      expect(await endpoint.post(message)).toEqual({ kind: "accepted" });
    });

    it("is not believed to be well because the deciding try was cut short", async () => {
      const { endpoint, time } = await pair((number) => (number <= 3 ? { status: 500 } : { delayMs: 1_000 }), settings);
      for (let post = 1; post <= 3; post++) await endpoint.post(message);
      time.ms += 10_000;
      expect(await endpoint.post(message, AbortSignal.timeout(30))).toMatchObject({ reason: "cut short by this side" });
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(await endpoint.post(message)).toEqual(resting(10_000));
    });

    it("isn't tried for a post whose signal has already fired", async () => {
      const { endpoint, time } = await pair((number) => (number <= 3 ? { status: 500 } : undefined), settings);
      for (let post = 1; post <= 3; post++) await endpoint.post(message);
      time.ms += 10_000;
      await endpoint.post(message, AbortSignal.abort());
      expect(await endpoint.post(message)).toEqual({ kind: "accepted" });
    });

    it("isn't blamed for posts that were cut short", async () => {
      const { endpoint } = await pair((number) => (number <= 3 ? { delayMs: 1_000 } : undefined), settings);
      for (let post = 1; post <= 3; post++) {
        expect(await endpoint.post(message, AbortSignal.timeout(20))).toMatchObject({
          reason: "cut short by this side",
        });
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      expect(await endpoint.post(message)).toEqual({ kind: "accepted" });
    });

    it("costs a message in mid-retry no further tries", async () => {
      const { endpoint, requests } = await pair(() => ({ status: 500 }), { ...settings, triesMax: 10 });
      expect(await endpoint.post(message)).toEqual(resting(10_000));
      expect(requests).toHaveLength(3);
    });
  });

  it("looks for a failure in the body only where it is told to", async () => {
    const fault = { status: 200, body: '{"status":"error"}' };
    const trusting = await pair(() => fault);
    expect(await trusting.endpoint.post(message)).toEqual({ kind: "accepted" });
    const wary = await pair((number) => (number === 1 ? fault : undefined), { failureInBody: statusErrorInBody });
    expect(await wary.endpoint.post(message)).toEqual({ kind: "accepted" });
    expect(wary.requests).toHaveLength(2);
  });

  it("keeps 64 KB of an answer at most, and reads it to its end", async () => {
    const lengths: number[] = [];
    const failureInBody = (body: string) => void lengths.push(body.length);
    const body = "x".repeat(1_000_000);
    const { endpoint } = await pair((number) => (number === 1 ? { status: 200, body } : undefined), { failureInBody });
    for (let post = 1; post <= 2; post++) expect(await endpoint.post(message)).toEqual({ kind: "accepted" });
    expect(lengths).toEqual([65_536, '{"status":"ok"}'.length]);
  });

  it("uses one connection for posts one after the other, and puts up with one that has died meanwhile", async () => {
    let connections = 0;
    const requestsOf: number[] = [];
    const port = await listening(
      createTcpServer((socket) => {
        const connection = connections++;
        requestsOf[connection] = 0;
        socket.on("error", () => {});
        socket.on("data", () => {
          requestsOf[connection]! += 1;
          if (requestsOf[connection] === 4) socket.resetAndDestroy();
          else socket.write("HTTP/1.1 204 No Content\r\n\r\n");
        });
      }),
    );
    const url = `http://127.0.0.1:${port}/`;
    const endpoint = new HttpsEndpoint({ url, secrets: [secret], triesMax: 1, failuresMax: 1 });
    for (let post = 1; post <= 4; post++) expect(await endpoint.post(message)).toEqual({ kind: "accepted" });
    endpoint.close();
    expect(requestsOf).toEqual([4, 1]);
  });

  it("doesn't take an answer that breaks off on a kept-alive connection for a connection that had died", async () => {
    const { endpoint, requests } = await pair((number) => (number === 2 ? { cut: "mid-answer" } : undefined), {
      triesMax: 1,
    });
    expect(await endpoint.post(message)).toEqual({ kind: "accepted" });
    expect(await endpoint.post(message)).toEqual({
      kind: "unavailable",
      reason: "the answer broke off: the connection was closed",
    });
    expect(requests).toHaveLength(2);
  });

  it("closes its connections, and is of no use afterwards", async () => {
    const { endpoint, requests } = await pair((number) => (number === 2 ? { delayMs: 10_000 } : undefined));
    await endpoint.post(message);
    const underWay = endpoint.post(message);
    await new Promise((resolve) => setTimeout(resolve, 30));
    endpoint.close();
    expect(await underWay).toMatchObject({ kind: "unavailable" });
    expect(await endpoint.post(message)).toMatchObject({ kind: "unavailable" });
    expect(requests).toHaveLength(2);
  });

  it.each([
    ["http://example.com/hook?token=hush", "plain http is for loopback hosts only; use https, or set allowPlainHttp"],
    ["http://127.example.com/", "plain http is for loopback hosts only"],
    ["https://user:hush@example.com/", "a user name or password"],
    ["ftp://example.com/hush", "expected https://HOST/PATH"],
    ["example.com/hush", "expected https://HOST/PATH"],
  ])("doesn't take %s as its URL", (url, why) => {
    const open = () => new HttpsEndpoint({ url, secrets: [secret] });
    expect(open).toThrow(why);
    expect(open).not.toThrow(/hush|MfKQ/);
  });

  it.each([["https://example.com/hook"], ["http://localhost:1/"], ["http://127.1.2.3/"], ["http://[::1]/"]])(
    "takes %s as its URL",
    (url) => {
      expect(() => new HttpsEndpoint({ url, secrets: [secret] }).close()).not.toThrow();
    },
  );

  it("sends plain http to other hosts where that is allowed", () => {
    const settings = { url: "http://example.com/", secrets: [secret], allowPlainHttp: true };
    expect(() => new HttpsEndpoint(settings).close()).not.toThrow();
  });

  it("shows no secret, and needs one", async () => {
    const { endpoint } = await pair();
    expect(inspect(endpoint, { depth: 9, showHidden: true })).not.toContain("MfKQ");
    expect(() => new HttpsEndpoint({ url: "https://example.com/", secrets: [] })).toThrow("no webhook secret");
    expect(() => new HttpsEndpoint({ url: "https://example.com/", secrets: ["MfKQ9r8G"] })).not.toThrow(/MfKQ/);
  });

  it("refuses a certificate that it can't trace to an authority, and takes one that it is told to trust", async (context) => {
    const certificate = selfSigned();
    if (!certificate) return context.skip("openssl is not installed: no certificate to test with");
    const port = await listening(
      createHttpsServer(certificate, (request, response) => {
        request.resume().on("end", () => response.end("{}"));
      }),
    );
    const settings = { url: `https://127.0.0.1:${port}/`, secrets: [secret], triesMax: 1 };
    const wary = new HttpsEndpoint(settings);
    const trusting = new HttpsEndpoint({ ...settings, ca: certificate.cert });
    closing.push(
      () => wary.close(),
      () => trusting.close(),
    );
    const reason = expect.stringContaining("SELF_SIGNED");
    expect(await wary.post(message)).toEqual({ kind: "unavailable", reason });
    expect(await trusting.post(message)).toEqual({ kind: "accepted" });
  });
});

function selfSigned(): { key: string; cert: string } | undefined {
  const folder = mkdtempSync(join(tmpdir(), "tidemark-"));
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  try {
    execFileSync("openssl", ["req", "-x509", ...curve, ...subject, "-keyout", key, "-out", cert], { stdio: "ignore" });
    return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
  } catch {
    return undefined;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
