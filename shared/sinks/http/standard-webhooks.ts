import { createHash, createHmac, createSecretKey, type KeyObject, timingSafeEqual } from "node:crypto";
import { StreamError } from "../../core/errors.ts";

/**
 * Signed webhooks as Standard Webhooks 1.0.0 describes them, symmetric scheme: HMAC-SHA256 over `id.timestamp.body`.
 *
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
const secretPrefix = "whsec_";
const secretBytesMin = 24;
const secretBytesMax = 64;
const idLengthMax = 512;

/** What is signed. `id`: the header's value, so as `webhookId` wrote it. `timestampSeconds`: when this try is sent, Unix seconds. */
export interface SignedContent {
  readonly id: string;
  readonly timestampSeconds: number;
  readonly body: string | Uint8Array;
}

/** The three headers as they came in, each missing or unchecked, and the exact bytes of the body. */
export interface ReceivedContent {
  readonly id: string | undefined;
  readonly timestamp: string | undefined;
  readonly signature: string | undefined;
  readonly body: string | Uint8Array;
}

export type Verdict = { readonly kind: "genuine" } | { readonly kind: "refused"; readonly reason: string };

/**
 * The key of a secret in the form `whsec_<base64 of 24 to 64 bytes>`. A KeyObject signs in 2 µs, a Buffer as the key takes 12.
 *
 * @throws {StreamError} fault `bug`: the secret has another form. The message says what is wrong and never holds the secret.
 */
export function webhookKey(secret: string): KeyObject {
  if (!secret.startsWith(secretPrefix)) throw malformedSecret(`it doesn't begin with ${secretPrefix}`);
  const encoded = secret.slice(secretPrefix.length);
  const bytes = Buffer.from(encoded, "base64");
  if (bytes.toString("base64") !== encoded) throw malformedSecret("what follows whsec_ is not padded standard base64");
  if (bytes.length < secretBytesMin || bytes.length > secretBytesMax)
    throw malformedSecret(`it has ${bytes.length} bytes`);
  return createSecretKey(bytes);
}

/**
 * The value of `webhook-id` for an id that may hold any text. The id's UTF-8 bytes; all but printable ASCII, and `%` and `.`, which the
 * spec keeps out of ids, as `%XX`: `decodeURIComponent` gives the id back. Where that is longer than 512 characters, `sha256:` and the
 * hexadecimal SHA-256 of the id's UTF-8 bytes. The same id always has the same value.
 */
export function webhookId(id: string): string {
  const encoded = /^[!-$&-\-/-~]*$/.test(id) ? id : percentEncode(id);
  return encoded.length <= idLengthMax ? encoded : `sha256:${createHash("sha256").update(id).digest("hex")}`;
}

/** The value of `webhook-signature`: one signature per key, in the order of the keys. While a secret is being replaced, both sign. */
export function sign(keys: readonly KeyObject[], content: SignedContent): string {
  return keys.map((key) => `v1,${signature(key, content)}`).join(" ");
}

/**
 * Whether one of the signatures was made with one of the keys, at most `toleranceSeconds` before or after `nowSeconds`.
 * Signatures of other schemes are passed over. Nothing here throws for what came in.
 */
export function verify(
  keys: readonly KeyObject[],
  { id, timestamp, signature: signatures, body }: ReceivedContent,
  { nowSeconds, toleranceSeconds = 300 }: { readonly nowSeconds: number; readonly toleranceSeconds?: number },
): Verdict {
  if (!id || !timestamp || !signatures) return refused("webhook-id, webhook-timestamp or webhook-signature is missing");
  if (!/^\d{1,12}$/.test(timestamp)) return refused("webhook-timestamp is not a whole number of seconds");
  const timestampSeconds = Number(timestamp);
  if (timestampSeconds < nowSeconds - toleranceSeconds) return refused("webhook-timestamp is too old");
  if (timestampSeconds > nowSeconds + toleranceSeconds) return refused("webhook-timestamp is in the future");
  // The header's own text is signed, so that no other way to write the same number passes for it.
  const expected = keys.map((key) => Buffer.from(`v1,${signature(key, { id, timestampSeconds: timestamp, body })}`));
  const given = signatures.split(" ").map((each) => Buffer.from(each));
  const genuine = given.some((one) =>
    expected.some((other) => one.length === other.length && timingSafeEqual(one, other)),
  );
  return genuine ? { kind: "genuine" } : refused("no signature matches");
}

function signature(
  key: KeyObject,
  {
    id,
    timestampSeconds,
    body,
  }: Omit<SignedContent, "timestampSeconds"> & { readonly timestampSeconds: number | string },
): string {
  return createHmac("sha256", key).update(`${id}.${timestampSeconds}.`).update(body).digest("base64");
}

function percentEncode(id: string): string {
  let encoded = "";
  for (const byte of Buffer.from(id)) {
    const plain = byte > 0x20 && byte < 0x7f && byte !== 0x25 && byte !== 0x2e;
    encoded += plain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return encoded;
}

function malformedSecret(what: string): StreamError {
  return new StreamError(
    "bug",
    `webhook secret: ${what}; expected ${secretPrefix} and base64 of ${secretBytesMin} to ${secretBytesMax} bytes`,
  );
}

function refused(reason: string): Verdict {
  return { kind: "refused", reason };
}
