import { describe, expect, it } from "vitest";
import { alarmCount } from "../../../infra/cost/model.ts";
import { deployedFunctions } from "../../../infra/pipelines/deployed-functions.ts";
import { kafkaMappingsOf } from "../../../infra/pipelines/kafka-mapping.ts";
import { alarmsFor } from "../../../infra/watch/alarms.ts";
import { readSystem } from "../../../shared/settings/system.ts";

const endpoint = { url: "https://example.com", secretArn: "arn:aws:secretsmanager:eu-west-1:123456789012:secret:a" };
const redis = { url: "rediss://redis.example.com" };
const partitions = 6;

describe("the number of alarms that the cost model pays for", () => {
  it.each([
    ["one pipeline", { pipelines: { attribution: { partitions, sinks: ["s3"] } } }],
    ["a pipeline without event times", { pipelines: { purchases: { partitions } } }],
    [
      "a pipeline of two tables and many sinks",
      {
        ...{
          pipelines: { engagement: { partitions, sinks: ["s3", "http", "kafka", "redis", "views"] } },
          endpoint,
          redis,
        },
      },
    ],
    [
      "several pipelines",
      { pipelines: { dedupe: { partitions }, windows: { partitions }, conversions: { partitions } } },
    ],
  ])("is as many as are made for %s", (_, settings) => {
    const system = readSystem(settings);
    const mappings = deployedFunctions(system).flatMap((row) =>
      kafkaMappingsOf(row, system).map(({ functionName, topic }) => ({ functionName, source: topic, uuid: "uuid" })),
    );
    const tables = { entities: "entities", progress: "progress" };
    const hasApi = deployedFunctions(system).some(({ name }) => name === "api");
    const alarms = alarmsFor({ system, mappings, tables, apiId: hasApi ? "api" : undefined });
    expect(alarmCount(system)).toBe(alarms.length);
  });
});
