import { generateAuthTokenFromCredentialsProvider } from "aws-msk-iam-sasl-signer-js";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type AwsCredentials, mskIamToken } from "../../../shared/sinks/kafka/msk-iam-token.ts";

const now = Date.UTC(2026, 2, 1, 10, 5, 7, 890);
const role: AwsCredentials = {
  accessKeyId: "ASIAEXAMPLE",
  secretAccessKey: "wJalr/XUtn+FEMI=",
  sessionToken: "a/b+c==d e&f",
};
const user: AwsCredentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "s" };
const expiring = (ms: number): AwsCredentials => ({ ...role, expiration: new Date(now + ms) });

describe("a token for MSK", () => {
  beforeEach(() => {
    vi.useFakeTimers({ now, toFake: ["Date"] });
    return () => vi.useRealTimers();
  });

  it.each<[name: string, region: string, credentials: AwsCredentials]>([
    ["a role", "eu-central-1", role],
    ["a user, who has no session", "us-east-1", user],
    ["credentials that outlive it", "ap-southeast-2", expiring(901_000)],
    ["credentials that expire with it", "ap-southeast-2", expiring(900_000)],
    ["credentials that expire before it", "ap-southeast-2", expiring(899_000)],
    ["a region of a partition of its own", "us-gov-west-1", role],
  ])("is, for %s, the one that AWS's own signer makes", async (_, region, credentials) => {
    const awsCredentialsProvider = async () => credentials as Required<AwsCredentials>;
    const { token } = await generateAuthTokenFromCredentialsProvider({ region, awsCredentialsProvider });
    expect(mskIamToken({ region, credentials, now, userAgent: "aws-msk-iam-sasl-signer-js/1.0.3" })).toBe(token);
  });
});

describe("a token", () => {
  afterEach(() => void vi.useRealTimers());
  const shown = (credentials: AwsCredentials, at = now) => {
    const token = mskIamToken({ region: "eu-central-1", credentials, now: at });
    return new URL(Buffer.from(token, "base64url").toString()).searchParams;
  };

  it("holds no character that base64url doesn't have, nor the secret key", () => {
    const token = mskIamToken({ region: "eu-central-1", credentials: role, now });
    expect(token).toMatch(/^[\w-]+$/);
    expect(Buffer.from(token, "base64url").toString()).not.toContain(encodeURIComponent(role.secretAccessKey));
  });

  it("says who asks", () => {
    expect(shown(role).get("User-Agent")).toBe("tidemark");
  });

  it.each([
    [1_000, "1"],
    [899_999, "899"],
    [900_000, "900"],
    [3_600_000, "900"],
  ])("of credentials that live for %i ms more lives for %s s", (ms, seconds) => {
    expect(shown(expiring(ms)).get("X-Amz-Expires")).toBe(seconds);
  });

  it("is of the second that it is asked for", () => {
    const seconds = [0, 109, 110, 1_110].map((ms) => shown(role, now + ms).get("X-Amz-Date"));
    expect(seconds).toEqual(["20260301T100507Z", "20260301T100507Z", "20260301T100508Z", "20260301T100509Z"]);
  });
});
