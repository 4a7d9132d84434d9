import { createHash, createHmac } from "node:crypto";
import type { WallTimeMs } from "../../core/units.ts";

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

export interface MskIamTokenRequest {
  readonly region: string;
  readonly credentials: AwsCredentials;
  readonly now: WallTimeMs;
  /** What CloudTrail shows of who asked. Not signed. */
  readonly userAgent?: string;
}

const service = "kafka-cluster";
/** How long a token opens new connections: what AWS's own signers ask for. */
const lifetimeSeconds = 900;

/**
 * The token by which MSK knows an AWS role, for SASL/OAUTHBEARER: a presigned URL of the action `kafka-cluster:Connect` (Signature
 * Version 4), in base64url. It is a secret for as long as it lives: 900 s, or what is left of the credentials if that is less.
 * @see https://github.com/aws/aws-msk-iam-sasl-signer-js
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function mskIamToken({ region, credentials, now, userAgent = "tidemark" }: MskIamTokenRequest): string {
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = credentials;
  const host = `kafka.${region}.amazonaws.com`;
  const dateTime = new Date(now).toISOString().replace(/[-:]|\.\d+/g, "");
  const date = dateTime.slice(0, 8);
  const scope = `${date}/${region}/${service}/aws4_request`;
  const secondsLeft = expiration ? Math.floor((expiration.getTime() - now) / 1_000) : lifetimeSeconds;
  const signed: Record<string, string> = {
    Action: `${service}:Connect`,
    "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
    "X-Amz-Credential": `${accessKeyId}/${scope}`,
    "X-Amz-Date": dateTime,
    "X-Amz-Expires": String(Math.min(secondsLeft, lifetimeSeconds)),
    ...(sessionToken && { "X-Amz-Security-Token": sessionToken }),
    "X-Amz-SignedHeaders": "host",
  };
  const request = ["GET", "/", queryText(signed), `host:${host}\n`, "host", sha256("")].join("\n");
  const toSign = ["AWS4-HMAC-SHA256", dateTime, scope, sha256(request)].join("\n");
  const key = [date, region, service, "aws4_request"].reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`);
  const query = queryText({ ...signed, "X-Amz-Signature": hmac(key, toSign).toString("hex"), "User-Agent": userAgent });
  return Buffer.from(`https://${host}/?${query}`).toString("base64url");
}

/** Sorted by name, as Signature Version 4 wants it. The names are all ASCII. */
function queryText(parameters: Readonly<Record<string, string>>): string {
  const sorted = Object.entries(parameters).sort(([a], [b]) => (a < b ? -1 : 1));
  return sorted.map(([name, value]) => `${name}=${percentEncoded(value)}`).join("&");
}

function percentEncoded(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
