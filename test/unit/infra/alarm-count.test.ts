import { describe, expect, it } from "vitest";
import { alarmCount } from "../../../infra/cost/model.ts";
import { readSystem } from "../../../shared/settings/system.ts";
import { resourcesOf, stacksOf } from "./stacks-of.ts";

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
    for (const mode of ["onDemand", "provisioned"]) {
      const deployment = { ...settings, pollers: { mode } };
      const alarms = resourcesOf(stacksOf(deployment).watch, "AWS::CloudWatch::Alarm");
      expect(alarmCount(readSystem(deployment))).toBe(alarms.length);
    }
  });
});
