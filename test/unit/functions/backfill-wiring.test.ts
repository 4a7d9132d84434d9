import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { mockClient } from "aws-sdk-client-mock";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { wire } from "../../../functions/backfill/wiring.ts";
import { StreamError } from "../../../shared/core/errors.ts";
import { enriched } from "../../support/clickhouse-outputs.ts";

const secrets = mockClient(SecretsManagerClient);
afterEach(() => {
  secrets.reset();
});
afterAll(() => {
  secrets.restore();
});

const pipelines = (...sinks: readonly string[]) => JSON.stringify({ engagement: { partitions: 3, sinks } });
const fine = {
  PIPELINES: pipelines("s3", "views"),
  ENTITIES_TABLE: "entities",
  PROGRESS_TABLE: "progress",
  OUTPUT_BUCKET: "bucket",
  POSTGRES_SECRET_ARN: "arn:of:the:database",
};
const rds = {
  ...{ engine: "postgres", host: "db.example.com", port: 5432, dbname: "media" },
  ...{ username: "reader", password: "hid/den@:?" },
};
const tablesAt = (secret: unknown) => {
  const SecretString = typeof secret === "string" ? secret : JSON.stringify(secret);
  secrets.on(GetSecretValueCommand, { SecretId: fine.POSTGRES_SECRET_ARN }).resolves({ SecretString });
};

async function refusal(variables: Readonly<Record<string, string | undefined>>): Promise<string> {
  const error: unknown = await wire(variables).then(
    () => new Error("it was wired"),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(StreamError);
  expect((error as StreamError).message).not.toMatch(/hid|den@/);
  return (error as StreamError).message;
}

/** What the tables say where nobody listens: it names the server that was asked. */
async function askedServer(variables: Readonly<Record<string, string | undefined>>): Promise<string> {
  const { rows, close } = await wire(variables);
  const said = await rows.count({ start: 0, end: 1 }).catch((error: Error) => error.message);
  await close();
  return String(said);
}

describe("the wiring of the backfill function", () => {
  it("takes the settings of engagement, and no other pipeline's", async () => {
    tablesAt(rds);
    const both = JSON.stringify({ ...JSON.parse(fine.PIPELINES), purchases: { partitions: 2 } });
    const { settings, close } = await wire({ ...fine, PIPELINES: both });
    expect(settings).toMatchObject({ partitions: 3, sinks: ["s3", "views"], outputTopic: "events-enriched" });
    await close();
  });

  it.each([
    ["JSON as RDS writes it", { ...rds, host: "127.0.0.1", port: 1 }],
    ["JSON whose port is text", { ...rds, host: "127.0.0.1", port: "1" }],
    ["a URL", "postgres://reader:hidden@127.0.0.1:1/media\n"],
  ])("finds its tables by a secret that holds %s", async (_, secret) => {
    tablesAt(secret);
    expect(await askedServer(fine)).toContain("Postgres 127.0.0.1:1/media: ");
  });

  it("finds them by POSTGRES_URL in a shell, and then asks for no secret", async () => {
    const { POSTGRES_SECRET_ARN: _, ...rest } = fine;
    const POSTGRES_URL = "postgres://reader:hidden@127.0.0.1:2/media";
    expect(await askedServer({ ...rest, POSTGRES_URL })).toContain("Postgres 127.0.0.1:2/media: ");
    expect(await askedServer({ ...fine, POSTGRES_URL })).toContain("Postgres 127.0.0.1:2/media: ");
    expect(secrets.calls()).toEqual([]);
  });

  it.each<[what: string, secret: unknown, says: string]>([
    ["no host", { ...rds, host: undefined }, "it has no host"],
    ["no database", { ...rds, dbname: undefined }, "it has no dbname"],
    ["no password", { ...rds, password: "" }, "it has no password"],
    ["no number as port", { ...rds, port: "hidden" }, "its port is no number"],
    ["half of its JSON", '{"username":"hidden', "it begins with { and is no JSON object"],
    ["neither JSON nor a URL", "hidden", "Postgres URL: expected postgres://"],
  ])("refuses a secret that holds %s, and shows nothing of it", async (_, secret, says) => {
    tablesAt(secret);
    expect(await refusal(fine)).toContain(`environment: the secret of POSTGRES_SECRET_ARN can't be used: ${says}`);
  });

  it("refuses a POSTGRES_URL that is none, and shows nothing of it", async () => {
    expect(await refusal({ ...fine, POSTGRES_URL: "mysql://me:hidden@db.example.com/media" })).toContain(
      "environment: POSTGRES_URL: Postgres URL: expected postgres://",
    );
  });

  it("names everything that is missing at once, with what each sink of the pipeline needs", async () => {
    const always = ["ENTITIES_TABLE", "PROGRESS_TABLE", "OUTPUT_BUCKET", "POSTGRES_SECRET_ARN"];
    const missing = (names: readonly string[]) => new Set(names.map((name) => `${name} is missing`));
    const told = async (...sinks: readonly string[]) => {
      const message = await refusal({ PIPELINES: pipelines(...sinks) });
      return new Set(message.replace("environment: ", "").split("; "));
    };
    expect(await told("s3", "views")).toEqual(missing(always));
    expect(await told("s3", "kafka", "clickhouse", "redis")).toEqual(
      missing([
        ...always,
        ...["KAFKA_BROKERS", "KAFKA_AUTH", "REDIS_URL"],
        ...["CLICKHOUSE_URL", "CLICKHOUSE_SECRET_ARN", "CLICKHOUSE_DATABASE", "CLICKHOUSE_TABLE"],
      ]),
    );
    const ofEndpoint = ["URL", "SECRET_ARN", "BATCH_MAX", "TIMEOUT_MS", "STATUS_ERROR_IS_FAILURE"];
    expect(await told("http")).toEqual(missing([...always, ...ofEndpoint.map((name) => `ENDPOINT_${name}`)]));
  });

  it("refuses pipelines without engagement", async () => {
    expect(await refusal({ ...fine, PIPELINES: '{"purchases":{"partitions":3}}' })).toBe(
      "environment: PIPELINES has no engagement, the pipeline that is backfilled",
    );
  });
});

describe("the sinks of a backfill", () => {
  const signing = `whsec_${Buffer.alloc(24, "s").toString("base64")}`;
  const all = {
    ...fine,
    PIPELINES: pipelines("s3", "http", "kafka", "clickhouse", "redis"),
    ENDPOINT_URL: "https://example.com/hook",
    ENDPOINT_SECRET_ARN: "arn:of:the:endpoint",
    ENDPOINT_BATCH_MAX: "100",
    ENDPOINT_TIMEOUT_MS: "2000",
    ENDPOINT_STATUS_ERROR_IS_FAILURE: "false",
    KAFKA_BROKERS: "localhost:9092",
    KAFKA_AUTH: "none",
    CLICKHOUSE_URL: "https://clickhouse.example.com:8443",
    CLICKHOUSE_SECRET_ARN: "arn:of:the:login",
    CLICKHOUSE_DATABASE: "engagement",
    CLICKHOUSE_TABLE: "events_enriched",
    REDIS_URL: "rediss://cache.example.com",
    REDIS_SECRET_ARN: "arn:of:the:password",
  };
  const asked = () => secrets.commandCalls(GetSecretValueCommand).map(({ args }) => args[0].input.SecretId);
  const withSecrets = () => {
    tablesAt(rds);
    const told = { endpoint: signing, login: '{"username":"u","password":"hidden"}', password: "hidden" };
    for (const [name, SecretString] of Object.entries(told)) {
      secrets.on(GetSecretValueCommand, { SecretId: `arn:of:the:${name}` }).resolves({ SecretString });
    }
  };

  it("are opened when they are asked for, and read their secrets then", async () => {
    withSecrets();
    const { openSink, close } = await wire(all);
    expect(asked()).toEqual(["arn:of:the:database"]);
    expect(await openSink("http")).toMatchObject({ name: "http", batchMax: 100 });
    expect(await openSink("kafka")).toMatchObject({ name: "kafka" });
    expect(await openSink("clickhouse")).toMatchObject({ name: "clickhouse" });
    expect(await openSink("redis")).toMatchObject({ name: "redis" });
    expect(asked().slice(1)).toEqual(["arn:of:the:endpoint", "arn:of:the:login", "arn:of:the:password"]);
    await close();
  });

  it("are opened once, however often a backfill is run", async () => {
    withSecrets();
    const { openSink, close } = await wire(all);
    expect(await openSink("redis")).toBe(await openSink("redis"));
    expect(asked()).toEqual(["arn:of:the:database", "arn:of:the:password"]);
    await close();
  });

  it("are opened anew where they couldn't be", async () => {
    withSecrets();
    secrets
      .on(GetSecretValueCommand, { SecretId: "arn:of:the:password" })
      .rejectsOnce(new Error("throttled"))
      .resolves({ SecretString: "hidden" });
    const { openSink, close } = await wire(all);
    await expect(openSink("redis")).rejects.toThrow("throttled");
    expect(await openSink("redis")).toMatchObject({ name: "redis" });
    await close();
  });

  it("are closed with it", async () => {
    withSecrets();
    const { openSink, close } = await wire(all);
    const { message, ...output } = { ...enriched(), message: { id: "", topic: "", key: "", value: "", timestamp: 0 } };
    const sinks = [await openSink("clickhouse"), await openSink("redis"), await openSink("kafka")];
    await close();
    for (const sink of sinks) expect(await sink.send([{ output, message }])).toMatchObject({ kind: "unavailable" });
  });

  it("are none but the pipeline's", async () => {
    tablesAt(rds);
    const { openSink, close } = await wire(fine);
    await expect(openSink("http")).rejects.toThrow("the sink http isn't among those of this deployment");
    await close();
  });
});
