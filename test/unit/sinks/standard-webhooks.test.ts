import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sign, verify, webhookId, webhookKey } from "../../../shared/sinks/http/standard-webhooks.ts";

/** The vector that the spec's own libraries are tested with (standard-webhooks/libraries). */
const published = {
  secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
  id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
  timestampSeconds: 1_614_265_330,
  body: '{"test": 2432232314}',
  signature: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
};
const key = webhookKey(published.secret);
const otherKey = webhookKey("whsec_plJ3nmyCDGBKInavdOK15jslplJ3nmyCDGBKInavdOK15jsl");
const received = {
  id: published.id,
  timestamp: String(published.timestampSeconds),
  signature: published.signature,
  body: published.body,
};
const now = { nowSeconds: published.timestampSeconds };
const genuine = { kind: "genuine" };
const refused = (reason: string) => ({ kind: "refused", reason });

describe("signing", () => {
  it("gives the published signature", () => {
    expect(sign([key], published)).toBe(published.signature);
  });

  it("signs text and its UTF-8 bytes alike", () => {
    const body = '{"title":"naïve ✓ 🦀"}';
    expect(sign([key], { ...published, body: Buffer.from(body) })).toBe(sign([key], { ...published, body }));
  });

  it("signs with every key while a secret is being replaced", () => {
    const [first, second, ...more] = sign([otherKey, key], published).split(" ");
    expect([first, second, more]).toEqual([sign([otherKey], published), published.signature, []]);
  });
});

describe("verifying", () => {
  it("takes the published signature for genuine", () => {
    expect(verify([key], received, now)).toEqual(genuine);
  });

  it.each([
    ["another body", { body: '{"test": 2432232315}' }],
    ["another id", { id: "msg_p5jXN8AQM9LWM0D4loKWxJel" }],
    ["another timestamp", { timestamp: String(published.timestampSeconds + 1) }],
    ["another signature", { signature: published.signature.replace("g0h", "g0i") }],
    ["a signature cut short", { signature: published.signature.slice(0, -1) }],
    ["a signature of another scheme", { signature: published.signature.replace("v1,", "v1a,") }],
    ["the id and the timestamp parted elsewhere", { id: `${published.id}.1`, body: published.body.slice(1) }],
  ])("refuses %s", (_, change) => {
    expect(verify([key], { ...received, ...change }, now)).toEqual(refused("no signature matches"));
  });

  it.each([["id"], ["timestamp"], ["signature"]])("refuses a request without its %s", (name) => {
    const missing = refused("webhook-id, webhook-timestamp or webhook-signature is missing");
    expect(verify([key], { ...received, [name]: undefined }, now)).toEqual(missing);
    expect(verify([key], { ...received, [name]: "" }, now)).toEqual(missing);
  });

  it.each([["1614265330.0"], ["-1614265330"], [" 1614265330"], ["1e9"], ["NaN"], ["9".repeat(13)]])(
    "refuses %s as a timestamp",
    (timestamp) => {
      const verdict = verify([key], { ...received, timestamp }, now);
      expect(verdict).toEqual(refused("webhook-timestamp is not a whole number of seconds"));
    },
  );

  it("finds the good signature among others", () => {
    const signature = `v1a,xyz ${sign([otherKey], published)} ${published.signature}`;
    expect(verify([key], { ...received, signature }, now)).toEqual(genuine);
  });

  it("takes a signature by any of its keys, and by no other", () => {
    expect(verify([otherKey, key], received, now)).toEqual(genuine);
    expect(verify([otherKey], received, now)).toEqual(refused("no signature matches"));
    expect(verify([], received, now)).toEqual(refused("no signature matches"));
  });

  it.each([
    [-301, refused("webhook-timestamp is in the future")],
    [-300, genuine],
    [-299, genuine],
    [299, genuine],
    [300, genuine],
    [301, refused("webhook-timestamp is too old")],
  ])("judges a request that is %i s old by the default tolerance of 300 s", (age, verdict) => {
    expect(verify([key], received, { nowSeconds: published.timestampSeconds + age })).toEqual(verdict);
  });

  it.each([
    [10, genuine],
    [11, refused("webhook-timestamp is too old")],
    [-11, refused("webhook-timestamp is in the future")],
  ])("judges a request that is %i s old by a tolerance of 10 s", (age, verdict) => {
    const limits = { nowSeconds: published.timestampSeconds + age, toleranceSeconds: 10 };
    expect(verify([key], received, limits)).toEqual(verdict);
  });
});

describe("a secret", () => {
  const encoded = (bytes: number) => Buffer.alloc(bytes, 7).toString("base64");

  it.each([
    ["without its prefix", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "doesn't begin with whsec_"],
    ["empty", "", "doesn't begin with whsec_"],
    ["that is no base64", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2La!aSw", "not padded standard base64"],
    ["with a line break", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n", "not padded standard base64"],
    ["of 23 bytes", `whsec_${encoded(23)}`, "it has 23 bytes"],
    ["of 65 bytes", `whsec_${encoded(65)}`, "it has 65 bytes"],
    ["of no bytes", "whsec_", "it has 0 bytes"],
  ])("%s is refused without being printed", (_, secret, what) => {
    const refusal = (() => {
      try {
        return webhookKey(secret) && undefined;
      } catch (error) {
        return error as Error;
      }
    })();
    expect(refusal?.message).toContain(what);
    if (secret.length > 6) expect(`${refusal?.message} ${refusal?.stack}`).not.toContain(secret.slice(6, 30));
  });

  it.each([[24], [64]])("of %i bytes is good", (bytes) => {
    expect(webhookKey(`whsec_${encoded(bytes)}`).symmetricKeySize).toBe(bytes);
  });
});

describe("the id in the header", () => {
  it.each([
    ["attribution:pv_1:1", "attribution:pv_1:1"],
    ["attribution:a b:1", "attribution:a%20b:1"],
    ["a\r\nx-evil: 1", "a%0D%0Ax-evil:%201"],
    ["100%", "100%25"],
    ["~\u007f", "~%7F"],
    ["pv.1", "pv%2E1"],
    ["pv_ü🦀", "pv_%C3%BC%F0%9F%A6%80"],
  ])("of %j is %s", (id, value) => {
    expect(webhookId(id)).toBe(value);
  });

  it("is printable ASCII without a full stop for any text, and can be read back", () => {
    const codePoint = fc.integer({ min: 0, max: 0x10ffff }).filter((code) => code < 0xd800 || code > 0xdfff);
    fc.assert(
      fc.property(fc.array(codePoint), (codes) => {
        const id = String.fromCodePoint(...codes);
        expect(webhookId(id)).toMatch(/^[!-\-/-~]*$/);
        expect(decodeURIComponent(webhookId(id))).toBe(id);
      }),
    );
  });

  it("has 512 characters at most, and is a hash beyond that", () => {
    expect(webhookId("a".repeat(512))).toBe("a".repeat(512));
    expect(webhookId("a".repeat(513))).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(webhookId("ü".repeat(85))).toHaveLength(510);
    expect(webhookId("ü".repeat(86))).toMatch(/^sha256:/);
    expect(webhookId(`${"a".repeat(513)}b`)).not.toBe(webhookId(`${"a".repeat(513)}c`));
  });
});
