import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { mockClient } from "aws-sdk-client-mock";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { wire as wireClickHouse } from "../../../functions/clickhouse/wiring.ts";
import { wire as wireRedis } from "../../../functions/redis/wiring.ts";
import { StreamError } from "../../../shared/core/errors.ts";
import type { ResultStore } from "../../../shared/ports/result-store.ts";
import { enriched, row16 } from "../../support/clickhouse-outputs.ts";
import { startWire } from "../../support/clickhouse-wire.ts";

const secrets = mockClient(SecretsManagerClient);
afterEach(() => {
  secrets.reset();
});
afterAll(() => {
  secrets.restore();
});

const asked = () => secrets.commandCalls(GetSecretValueCommand).map(({ args }) => args[0].input.SecretId);
const login = JSON.stringify({ username: "tidemark", password: "hidden" });

const clickHouse = {
  CLICKHOUSE_URL: "https://clickhouse.example.com:8443",
  CLICKHOUSE_SECRET_ARN: "arn:of:the:login",
  CLICKHOUSE_DATABASE: "engagement",
  CLICKHOUSE_TABLE: "events_enriched",
  OUTPUT_BUCKET: "bucket",
  BATCH_FAILURES: "report",
};
const redis = { REDIS_URL: "rediss://cache.example.com:6379/1", OUTPUT_BUCKET: "bucket", BATCH_FAILURES: "throw" };

type Wire = typeof wireClickHouse;

/** A TCP server that says OK to whatever it is asked, and notes it: a command in a line, its name in small letters. */
async function redisWire() {
  const commands: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("data", (bytes) => {
      for (const array of String(bytes)
        .split(/^\*\d+\r\n/m)
        .slice(1)) {
        const [name = "", ...rest] = Array.from(array.matchAll(/^\$\d+\r\n(.*)\r\n/gm), ([, text = ""]) => text);
        commands.push([name.toLowerCase(), ...rest].join(" "));
        socket.write("+OK\r\n");
      }
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  /** The script that a store calls for an event. On a machine that has much to do it may take more than one of its time limits. */
  const callOf = async (store: ResultStore) => {
    const call = () => commands.find((command) => command.startsWith("eval"));
    for (let tries = 0; tries < 10 && call() === undefined; tries++) await store.write([enriched()]);
    return call();
  };
  const stop = async () => {
    for (const socket of sockets) socket.destroy();
    await once(server.close(), "close");
  };
  return { url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`, commands, callOf, stop };
}

async function refusal(wire: Wire, variables: Readonly<Record<string, string | undefined>>): Promise<string> {
  const error: unknown = await wire(variables).then(
    () => new Error("it was wired"),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(StreamError);
  const { fault, message } = error as StreamError;
  expect(fault).toBe("bug");
  expect(message).not.toContain("hidden");
  return message;
}

describe("the wiring of the clickhouse function", () => {
  it("opens a table with the login of its secret, read once by its name", async () => {
    secrets.on(GetSecretValueCommand).resolves({ SecretString: login });
    const server = await startWire();
    const variables = { ...clickHouse, CLICKHOUSE_URL: server.url, CLICKHOUSE_DATABASE: "db", CLICKHOUSE_TABLE: "t" };
    const { store, failures } = await wireClickHouse(variables);
    expect(failures).toBe("report");
    expect(await store.write([enriched()])).toEqual({ kind: "accepted" });
    await server.stop();
    const [request] = server.requests;
    expect(request?.headers.authorization).toBe(`Basic ${Buffer.from("tidemark:hidden").toString("base64")}`);
    const columns = Object.keys(row16).map((name) => `\`${name}\``);
    expect(request?.parameters.query).toBe(`INSERT INTO \`db\`.\`t\` (${columns.join(", ")}) FORMAT JSONEachRow`);
    expect(JSON.parse(request?.body ?? "")).toEqual(row16);
    expect(asked()).toEqual(["arn:of:the:login"]);
  });

  it("names everything that is missing at once, and asks for no secret", async () => {
    const names = Object.keys(clickHouse).map((name) => `${name} is missing`);
    expect(await refusal(wireClickHouse, {})).toBe(`environment: ${names.join("; ")}`);
    expect(secrets.calls()).toEqual([]);
  });

  it.each([
    ["CLICKHOUSE_URL", "clickhouse.example.com", "CLICKHOUSE_URL: ClickHouse URL: expected https://HOST:PORT"],
    ["CLICKHOUSE_URL", "http://clickhouse.example.com:8123", "plain http is for loopback hosts only"],
    ["CLICKHOUSE_URL", "https://me:hidden@clickhouse.example.com", "they are settings"],
    ["CLICKHOUSE_DATABASE", "my-database", 'digit first, not "my-database"'],
    ["CLICKHOUSE_TABLE", "a`b", "CLICKHOUSE_TABLE: takes a name of at most 128 letters, digits and _, no digit first"],
    ["BATCH_FAILURES", "drop", 'BATCH_FAILURES is "drop", not one of report, throw'],
  ])("refuses %s=%s, and asks for no secret", async (name, value, says) => {
    const message = await refusal(wireClickHouse, { ...clickHouse, [name]: value });
    expect(message).toMatch(new RegExp(`^environment: ${name}`));
    expect(message).toContain(says);
    expect(secrets.calls()).toEqual([]);
  });

  it.each<[what: string, secret: string | undefined, says: string]>([
    ["nothing", undefined, 'it is not JSON such as {"username":…,"password":…}'],
    ["a password alone", "hidden", 'it is not JSON such as {"username":…,"password":…}'],
    ["JSON that ends too early", '{"username":"u","password":"hidden', "it begins with { and is no JSON object"],
    ["no user name", '{"password":"hidden"}', "it has no username"],
    ["no password", '{"username":"hidden"}', "it has no password"],
    ["an empty password", '{"username":"hidden","password":""}', "it has no password"],
    ["a password that is a number", '{"username":"hidden","password":5}', "it has no password"],
  ])("refuses a secret that holds %s, by the name of its variable, and shows nothing of it", async (_, text, says) => {
    secrets.on(GetSecretValueCommand).resolves(text === undefined ? {} : { SecretString: text });
    expect(await refusal(wireClickHouse, clickHouse)).toBe(
      `environment: the secret of CLICKHOUSE_SECRET_ARN can't be used: ${says}`,
    );
  });
});

describe("the wiring of the redis function", () => {
  it.each<[what: string, secret: string | undefined, commands: readonly string[]]>([
    ["nobody, where there is no secret", undefined, []],
    ["the user of its secret", login, ["auth tidemark hidden"]],
    ["the default user, where its secret has a password in JSON", '{"password":"hidden"}', ["auth hidden"]],
    ["the default user, where its secret is a password", "hidden", ["auth hidden"]],
    ["the same, with a line break behind it", "hidden\n", ["auth hidden"]],
  ])("opens a server as %s", async (_, secret, commands) => {
    secrets.on(GetSecretValueCommand).resolves(secret === undefined ? {} : { SecretString: secret });
    const server = await redisWire();
    const REDIS_SECRET_ARN = secret === undefined ? "" : "arn:of:the:login";
    const variables = { ...redis, REDIS_URL: `${server.url}/1`, REDIS_SECRET_ARN, REDIS_PREFIX: "{tidemark}:" };
    const { store, failures } = await wireRedis(variables);
    const call = await server.callOf(store);
    await server.stop();
    expect(failures).toBe("throw");
    expect(server.commands.slice(0, commands.length + 1)).toEqual([...commands, "select 1"]);
    expect(call).toContain(" {tidemark}:content:count:1 ");
    expect(asked()).toEqual(secret === undefined ? [] : ["arn:of:the:login"]);
  });

  it("needs no prefix", async () => {
    const server = await redisWire();
    const { store } = await wireRedis({ ...redis, REDIS_URL: server.url });
    const call = await server.callOf(store);
    await server.stop();
    expect(call).toContain(" content:count:1 ");
  });

  it("names everything that is missing at once", async () => {
    const names = ["REDIS_URL", "OUTPUT_BUCKET", "BATCH_FAILURES"].map((name) => `${name} is missing`);
    expect(await refusal(wireRedis, {})).toBe(`environment: ${names.join("; ")}`);
  });

  it.each([
    ["REDIS_URL", "cache.example.com:6379", "REDIS_URL: Redis URL: expected rediss://HOST[:PORT][/DATABASE]"],
    ["REDIS_URL", "https://hidden.example.com", "REDIS_URL: Redis URL: expected rediss://HOST[:PORT][/DATABASE]"],
    ["REDIS_PREFIX", "my keys:", 'REDIS_PREFIX: takes at most 64 visible ASCII characters, not "my keys:"'],
  ])("refuses %s=%s", async (name, value, says) => {
    expect(await refusal(wireRedis, { ...redis, [name]: value })).toBe(`environment: ${says}`);
  });

  it("sends no password in plain text, but to this machine", async () => {
    secrets.on(GetSecretValueCommand).resolves({ SecretString: "hidden" });
    const withSecret = (url: string) => ({ ...redis, REDIS_URL: url, REDIS_SECRET_ARN: "arn:of:the:login" });
    expect(await refusal(wireRedis, withSecret("redis://cache.example.com"))).toBe(
      "environment: REDIS_URL is without TLS, and the password of REDIS_SECRET_ARN would go in plain text; use rediss://",
    );
    expect(secrets.calls()).toEqual([]);
    for (const url of ["redis://127.0.0.1", "redis://[::1]:6380", "rediss://cache.example.com"]) {
      await wireRedis(withSecret(url));
    }
    await wireRedis({ ...redis, REDIS_URL: "redis://cache.example.com" });
    expect(asked()).toHaveLength(3);
  });

  it.each<[what: string, secret: string | undefined, says: string]>([
    ["nothing", undefined, "it is empty"],
    ["JSON without a password", '{"username":"hidden"}', "it has no password"],
    ["a list in braces", "{hidden", "it begins with { and is no JSON object"],
  ])("refuses a secret that holds %s, by the name of its variable, and shows nothing of it", async (_, text, says) => {
    secrets.on(GetSecretValueCommand).resolves(text === undefined ? {} : { SecretString: text });
    expect(await refusal(wireRedis, { ...redis, REDIS_SECRET_ARN: "arn:of:the:login" })).toBe(
      `environment: the secret of REDIS_SECRET_ARN can't be used: ${says}`,
    );
  });

  it("refuses a password that stands in the URL too", async () => {
    secrets.on(GetSecretValueCommand).resolves({ SecretString: "hidden" });
    const both = { ...redis, REDIS_URL: "rediss://:hidden@cache.example.com", REDIS_SECRET_ARN: "arn:of:the:login" };
    expect(await refusal(wireRedis, both)).toContain("the password is given in the URL and apart from it");
  });
});
