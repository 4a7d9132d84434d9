import { type AddressInfo, createServer } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import {
  type EndpointFault,
  LoopbackEndpoint,
  type ReceivedRequest,
} from "../../../localstack/endpoint/loopback-endpoint.ts";
import type { Leave, RateLimit } from "../../../shared/ports/rate-limit.ts";
import { HttpsEndpoint, type HttpsEndpointSettings } from "../../../shared/sinks/http/https-endpoint.ts";

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const message = { id: "attribution:pv_1:1", body: '{"id":"attribution:pv_1:1"}' };
const granted: Leave = { kind: "granted" };
const withheld: Leave = { kind: "withheld", reason: "the rate limit can't be kept: no table" };
const withheldOutcome = { kind: "unavailable", reason: withheld.reason };
const accepted = { kind: "accepted" };

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** Gives leave as it is told: to the n-th who asks, from 1. */
class ToldLimit implements RateLimit {
  readonly signals: (AbortSignal | undefined)[] = [];
  readonly #answer: (nth: number) => Leave | Promise<Leave>;

  constructor(answer: (nth: number) => Leave | Promise<Leave> = () => granted) {
    this.#answer = answer;
  }

  async take(signal?: AbortSignal): Promise<Leave> {
    this.signals.push(signal);
    return this.#answer(this.signals.length);
  }
}

/** An endpoint behind a limit, and its other side; their clock stands still until it is moved. */
async function limited(
  rateLimit: RateLimit,
  fault: (requestNumber: number) => EndpointFault | undefined = () => undefined,
  settings: Partial<HttpsEndpointSettings> = {},
) {
  const time = { ms: Date.parse("2026-03-01T10:05:00Z") };
  const clock = { now: () => time.ms };
  const requests: ReceivedRequest[] = [];
  const server = await LoopbackEndpoint.start({
    ...{ secrets: [secret], onAccepted: async () => {}, clock },
    fault: (number, request) => {
      requests.push(request);
      return fault(number);
    },
  });
  const quick = { waitMin: 1, waitMax: 5, ...settings };
  const endpoint = new HttpsEndpoint({ url: server.url, secrets: [secret], rateLimit, ...quick }, clock, () => 0);
  closing.push(
    () => server.stop(),
    () => endpoint.close(),
  );
  return { endpoint, requests, time };
}

describe("an endpoint behind a rate limit", () => {
  it("needs leave for each request, those that are tried again too", async () => {
    const limit = new ToldLimit();
    const { endpoint, requests } = await limited(limit, (number) => (number <= 2 ? { status: 500 } : undefined));
    expect(await endpoint.post(message)).toEqual(accepted);
    expect([limit.signals.length, requests.length]).toEqual([3, 3]);
  });

  it("needs leave to send once more what met a connection that had died", async () => {
    const limit = new ToldLimit();
    let seen = 0;
    const server = createServer((socket) => {
      socket.on("error", () => {});
      // The first connection is kept for two requests, and dead for the second of them.
      socket.on("data", () =>
        ++seen === 2 ? socket.resetAndDestroy() : socket.write("HTTP/1.1 204 No Content\r\n\r\n"),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const endpoint = new HttpsEndpoint({ url, secrets: [secret], triesMax: 1, rateLimit: limit });
    closing.push(
      () => server.close(),
      () => endpoint.close(),
    );
    expect([await endpoint.post(message), await endpoint.post(message)]).toEqual([accepted, accepted]);
    expect([limit.signals.length, seen]).toEqual([3, 3]);
  });

  it("sends nothing without leave, says why, and doesn't ask again", async () => {
    const limit = new ToldLimit(() => withheld);
    const { endpoint, requests } = await limited(limit);
    expect(await endpoint.post(message)).toEqual(withheldOutcome);
    expect([limit.signals.length, requests.length]).toEqual([1, 0]);
  });

  it("says so too where leave is withheld between two tries", async () => {
    const { endpoint, requests } = await limited(new ToldLimit((nth) => (nth === 1 ? granted : withheld)), () => ({
      status: 500,
    }));
    expect(await endpoint.post(message)).toEqual(withheldOutcome);
    expect(requests).toHaveLength(1);
  });

  it("may wait for leave for longer than a request may take", async () => {
    const late = () => new Promise<Leave>((resolve) => setTimeout(resolve, 600, granted));
    const { endpoint, requests } = await limited(new ToldLimit(late), () => ({ delayMs: 20 }), { tryTimeout: 500 });
    expect(await endpoint.post(message)).toEqual(accepted);
    expect(requests).toHaveLength(1);
  });

  it("signs by the time when it has leave", async () => {
    const limit = new ToldLimit(() => {
      time.ms += 5_000;
      return granted;
    });
    const { endpoint, requests, time } = await limited(limit);
    const asked = time.ms;
    await endpoint.post(message);
    expect(Number(requests[0]?.headers["webhook-timestamp"])).toBe(asked / 1_000 + 5);
  });

  it("ends at once when the signal fires that it hands to the limit, and sends nothing once there is leave", async () => {
    const { promise, resolve } = Promise.withResolvers<Leave>();
    const limit = new ToldLimit(() => promise);
    const { endpoint, requests } = await limited(limit);
    const controller = new AbortController();
    const posted = endpoint.post(message, controller.signal);
    controller.abort();
    expect(await posted).toEqual({ kind: "unavailable", reason: "cut short by this side" });
    expect(limit.signals).toEqual([controller.signal]);
    resolve(granted);
    await new Promise((done) => setTimeout(done, 20));
    expect(requests).toEqual([]);
  });

  it("that is closed asks for no leave, and doesn't use what was asked for before", async () => {
    const { promise, resolve } = Promise.withResolvers<Leave>();
    const limit = new ToldLimit(() => promise);
    const { endpoint, requests } = await limited(limit);
    const posted = endpoint.post(message);
    endpoint.close();
    resolve(granted);
    expect(await posted).toMatchObject({ kind: "unavailable" });
    expect(await endpoint.post(message)).toMatchObject({ kind: "unavailable" });
    expect([limit.signals.length, requests.length]).toEqual([1, 0]);
  });
});

describe("leave that is withheld", () => {
  const settings = { triesMax: 1, failuresMax: 2, restFor: 10_000 };
  const resting = {
    kind: "unavailable",
    reason: "left alone after 2 failures in a row, the last: status 500",
    retryAfter: 10_000,
  };

  it("is no failure of the endpoint, which is not left alone for it", async () => {
    const limit = new ToldLimit((nth) => (nth <= 5 ? withheld : granted));
    const { endpoint } = await limited(limit, undefined, settings);
    for (let post = 1; post <= 5; post++) expect(await endpoint.post(message)).toEqual(withheldOutcome);
    expect(await endpoint.post(message)).toEqual(accepted);
  });

  it("is no success either: failures before and after it are in a row", async () => {
    const limit = new ToldLimit((nth) => (nth === 2 ? withheld : granted));
    const { endpoint } = await limited(limit, () => ({ status: 500 }), settings);
    const outcomes = [];
    for (let post = 1; post <= 4; post++) outcomes.push(await endpoint.post(message));
    const failure = { kind: "unavailable", reason: "status 500" };
    expect(outcomes).toEqual([failure, withheldOutcome, failure, resting]);
  });

  it("is not asked for while an endpoint is left alone", async () => {
    const limit = new ToldLimit();
    const { endpoint } = await limited(limit, () => ({ status: 500 }), settings);
    for (let post = 1; post <= 2; post++) await endpoint.post(message);
    expect(await endpoint.post(message)).toEqual(resting);
    expect(limit.signals).toHaveLength(2);
  });

  it("from the try that decides leaves the decision to the next one, without another rest", async () => {
    const limit = new ToldLimit((nth) => (nth === 3 ? withheld : granted));
    const { endpoint, time } = await limited(limit, (number) => (number <= 2 ? { status: 500 } : undefined), settings);
    for (let post = 1; post <= 2; post++) await endpoint.post(message);
    time.ms += 10_000;
    expect(await endpoint.post(message)).toEqual(withheldOutcome);
    expect(await endpoint.post(message)).toEqual(accepted);
    expect(await endpoint.post(message)).toEqual(accepted);
  });
});
