import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import type { Endpoint } from "../../shared/ports/endpoint.ts";

/** How the other side behaves towards one try. `silence`: it never answers. `hang up`: without an answer, or in the middle of it. */
export type Behaviour =
  | { readonly status: number; readonly retryAfter?: string }
  | "garbage"
  | "silence"
  | "hang up"
  | "hang up in the answer";

/** An endpoint with its other side, where waits are short: tries end after at most a second, waits between tries after 50 ms. */
export interface OpenEndpoint {
  readonly endpoint: Endpoint;
  /** What arrived, try by try: the idempotency key as the other side sees it, and the body. */
  readonly seen: readonly { readonly id: string; readonly body: string }[];
  close(): Promise<void>;
}

export interface EndpointContract {
  readonly name: string;
  /** `behave`: towards the n-th try, from 1; `undefined` where it accepts. `down`: nothing listens. */
  open(behave: ((tryNumber: number) => Behaviour | undefined) | "down"): Promise<OpenEndpoint>;
}

const message = { id: "attribution:pv_1:1", body: '{"id":"attribution:pv_1:1","entity":"pv_1"}' };

/** What every `Endpoint` must do, whatever it is made of. */
export function endpointContract({ name, open }: EndpointContract): void {
  describe(`${name} keeps the contract of an endpoint`, () => {
    let opened: OpenEndpoint | undefined;
    const start = async (...args: Parameters<EndpointContract["open"]>) => {
      opened = await open(...args);
      return opened;
    };
    afterEach(async () => {
      await opened?.close();
      opened = undefined;
    });

    it("hands over what is posted, byte by byte, and says accepted", async () => {
      const { endpoint, seen } = await start(() => undefined);
      const body = '{"id":"x", "text":"naïve ✓ 🦀\\u0000", "n":1.0}';
      expect(await endpoint.post({ id: message.id, body })).toEqual({ kind: "accepted" });
      expect(seen).toEqual([{ id: message.id, body }]);
    });

    it("hands over in the order of the posts", async () => {
      const { endpoint, seen } = await start(() => undefined);
      const ids = Array.from({ length: 50 }, (_, index) => `attribution:pv_${index}:1`);
      for (const id of ids) await endpoint.post({ id, body: JSON.stringify({ id }) });
      expect(seen.map(({ id }) => id)).toEqual(ids);
    });

    it.each([[400], [401], [403], [404], [409], [410], [413], [422], [301], [307]])(
      "doesn't try again after a %i",
      async (status) => {
        const { endpoint, seen } = await start(() => ({ status }));
        expect(await endpoint.post(message)).toMatchObject({ kind: "refused", status });
        expect(seen).toHaveLength(1);
      },
    );

    it.each<[string, Behaviour]>([
      ["a 500", { status: 500 }],
      ["a 503", { status: 503 }],
      ["a 408", { status: 408 }],
      ["a 425", { status: 425 }],
      ["a 429", { status: 429, retryAfter: "0" }],
      ["garbage", "garbage"],
      ["a connection that is reset", "hang up"],
      ["a connection that is reset within the answer", "hang up in the answer"],
    ])("tries again after %s, with the same id and body", async (_, behaviour) => {
      const { endpoint, seen } = await start((tryNumber) => (tryNumber <= 2 ? behaviour : undefined));
      expect(await endpoint.post(message)).toEqual({ kind: "accepted" });
      expect(seen).toEqual([message, message, message]);
    });

    it.each<[string, Behaviour | "down"]>([
      ["answers 500", { status: 500 }],
      ["answers 429", { status: 429 }],
      ["answers garbage", "garbage"],
      ["hangs up", "hang up"],
      ["hangs up in the middle of its answers", "hang up in the answer"],
      ["never answers", "silence"],
      ["is down", "down"],
    ])("says unavailable, and doesn't throw, when the other side only ever %s", async (_, behaviour) => {
      const { endpoint } = await start(behaviour === "down" ? "down" : () => behaviour);
      const outcome = await endpoint.post(message);
      expect(outcome).toMatchObject({ kind: "unavailable", reason: expect.stringMatching(/./) });
    });

    it("says how long it was asked to wait when it doesn't wait itself", async () => {
      const { endpoint, seen } = await start(() => ({ status: 429, retryAfter: "3600" }));
      expect(await endpoint.post(message)).toMatchObject({ kind: "unavailable", retryAfter: 3_600_000 });
      expect(seen).toHaveLength(1);
    });

    it("ends at once when the signal fires", async () => {
      const { endpoint } = await start(() => "silence");
      const begun = performance.now();
      expect(await endpoint.post(message, AbortSignal.timeout(50))).toMatchObject({ kind: "unavailable" });
      expect(performance.now() - begun).toBeLessThan(500);
    });

    it("sends nothing when the signal has already fired", async () => {
      const { endpoint, seen } = await start(() => undefined);
      expect(await endpoint.post(message, AbortSignal.abort())).toMatchObject({ kind: "unavailable" });
      expect(seen).toEqual([]);
    });

    it("takes ids of any text, and keeps different ids apart", async () => {
      const { endpoint, seen } = await start(() => undefined);
      const odd = [
        "a\r\nwebhook-id: evil",
        "a b",
        "a%20b",
        "ü",
        "%C3%BC",
        "🦀",
        "a.b",
        "\u0000",
        "x".repeat(5_000),
        "x".repeat(5_001),
      ];
      const codePoint = fc.integer({ min: 0, max: 0x10ffff }).filter((code) => code < 0xd800 || code > 0xdfff);
      const codes = fc.sample(fc.array(codePoint, { minLength: 1 }), { numRuns: 100, seed: 7 });
      const random = codes.map((each) => String.fromCodePoint(...each));
      const ids = [...new Set([...odd, ...random])];
      for (const id of ids)
        expect(await endpoint.post({ id, body: JSON.stringify({ id }) })).toEqual({ kind: "accepted" });
      expect(new Set(seen.map(({ id }) => id)).size).toBe(ids.length);
      expect(seen.map(({ body }) => JSON.parse(body).id)).toEqual(ids);
    });
  });
}
