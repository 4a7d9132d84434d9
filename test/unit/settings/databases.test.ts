import { describe, expect, expectTypeOf, it } from "vitest";
import type { SettingDefinition } from "../../../shared/settings/definition.ts";
import { type Deployment, readDeployment, readPipelines } from "../../../shared/settings/deployment.ts";
import { readValue } from "../../../shared/settings/read-value.ts";
import { serverUrl } from "../../../shared/sinks/clickhouse/server-url.ts";
import { insertQuery } from "../../../shared/sinks/clickhouse/table.ts";
import { redisAddress } from "../../../shared/sinks/redis/redis-address.ts";
import { problemsOf } from "./said-by.ts";

const arn = (name: string) => `arn:aws:secretsmanager:eu-west-1:123456789012:secret:${name}-AbCdEf`;
const clickhouse = { url: "https://clickhouse.example.com:8443", secretArn: arn("clickhouse") };
const redis = { url: "rediss://cache.example.com:6379" };
const postgres = { secretArn: arn("media") };

const deploymentWith = (sinks: readonly string[], parts: object) => ({
  pipelines: { engagement: { partitions: 3, sinks } },
  ...parts,
});
const read = (sinks: readonly string[], parts: object) => readDeployment(deploymentWith(sinks, parts));
const problemsWith = (sinks: readonly string[], parts: object) => problemsOf(() => read(sinks, parts));

describe("the databases of a deployment", () => {
  it("are what is given, with the defaults of what isn't", () => {
    const { pipelines, kafka, ...parts } = read(["kafka", "clickhouse", "redis"], { clickhouse, redis, postgres });
    expect(pipelines.engagement?.sinks).toEqual(["kafka", "clickhouse", "redis"]);
    expect(parts).toStrictEqual({
      clickhouse: { ...clickhouse, database: "engagement", table: "events_enriched" },
      redis: { ...redis, secretArn: undefined, prefix: "" },
      postgres,
    });
  });

  it("have the names that are given", () => {
    const named = {
      clickhouse: { ...clickhouse, database: "media", table: "Events_2" },
      redis: { ...redis, secretArn: arn("redis"), prefix: "{tidemark}:" },
    };
    expect(read(["kafka", "clickhouse", "redis"], named)).toMatchObject(named);
  });

  it("are none, where none is given and none is a sink", () => {
    expect(Object.keys(read(["s3"], {}))).toEqual(["pipelines", "kafka"]);
  });

  it("may be given before they are sinks", () => {
    expect(problemsWith(["s3"], { clickhouse, redis, postgres })).toEqual([]);
  });

  it("have the types of what there always is, and of what may be missing", () => {
    // Checked by the compiler, not when this runs.
    type Group<G extends keyof Deployment> = NonNullable<Deployment[G]>;
    expectTypeOf<Group<"clickhouse">["secretArn"]>().toEqualTypeOf<string>();
    expectTypeOf<Group<"redis">["secretArn"]>().toEqualTypeOf<string | undefined>();
    expectTypeOf<Group<"postgres">["secretArn"]>().toEqualTypeOf<string>();
  });

  it.each<[sinks: readonly string[], problems: readonly string[]]>([
    [
      ["kafka", "clickhouse"],
      [
        "clickhouse is missing, but engagement has the sink clickhouse; give clickhouse.url and clickhouse.secretArn, or other sinks",
      ],
    ],
    [["kafka", "redis"], ["redis is missing, but engagement has the sink redis; give redis.url, or other sinks"]],
    [
      ["http", "kafka", "clickhouse", "redis"],
      [
        "endpoint is missing, but engagement has the sink http; give endpoint.url and endpoint.secretArn, or other sinks",
        "clickhouse is missing, but engagement has the sink clickhouse; give clickhouse.url and clickhouse.secretArn, or other sinks",
        "redis is missing, but engagement has the sink redis; give redis.url, or other sinks",
      ],
    ],
  ])("are missed where the sinks are %j", (sinks, problems) => {
    expect(problemsWith(sinks, {})).toEqual(problems);
  });

  it("are refused with all that is wrong at once", () => {
    const wrong = {
      clickhouse: { secretArn: "hidden", database: "a-b", table: "", tabel: "t" },
      redis: { url: "https://hidden.example.com", secretArn: 5, prefix: "a b" },
      postgres: {},
    };
    expect(problemsWith(["kafka", "clickhouse", "redis"], wrong)).toEqual([
      'clickhouse has no setting "tabel"; did you mean table?',
      "clickhouse.url is missing; give the https URL of the server",
      "clickhouse.secretArn takes the ARN of a secret, such as arn:aws:secretsmanager:eu-west-1:123456789012:secret:NAME",
      'clickhouse.database takes a name of at most 128 letters, digits and _, no digit first, not "a-b"',
      'clickhouse.table takes a name of at most 128 letters, digits and _, no digit first, not ""',
      "redis.url takes redis://HOST[:PORT][/DATABASE], or rediss:// for TLS",
      "redis.secretArn takes the ARN of a secret, such as arn:aws:secretsmanager:eu-west-1:123456789012:secret:NAME",
      'redis.prefix takes at most 64 visible ASCII characters, not "a b"',
      "postgres.secretArn is missing; give the ARN of the secret that says where the tables are",
    ]);
  });

  it.each([
    ["clickhouse", null, "clickhouse takes an object of settings, not null"],
    ["redis", "rediss://hidden", 'redis takes an object of settings, not "rediss://hidden"'],
    ["postgres", [], "postgres takes an object of settings, not a list"],
    ["postgress", {}, 'tidemark has no setting "postgress"; did you mean postgres?'],
  ])("are no %s that is %j", (group, value, problem) => {
    expect(problemsWith(["s3"], { [group]: value })).toEqual([problem]);
  });
});

describe("a pipeline that feeds databases", () => {
  it.each<[sinks: readonly string[], which: string]>([
    [["clickhouse"], "clickhouse, which is"],
    [["s3", "http", "views", "redis"], "redis, which is"],
    [["redis", "clickhouse"], "clickhouse and redis, which are"],
  ])("writes to the topic that they are fed from: %j alone are refused", (sinks, which) => {
    const endpoint = { url: "https://example.com/events", secretArn: arn("endpoint") };
    const says = `engagement.sinks has ${which} fed from the output topic, but nobody writes to that; add kafka`;
    expect(problemsWith(sinks, { endpoint, clickhouse, redis })).toEqual([says]);
    expect(problemsWith([...sinks, "kafka"], { endpoint, clickhouse, redis })).toEqual([]);
    expect(problemsOf(() => readPipelines(JSON.stringify(deploymentWith(sinks, {}).pipelines)))).toEqual([says]);
  });

  it("is engagement: the others have no such sinks", () => {
    const pipelines = { windows: { partitions: 3, sinks: ["kafka", "redis"] } };
    expect(problemsOf(() => readDeployment({ pipelines, redis }))).toEqual([
      'windows.sinks takes s3, http, kafka, not "redis"',
    ]);
  });
});

describe("a password for Redis", () => {
  it("goes over TLS only", () => {
    const plain = { url: "redis://cache.example.com" };
    expect(problemsWith(["s3"], { redis: plain })).toEqual([]);
    expect(problemsWith(["s3"], { redis: { ...redis, secretArn: arn("redis") } })).toEqual([]);
    expect(problemsWith(["s3"], { redis: { ...plain, secretArn: arn("redis") } })).toEqual([
      "redis.url is without TLS, and the password of redis.secretArn would go in plain text; use rediss://",
    ]);
  });
});

/** What is said of a value by its definition; nothing where it is taken. */
function saidOf(kind: "server" | "redis" | "identifier" | "prefix", given: unknown): readonly string[] {
  const definition = { kind, meaning: "", default: undefined } as unknown as SettingDefinition;
  const reading = readValue(definition, given);
  if (reading.kind === "wrong") return reading.says;
  expect(reading.value).toBe(given);
  return [];
}

describe("the HTTP interface of a server", () => {
  const form = "takes an https URL such as https://clickhouse.example.com:8443";

  it.each(["https://clickhouse.example.com:8443", "https://example.com/clickhouse/", "HTTPS://[::1]:8443"])(
    "may be %s, which the sink takes too",
    (url) => {
      expect(saidOf("server", url)).toEqual([]);
      expect(serverUrl(url, false).protocol).toBe("https:");
    },
  );

  it.each<[given: unknown, says: string]>([
    ["http://clickhouse.example.com:8123", form],
    ["clickhouse.example.com:8443", form],
    ["", form],
    [8443, form],
    [null, form],
    ["https://hidden:hidden@example.com", "takes a URL without user name and password: those are the secret's"],
    ["https://example.com?password=hidden", "takes a URL without query and fragment"],
    ["https://example.com#hidden", "takes a URL without query and fragment"],
  ])("can't be %j, and is never shown", (given, says) => {
    expect(saidOf("server", given)).toEqual([says]);
  });
});

describe("the URL of a Redis", () => {
  const form = "takes redis://HOST[:PORT][/DATABASE], or rediss:// for TLS";

  it.each(["redis://a", "rediss://cache.example.com:6380/15", "rediss://[::1]/0", "redis://10.0.0.1:1/"])(
    "may be %s, which the sink takes too",
    (url) => {
      expect(saidOf("redis", url)).toEqual([]);
      expect(redisAddress({ url, allowPlainTcp: true }).tls).toBe(url.startsWith("rediss:"));
    },
  );

  it.each<[given: unknown, says: string]>([
    ["cache.example.com:6379", form],
    ["https://cache.example.com", form],
    ["redis://", form],
    ["redis://:6379", form],
    ["redis://a:65536", form],
    ["redis://a/one", form],
    ["redis://a/1?password=hidden", form],
    ["redis://a#hidden", form],
    [" redis://a", form],
    ["redis://a\n", form],
    [6379, form],
    [undefined, form],
    ["redis://:hidden@a", "takes a URL without user name and password: those are the secret's"],
    ["redis://hidden@a", "takes a URL without user name and password: those are the secret's"],
  ])("can't be %j, and is never shown", (given, says) => {
    expect(saidOf("redis", given)).toEqual([says]);
  });
});

describe("the name of a database or table", () => {
  const form = "takes a name of at most 128 letters, digits and _, no digit first, not";

  it.each(["e", "_", "events_enriched", "Events2", "a".repeat(128)])("may be %s, which the sink takes too", (name) => {
    expect(saidOf("identifier", name)).toEqual([]);
    const columns = [{ name: "event_id", type: "int64", nullable: false }] as const;
    expect(insertQuery({ database: name, table: name, columns })).toContain(`\`${name}\`.\`${name}\``);
  });

  it.each<[given: unknown, shown: string]>([
    ["", '""'],
    ["2events", '"2events"'],
    ["a b", '"a b"'],
    ["a.b", '"a.b"'],
    ["a`b", '"a`b"'],
    ["é", '"é"'],
    ["a\n", '"a\\n"'],
    ["a".repeat(129), `"${"a".repeat(60)}…"`],
    [5, "5"],
    [null, "null"],
  ])("can't be %j", (given, shown) => {
    expect(saidOf("identifier", given)).toEqual([`${form} ${shown}`]);
  });
});

describe("the prefix of keys", () => {
  it.each(["", "{tidemark}:", "a", "~".repeat(64)])('may be "%s"', (prefix) => {
    expect(saidOf("prefix", prefix)).toEqual([]);
  });

  it.each<[given: unknown, shown: string]>([
    ["a b", '"a b"'],
    ["é", '"é"'],
    ["a\n", '"a\\n"'],
    ["a".repeat(65), `"${"a".repeat(60)}…"`],
    [undefined, "nothing"],
  ])("can't be %j", (given, shown) => {
    expect(saidOf("prefix", given)).toEqual([`takes at most 64 visible ASCII characters, not ${shown}`]);
  });
});
