import { BatchGetItemCommand, DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { mockClient } from "aws-sdk-client-mock";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { wire } from "../../../functions/deliver/wiring.ts";
import { type EndpointFault, LoopbackEndpoint } from "../../../localstack/endpoint/loopback-endpoint.ts";
import { StreamError } from "../../../shared/core/errors.ts";

const secrets = mockClient(SecretsManagerClient);
const tables = mockClient(DynamoDBClient);
afterEach(() => {
  secrets.reset();
  tables.reset();
});
afterAll(() => {
  secrets.restore();
  tables.restore();
});

const secret = `whsec_${Buffer.alloc(24, "s").toString("base64")}`;
const fine = {
  PIPELINES: JSON.stringify({ attribution: { partitions: 3 }, dedupe: { partitions: 3 } }),
  OUTPUT_BUCKET: "bucket",
  ENDPOINT_URL: "https://example.com/hook?token=hidden",
  ENDPOINT_SECRET_ARN: "arn:of:the:secret",
  ENDPOINT_BATCH_MAX: "100",
  ENDPOINT_TIMEOUT_MS: "2000",
  ENDPOINT_STATUS_ERROR_IS_FAILURE: "false",
  PROGRESS_TABLE: "progress",
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

describe("an endpoint as its variables say", () => {
  const message = { id: "attribution:pv_1:1", body: '{"id":"attribution:pv_1:1"}' };
  const accepted = { kind: "accepted" };
  let server: LoopbackEndpoint;
  let fault: EndpointFault | undefined;
  let requests = 0;

  beforeEach(async () => {
    requests = 0;
    secrets.on(GetSecretValueCommand).resolves({ SecretString: secret });
    server = await LoopbackEndpoint.start({
      ...{ secrets: [secret], onAccepted: async () => {} },
      fault: () => {
        requests++;
        return fault;
      },
    });
    return () => server.stop();
  });

  /** What comes of a message to an endpoint that does so each time. */
  const post = async (variables: Readonly<Record<string, string>>, behaviour?: EndpointFault) => {
    fault = behaviour;
    const { delivery } = await wire({ ...fine, ENDPOINT_URL: server.url, ...variables });
    return delivery.endpoint.post(message, AbortSignal.timeout(20_000));
  };

  it("cuts requests off after ENDPOINT_TIMEOUT_MS, and not before", async () => {
    const slow = { delayMs: 400 };
    const late = { kind: "unavailable", reason: "no answer within 100 ms" };
    expect(await post({ ENDPOINT_TIMEOUT_MS: "100" }, slow)).toEqual(late);
    expect(await post({ ENDPOINT_TIMEOUT_MS: "60000" }, slow)).toEqual(accepted);
  });

  it.each([
    ["true", "unavailable"],
    ["false", "accepted"],
  ])("takes a 200 that says error, with ENDPOINT_STATUS_ERROR_IS_FAILURE=%s, for %s", async (value, kind) => {
    const outcome = await post(
      { ENDPOINT_STATUS_ERROR_IS_FAILURE: value },
      { status: 200, body: '{"status":"error"}' },
    );
    expect(outcome).toMatchObject({ kind });
  });

  it("asks the progress table for leave, where there is an ENDPOINT_RATE_PER_SECOND", async () => {
    tables.on(BatchGetItemCommand).resolves({ Responses: { progress: [] } });
    tables.on(PutItemCommand).resolves({});
    expect(await post({ ENDPOINT_RATE_PER_SECOND: "50" })).toEqual(accepted);
    const [put] = tables.commandCalls(PutItemCommand).map(({ args }) => args[0].input);
    expect(put).toMatchObject({
      TableName: "progress",
      Item: { pk: { S: "rate|endpoint" }, sk: { S: "-" }, v: { N: "1" } },
    });
    const { at, next } = JSON.parse(put?.Item?.body?.S ?? "{}");
    expect(next - at).toBe(20);
  });

  it("sends nothing where that table can't be asked", async () => {
    tables.on(BatchGetItemCommand).rejects(new Error("not authorized"));
    const reason = "the rate limit can't be kept: not authorized";
    expect(await post({ ENDPOINT_RATE_PER_SECOND: "50" })).toEqual({ kind: "unavailable", reason });
    expect(requests).toBe(0);
  });

  it("has no limit without it, and asks no table", async () => {
    expect(await post({})).toEqual(accepted);
    expect(tables.calls()).toEqual([]);
  });

  it.each([
    ["ENDPOINT_RATE_PER_SECOND", "0", 'is "0", not a whole number from 1 to 100000'],
    ["ENDPOINT_RATE_PER_SECOND", "100001", 'is "100001", not a whole number from 1 to 100000'],
    ["ENDPOINT_TIMEOUT_MS", "99", 'is "99", not a whole number from 100 to 60000'],
    ["ENDPOINT_TIMEOUT_MS", "60001", 'is "60001", not a whole number from 100 to 60000'],
    ["ENDPOINT_STATUS_ERROR_IS_FAILURE", "yes", 'is "yes", not one of false, true'],
  ])("is refused where %s is %s", async (name, value, says) => {
    expect((await refusal({ ...fine, [name]: value })).message).toBe(`environment: ${name} ${says}`);
  });

  it.each([
    ["ENDPOINT_RATE_PER_SECOND", "1"],
    ["ENDPOINT_RATE_PER_SECOND", "100000"],
    ["ENDPOINT_TIMEOUT_MS", "100"],
    ["ENDPOINT_TIMEOUT_MS", "60000"],
  ])("is taken where %s is %s", async (name, value) => {
    expect((await wire({ ...fine, [name]: value })).pipelines).toHaveLength(1);
  });
});
