import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { mockClient } from "aws-sdk-client-mock";
import { afterEach, describe, expect, it } from "vitest";
import { wire } from "../../../functions/deliver/wiring.ts";
import { StreamError } from "../../../shared/core/errors.ts";

const secrets = mockClient(SecretsManagerClient);
afterEach(() => void secrets.reset());

const secret = `whsec_${Buffer.alloc(24, "s").toString("base64")}`;
const fine = {
  PIPELINES: JSON.stringify({ attribution: { partitions: 3 }, dedupe: { partitions: 3 } }),
  OUTPUT_BUCKET: "bucket",
  ENDPOINT_URL: "https://example.com/hook?token=hidden",
  ENDPOINT_SECRET_ARN: "arn:of:the:secret",
  ENDPOINT_BATCH_MAX: "100",
};

async function refusal(variables: Readonly<Record<string, string>>): Promise<StreamError> {
  const error: unknown = await wire(variables).then(
    () => new Error("it was wired"),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(StreamError);
  return error as StreamError;
}

describe("the wiring of the deliver function", () => {
  it.each([
    ["one secret", secret],
    ["two secrets, while one takes over from the other", `${secret} ${secret}`],
    ["a secret with a line break behind it", `${secret}\n`],
  ])("takes %s, read once by its name", async (_, text) => {
    secrets.on(GetSecretValueCommand).resolves({ SecretString: text });
    const { delivery, pipelines } = await wire(fine);
    expect(delivery.settings.batchMax).toBe(100);
    expect(pipelines.map(({ name }) => name)).toEqual(["attribution"]);
    const asked = secrets.commandCalls(GetSecretValueCommand).map(({ args }) => args[0].input);
    expect(asked).toEqual([{ SecretId: "arn:of:the:secret" }]);
  });

  it("asks for no secret where a variable is missing or wrong", async () => {
    expect((await refusal({ ...fine, ENDPOINT_BATCH_MAX: "0" })).message).toContain('ENDPOINT_BATCH_MAX is "0"');
    expect(secrets.calls()).toEqual([]);
  });

  it.each(["example.com/hook", "http://example.com/hook"])("names ENDPOINT_URL where it is %s", async (url) => {
    secrets.on(GetSecretValueCommand).resolves({ SecretString: secret });
    const { fault, message } = await refusal({ ...fine, ENDPOINT_URL: url });
    expect(fault).toBe("bug");
    expect(message).toContain("ENDPOINT_URL");
  });

  it.each([
    ["nothing", {}],
    ["no whsec_", { SecretString: "password" }],
  ])("names ENDPOINT_SECRET_ARN where the secret holds %s, and shows nothing of it", async (_, answer) => {
    secrets.on(GetSecretValueCommand).resolves(answer);
    const { fault, message } = await refusal(fine);
    expect(fault).toBe("bug");
    expect(message).not.toMatch(/password|hidden/);
    expect(message).toContain("ENDPOINT_SECRET_ARN");
  });
});
