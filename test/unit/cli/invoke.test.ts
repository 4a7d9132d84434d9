import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it, vi } from "vitest";
import type { Trigger } from "../../../functions/function-row.ts";
import { functions } from "../../../functions/manifest.ts";
import { startWire } from "../../support/clickhouse-wire.ts";
import { redisServer, skipRedis } from "../../support/redis-server.ts";
import { runCli } from "../../support/run-cli.ts";
import { invokeHere } from "../../support/run-here.ts";

const root = mkdtempSync(join(tmpdir(), "tidemark-invoke-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** The sample events of a trigger. */
function samplesOf(trigger: Trigger): string[] {
  switch (trigger.kind) {
    case "msk":
      return trigger.topics.map((topic) => `msk-${topic.replace(/^.*\./, "").replaceAll("_", "-")}`);
    case "stream":
      return [`dynamodb-stream-${trigger.table}`];
    case "schedule":
      return ["schedule"];
    case "results":
    case "invoke":
      // They need a server: below.
      return [];
    case "http":
      return ["http-api-generate", "http-api-total", "http-api-content-last", "http-api-content-top"];
  }
}

const samples = functions.flatMap(({ name, triggers }) =>
  triggers.flatMap(samplesOf).map((sample) => ({ name, sample })),
);

const invoke = (name: string, sample: string, directory: string) =>
  invokeHere(name, `test/events/${sample}.json`, directory);

describe("every function of the manifest", () => {
  const directory = join(root, "all");

  it.each(samples)("$name takes its sample event $sample", async ({ name, sample }) => {
    const answer = await invoke(name, sample, directory);
    const fine = [
      { batchItemFailures: [] },
      { finals: expect.any(Object) },
      expect.objectContaining({ statusCode: 200 }),
    ];
    expect(fine).toContainEqual(answer);
  });
});

const linesOf = (...path: string[]) =>
  readFileSync(join(root, ...path), "utf8")
    .trimEnd()
    .split("\n");

it("state is kept between calls: the API answers with what was taken in before", async () => {
  const directory = join(root, "kept");
  await invoke("purchases", "msk-purchases", directory);
  const { body } = (await invoke("api", "http-api-total", directory)) as { body: string };
  expect(JSON.parse(body)).toEqual({ userId: "user_1", totalDebt: "100.00", currency: "USD" });
});

it("deliver and publish send what their event holds, publish to each pipeline's own topic", async () => {
  await invoke("deliver", "dynamodb-stream-entities", join(root, "sent"));
  await invoke("publish", "dynamodb-stream-entities", join(root, "sent"));
  const posted = linesOf("sent", "http", "deliveries.ndjson").map((line) => JSON.parse(line).id);
  const published = linesOf("sent", "topics", "attributed-page-views.ndjson").map(
    (line) => JSON.parse(line).headers[1],
  );
  expect(posted.length).toBeGreaterThan(0);
  expect(published).toEqual(posted.filter((id) => id.startsWith("attribution:")));
});

it("what the API produces stands in a record file", async () => {
  await invoke("api", "http-api-generate", join(root, "produced"));
  await invoke("api", "http-api-generate", join(root, "produced"));
  const records = linesOf("produced", "topics", "purchases.ndjson").map((line) => JSON.parse(line));
  expect(records.map(({ offset }) => offset)).toEqual(records.map((_, i) => i));
  expect(records.length).toBe(6);
});

it("a setting goes to the pipelines that have it, and one that none has is bad usage", async () => {
  const event = "test/events/schedule.json";
  const places = ["--state", join(root, "set", "state"), "--out", join(root, "set")];
  const known = await runCli("invoke", "finalize", event, ...places, "--set", "windowSize=1m");
  expect(known).toMatchObject({ code: 0, err: "" });
  const unknown = await runCli("invoke", "finalize", event, ...places, "--set", "dedupeRetention=1d");
  expect(unknown).toMatchObject({ code: 2, err: expect.stringContaining("has no setting") });
});

it("another number of partitions than the state has is bad usage", async () => {
  const places = ["--state", join(root, "partitions", "state"), "--out", join(root, "partitions")];
  const event = "test/events/msk-purchases.json";
  expect(await runCli("invoke", "purchases", event, ...places, "--partitions", "4")).toMatchObject({ code: 0 });
  const other = await runCli("invoke", "purchases", event, ...places, "--partitions", "5");
  expect(other).toMatchObject({ code: 2, err: expect.stringContaining("this state has 4 partitions, not 5") });
});

describe("a function that needs a server", () => {
  const done = { batchItemFailures: [] };

  /** What `tidemark invoke` does with the sample of a function, in an environment that has these variables too. */
  const invokeWith = async (name: string, directory: string, variables: Readonly<Record<string, string>> = {}) => {
    for (const [variable, value] of Object.entries(variables)) vi.stubEnv(variable, value);
    const places = ["--state", join(root, directory, "state"), "--out", join(root, directory)];
    const ended = await runCli("invoke", name, `test/events/${name}.json`, ...places);
    vi.unstubAllEnvs();
    return ended;
  };

  it.each([
    ["clickhouse", "CLICKHOUSE_URL"],
    ["redis", "REDIS_URL"],
    ["backfill", "POSTGRES_URL"],
  ])("is bad usage without one: %s names %s", async (name, variable) => {
    const { code, err } = await invokeWith(name, `no-${name}`, { [variable]: "" });
    expect({ code, lines: err.trimEnd().split("\n").length }).toEqual({ code: 2, lines: 1 });
    expect(err).toContain(`in the variable ${variable}`);
  });

  it("writes the results of its event to ClickHouse, and puts aside what is none", async () => {
    const server = await startWire();
    const login = { CLICKHOUSE_USER: "me", CLICKHOUSE_PASSWORD: "secret" };
    const { code, out, err } = await invokeWith("clickhouse", "clickhouse", { CLICKHOUSE_URL: server.url, ...login });
    await server.stop();
    expect({ code, err, answer: JSON.parse(out) }).toEqual({ code: 0, err: "", answer: done });
    const rows = server.requests.flatMap(({ body }) => body.trimEnd().split("\n")).map((row) => JSON.parse(row));
    const ids = rows.map(({ event_id, revision }) => `${event_id}:${revision}`);
    expect(ids.toSorted()).toEqual(["10:1", "12:1", "16:1", "3:1", "8:1", "8:2"]);
    const row16 = { content_id: 1, duration_ms: 7_000, engagement_seconds: 7, engagement_pct: 0.02 };
    expect(rows.find(({ event_id }) => event_id === 16)).toMatchObject(row16);
    expect(server.requests[0]?.headers.authorization).toBe(`Basic ${Buffer.from("me:secret").toString("base64")}`);
    const letters = globSync("**/*.json", { cwd: join(root, "clickhouse", "s3", "dead_letters") });
    expect(letters.toSorted()).toEqual([4, 5].map((at) => `clickhouse/unread/events-enriched-1-${at}.json`));
  });

  it("says which messages are to be sent again, where nobody listens: all from the first result on", async () => {
    const { code, out } = await invokeWith("redis", "no-server", { REDIS_URL: "redis://127.0.0.1:1" });
    const named = [0, 1].flatMap((partition) =>
      Array.from({ length: [4, 6][partition] ?? 0 }, (_, offset) => ({
        itemIdentifier: { partition: `events-enriched-${partition}`, offset },
      })),
    );
    expect({ code, answer: JSON.parse(out) }).toEqual({ code: 0, answer: { batchItemFailures: named } });
  });

  it.skipIf(skipRedis)(`counts events in Redis, each once${skipRedis ? ` (skipped: ${skipRedis})` : ""}`, async () => {
    const server = await redisServer();
    for (const _ of [1, 2]) {
      const { code, out, err } = await invokeWith("redis", "redis", { REDIS_URL: server.url, REDIS_PREFIX: "p:" });
      expect({ code, err, answer: JSON.parse(out) }).toEqual({ code: 0, err: "", answer: done });
    }
    expect(await server.client.mget("p:content:count:1", "p:content:count:4")).toEqual(["3", "2"]);
    await server.close();
  });
});
