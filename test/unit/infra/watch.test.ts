import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { alarmsFor } from "../../../infra/watch/alarms.ts";
import { readSystem } from "../../../shared/settings/system.ts";
import { everything, withProvisioned } from "./settings.ts";
import { resourcesOf, stacksOf } from "./stacks-of.ts";

const { watch } = stacksOf({ ...everything, watch: { email: "ops@example.com" } });
const alarms = resourcesOf(watch, "AWS::CloudWatch::Alarm").map(({ Properties }) => Properties);
const named = (name: string) => alarms.find(({ AlarmName }) => AlarmName === `tidemark-${name}`);

describe("an alarm", () => {
  it("has a name of its own, goes to the topic, and again when all is well", () => {
    expect(new Set(alarms.map(({ AlarmName }) => AlarmName)).size).toBe(alarms.length);
    for (const { AlarmActions, OKActions, TreatMissingData } of alarms) {
      expect([AlarmActions, OKActions]).toEqual([[expect.anything()], [expect.anything()]]);
      expect(TreatMissingData).toBe("notBreaching");
    }
  });

  it("names a section of the runbook that is there, and each section has an alarm", () => {
    const runbook = readFileSync("docs/guide/runbook.md", "utf8");
    const sections = Array.from(runbook.matchAll(/^## (.+)$/gm), ([, title = ""]) =>
      title.toLowerCase().replaceAll(" ", "-"),
    );
    const linked = new Set(alarms.map(({ AlarmDescription }) => AlarmDescription.match(/runbook\.md#([a-z-]+)$/)?.[1]));
    expect([...linked].sort()).toEqual(sections.sort());
  });

  it("is there for each way in which something is lost, late or stuck", () => {
    expect(named("watermark-lag-attribution")).toMatchObject({
      ...{ Namespace: "tidemark", MetricName: "watermark_lag_ms", Statistic: "Maximum", Threshold: 1_800_000 },
      Dimensions: [{ Name: "pipeline", Value: "attribution" }],
    });
    expect(named("offset-lag-content")).toMatchObject({ MetricName: "OffsetLag", Threshold: 50_000 });
    expect(named("dropped-records-deliver-entities")).toMatchObject({
      ...{ MetricName: "DroppedEventCount", Threshold: 0, EvaluationPeriods: 1 },
    });
    expect(named("failed-invocations-publish-entities")).toMatchObject({ MetricName: "FailedInvokeEventCount" });
    expect(named("errors-attribution")).toMatchObject({ MetricName: "Errors", EvaluationPeriods: 3 });
    expect(named("iterator-age-deliver")).toMatchObject({ MetricName: "IteratorAge", Threshold: 900_000 });
    expect(named("dead-letters-engagement-clickhouse")).toMatchObject({
      Dimensions: [
        { Name: "pipeline", Value: "engagement" },
        { Name: "sink", Value: "clickhouse" },
      ],
    });
    expect(named("sink-down-http")).toMatchObject({ MetricName: "sink_failures_total", EvaluationPeriods: 3 });
    expect(named("near-timeout-api")).toMatchObject({ Threshold: 23_200, ExtendedStatistic: "p99" });
    expect(named("api-errors")).toMatchObject({ MetricName: "5xx" });
    expect(named("table-throttles-entities-WriteThrottleEvents")).toBeDefined();
  });

  it("is there for each mapping of a topic where its pollers count: provisioned ones do", () => {
    const counted = resourcesOf(stacksOf(withProvisioned).watch, "AWS::CloudWatch::Alarm").map(
      ({ Properties }) => Properties.AlarmName,
    );
    const names = ["dropped-records-attribution-ad_clicks", "failed-invocations-redis-events-enriched"];
    for (const name of names) {
      expect(counted).toContain(`tidemark-${name}`);
      expect(named(name)).toBeUndefined();
    }
  });

  it("isn't there for what a deployment doesn't have", () => {
    const system = readSystem({ pipelines: { purchases: { partitions: 1, sinks: ["s3"] } } });
    const ids = alarmsFor({ system, mappings: [], tables: {}, apiId: undefined }).map(({ id }) => id);
    expect(ids).toEqual(["errors-purchases", "throttles-purchases", "near-timeout-purchases", "offset-lag-purchases"]);
  });
});

describe("the topic of alarms", () => {
  it("is encrypted, takes nothing in plain text, and sends mail to whoever is named", () => {
    const [topic] = resourcesOf(watch, "AWS::SNS::Topic");
    expect(topic?.Properties.KmsMasterKeyId).toBeDefined();
    const [subscription] = resourcesOf(watch, "AWS::SNS::Subscription");
    expect(subscription?.Properties).toMatchObject({ Protocol: "email", Endpoint: "ops@example.com" });
    const [policy] = resourcesOf(watch, "AWS::SNS::TopicPolicy");
    const [alarms, plain] = policy?.Properties.PolicyDocument.Statement ?? [];
    expect([alarms, plain]).toContainEqual(
      expect.objectContaining({
        Effect: "Allow",
        Principal: { Service: "cloudwatch.amazonaws.com" },
        Action: "sns:Publish",
      }),
    );
    expect(JSON.stringify([alarms, plain])).toContain('"aws:SecureTransport":"false"');
    expect(resourcesOf(stacksOf(everything).watch, "AWS::SNS::Subscription")).toEqual([]);
  });
});

describe("dashboards", () => {
  it("are one for each pipeline, or none", () => {
    const names = resourcesOf(watch, "AWS::CloudWatch::Dashboard").map(({ Properties }) => Properties.DashboardName);
    expect(names).toEqual(Object.keys(everything.pipelines).map((name) => `tidemark-${name}`));
    const plain = stacksOf({ ...everything, watch: { dashboards: false } });
    expect(resourcesOf(plain.watch, "AWS::CloudWatch::Dashboard")).toEqual([]);
  });
});
