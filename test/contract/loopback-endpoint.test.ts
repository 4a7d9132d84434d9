import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import type { DeliveredOutput } from "../../localstack/endpoint/delivery.ts";
import { LoopbackEndpoint, type LoopbackEndpointOptions } from "../../localstack/endpoint/loopback-endpoint.ts";
import { sign, webhookKey } from "../../shared/sinks/http/standard-webhooks.ts";

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const now = Date.parse("2026-03-01T10:05:00Z");
const output = (entity: string) => ({
  id: `attribution:${entity}:1`,
  pipeline: "attribution",
  entity,
  revision: 1,
  final: false,
  body: {},
});

interface Posted {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

describe("the loopback endpoint", () => {
  let server: LoopbackEndpoint | undefined;
  let accepted: DeliveredOutput[][] = [];
  afterEach(async () => {
    await server?.stop();
    accepted = [];
  });

  const start = async (options: Partial<LoopbackEndpointOptions> = {}) => {
    const onAccepted = async (outputs: readonly DeliveredOutput[]) => void accepted.push([...outputs]);
    server = await LoopbackEndpoint.start({ secrets: [secret], onAccepted, clock: { now: () => now }, ...options });
    return server;
  };

  const signed = (body: string | Uint8Array, signedBy = secret) => {
    const timestampSeconds = now / 1_000;
    const signature = sign([webhookKey(signedBy)], { id: "a", timestampSeconds, body });
    return { "webhook-id": "a", "webhook-timestamp": timestampSeconds, "webhook-signature": signature };
  };

  const post = (
    body: string | Uint8Array,
    headers: Record<string, string | number> = signed(body),
    method = "POST",
  ) => {
    const { promise, resolve, reject } = Promise.withResolvers<Posted>();
    const request = httpRequest(server!.url, { method, headers }, async (response) => {
      const chunks: Buffer[] = await response.toArray();
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks).toString() });
    });
    request.on("error", reject).end(body);
    return promise;
  };

  it("hands over an object, or the objects of an array in their order", async () => {
    await start();
    expect((await post(JSON.stringify(output("pv_1")))).status).toBe(200);
    expect((await post(JSON.stringify([output("pv_3"), output("pv_2")]))).status).toBe(200);
    expect((await post("[]")).status).toBe(200);
    expect(accepted).toEqual([[output("pv_1")], [output("pv_3"), output("pv_2")], []]);
  });

  it.each([
    ["without a signature", () => ({})],
    [
      "signed with another secret",
      (body: string) => signed(body, "whsec_plJ3nmyCDGBKInavdOK15jslplJ3nmyCDGBKInavdOK15jsl"),
    ],
    ["signed for another body", () => signed("{}")],
    [
      "signed more than five minutes ago",
      (body: string) => ({ ...signed(body), "webhook-timestamp": now / 1_000 - 301 }),
    ],
  ])("answers 401 to a request %s", async (_, headers) => {
    await start();
    const body = JSON.stringify(output("pv_1"));
    expect((await post(body, headers(body))).status).toBe(401);
    expect(accepted).toEqual([]);
  });

  it.each([
    ["no JSON", "{", "the body is not valid JSON in UTF-8"],
    ["no UTF-8", Buffer.from([0x22, 0xff, 0x22]), "the body is not valid JSON in UTF-8"],
    ["nothing", "", "the body is not valid JSON in UTF-8"],
    ["no object", "1", 'output 0 of 1 is no object with a string "id"'],
    ["null", "null", 'output 0 of 1 is no object with a string "id"'],
    ["an output with a number for its id", '[{"id":"a"},{"id":7}]', 'output 1 of 2 is no object with a string "id"'],
    ["an output with an empty id", '{"id":""}', 'output 0 of 1 is no object with a string "id"'],
  ])("answers 400 to %s, and accepts no part of it", async (_, body, detail) => {
    await start();
    const answer = await post(body);
    expect(answer).toMatchObject({ status: 400, headers: { "content-type": "application/problem+json" } });
    expect(JSON.parse(answer.body)).toEqual({ type: "about:blank", status: 400, detail });
    expect(accepted).toEqual([]);
  });

  it("takes bodies up to 10 MB and answers 413 beyond", async () => {
    await start();
    const filler = 10 * 1024 * 1024 - JSON.stringify({ id: "a", body: "" }).length;
    expect((await post(JSON.stringify({ id: "a", body: "x".repeat(filler) }))).status).toBe(200);
    expect((await post(JSON.stringify({ id: "a", body: "x".repeat(filler + 1) }))).status).toBe(413);
    expect((await post(JSON.stringify({ id: "a", body: "x".repeat(2 * filler) }))).status).toBe(413);
    expect(accepted).toHaveLength(1);
  });

  it("answers 405 to anything but POST", async () => {
    await start();
    expect(await post("", {}, "PUT")).toMatchObject({ status: 405, headers: { allow: "POST" } });
  });

  it("answers 500 when the outputs couldn't be handed over, and goes on with the next request", async () => {
    let calls = 0;
    await start({
      onAccepted: async () => {
        calls += 1;
        if (calls === 1) throw new Error("disk full");
      },
    });
    const body = JSON.stringify(output("pv_1"));
    expect(await post(body)).toMatchObject({ status: 500, body: expect.stringContaining("disk full") });
    expect((await post(body)).status).toBe(200);
  });

  it("hands over one request at a time, and answers when that is done", async () => {
    const log: string[] = [];
    await start({
      onAccepted: async ([first]) => {
        log.push(`begin ${first?.entity}`);
        await sleep(5);
        log.push(`end ${first?.entity}`);
      },
    });
    const entities = ["pv_1", "pv_2", "pv_3", "pv_4"];
    await Promise.all(entities.map((entity) => post(JSON.stringify(output(entity)))));
    expect(log).toHaveLength(8);
    for (let at = 0; at < 8; at += 2) expect(log[at + 1]).toBe(log[at]?.replace("begin", "end"));
  });

  it("drops requests whose sender has hung up before their turn", async () => {
    await start({ fault: (number) => (number === 1 ? { delayMs: 100 } : undefined) });
    const body = JSON.stringify(output("pv_1"));
    const first = post(body);
    await sleep(10);
    const impatient = httpRequest(server!.url, { method: "POST", headers: signed(body) });
    impatient.on("error", () => {}).end(body);
    await sleep(10);
    impatient.destroy();
    await first;
    await post(JSON.stringify(output("pv_2")));
    expect(accepted).toEqual([[output("pv_1")], [output("pv_2")]]);
  });

  it("doesn't hand over what its sender no longer waits for", async () => {
    await start({ fault: (number) => (number === 1 ? { delayMs: 60_000 } : undefined) });
    const body = JSON.stringify(output("pv_1"));
    const impatient = httpRequest(server!.url, { method: "POST", headers: signed(body) });
    impatient.on("error", () => {}).end(body);
    await sleep(20);
    impatient.destroy();
    await post(JSON.stringify(output("pv_2")));
    expect(accepted).toEqual([[output("pv_2")]]);
  });

  it("waits, when it stops, for what is being handed over", async () => {
    let written = false;
    const onAccepted = async () => {
      await sleep(50);
      written = true;
    };
    await start({ onAccepted });
    const dropped = post(JSON.stringify(output("pv_1"))).catch(() => "dropped");
    await sleep(20);
    await server?.stop();
    server = undefined;
    expect(written).toBe(true);
    expect(await dropped).toBe("dropped");
  });

  it("stops at once, though an answer is delayed and a connection kept alive", async () => {
    await start({ fault: () => ({ delayMs: 60_000 }) });
    const dropped = post("{}").catch((error: Error) => error.message);
    await sleep(10);
    const begun = performance.now();
    await server?.stop();
    expect(performance.now() - begun).toBeLessThan(500);
    expect(await dropped).toMatch(/hang up|ECONNRESET/);
    server = undefined;
  });

  it("refuses to start on a port that is taken", async () => {
    const { url } = await start();
    const port = Number(new URL(url).port);
    const second = LoopbackEndpoint.start({ secrets: [secret], onAccepted: async () => {}, port });
    await expect(second).rejects.toThrow("EADDRINUSE");
  });
});
