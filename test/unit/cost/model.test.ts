import { describe, expect, it } from "vitest";
import { assumptions } from "../../../infra/cost/assumptions.ts";
import { type CostLine, monthlyCost, totalOf } from "../../../infra/cost/model.ts";
import { prices } from "../../../infra/cost/prices.ts";
import { exampleSystem } from "../../../infra/cost/report.ts";
import { readSystem, type System } from "../../../shared/settings/system.ts";

const month = 730 * 3_600;
const load = (recordsPerSecond: number, bytesPerRecord = 300) => ({ recordsPerSecond, bytesPerRecord });
const costOf = (system: System, perSecond: number, bytes?: number) => monthlyCost(system, load(perSecond, bytes));
/** What costs anything. */
const paid = (lines: readonly CostLine[]) =>
  Object.fromEntries(lines.filter(({ dollars }) => dollars > 0).map(({ what, dollars }) => [what, dollars]));
const dollarsFor = (lines: readonly CostLine[], what: string) => paid(lines)[what] ?? 0;

const existing = {
  cluster: { kind: "existing", arn: "arn:aws:kafka:eu-west-1:123456789012:cluster/shop/1a2b3c4d-1" },
};
const of = (pipelines: object, more: object = {}) => readSystem({ pipelines, ...existing, ...more });
const attribution = { attribution: { partitions: 6, sinks: ["s3"] } };

describe("a month in which nothing comes", () => {
  it("costs what is there by the hour, and next to nothing besides", () => {
    const lines = costOf(exampleSystem(), 0);
    const schedules = month / 300;
    // The rows of two topics and the closing, of six partitions.
    const reads = schedules * 18;
    expect(paid(lines)).toEqual({
      "DynamoDB: read units": expect.closeTo((reads * 0.125) / 1e6, 10),
      "Lambda: requests": expect.closeTo((schedules * 0.2) / 1e6, 10),
      "Lambda: time": expect.closeTo((schedules * 0.1 * 13.3334) / 1e6, 10),
      "X-Ray: traces": expect.closeTo((schedules * 5) / 1e6, 10),
      "Interface endpoints": expect.closeTo(2 * 3 * 730 * 0.01, 10),
      "KMS: key": 1,
      // Two functions and two tables, every five minutes.
      "KMS: requests": expect.closeTo((4 * 12 * 730 * 3) / 1e6, 10),
      "CloudWatch: logs": expect.closeTo((schedules * 700 * (0.5 + (30 / (730 / 24)) * 0.03)) / 1e9, 10),
      "CloudWatch: metrics": 0.3,
      "CloudWatch: alarms": expect.closeTo(1.5, 10),
      "CloudWatch: dashboards": 3,
      "MSK: brokers": expect.closeTo(3 * 730 * 0.0456, 10),
      "MSK: storage": expect.closeTo(3 * 50 * 0.1, 10),
    });
  });

  it("costs an hour of a poller unit where pollers are provisioned, and no endpoints", () => {
    const lines = costOf(of(attribution, { pollers: { mode: "provisioned" } }), 0);
    expect(dollarsFor(lines, "Event poller units")).toBeCloseTo(730 * 0.185, 10);
    expect(dollarsFor(lines, "Interface endpoints")).toBe(0);
  });

  it("costs secrets, NAT gateways and MSK Connect where settings have them", () => {
    const arn = (name: string) => `arn:aws:secretsmanager:eu-west-1:123456789012:secret:${name}`;
    const pipelines = { engagement: { partitions: 2, sinks: ["s3", "http", "kafka", "redis"] } };
    const system = readSystem({
      pipelines,
      endpoint: { url: "https://example.com", secretArn: arn("endpoint") },
      redis: { url: "rediss://redis.example.com", secretArn: arn("redis") },
      postgres: { secretArn: arn("redis") },
      network: { natGateways: 2 },
    });
    const lines = costOf(system, 0);
    expect(dollarsFor(lines, "Secrets")).toBeCloseTo(2 * 0.4, 10);
    expect(dollarsFor(lines, "NAT gateways")).toBeCloseTo(2 * 730 * 0.045, 10);
    // Lambda, STS and Secrets Manager.
    expect(dollarsFor(lines, "Interface endpoints")).toBeCloseTo(3 * 3 * 730 * 0.01, 10);
    expect(dollarsFor(lines, "MSK Connect: capture")).toBe(0);
    const capture = { host: "db.example.com", secretArn: arn("database") };
    const capturing = (more: object) =>
      dollarsFor(
        costOf(
          readSystem({ pipelines: { engagement: { partitions: 2, sinks: ["s3"] } }, capture: { ...capture, ...more } }),
          0,
        ),
        "MSK Connect: capture",
      );
    expect(capturing({})).toBe(0);
    expect(capturing({ pluginKey: "plugins/debezium.zip" })).toBeCloseTo(730 * 0.11, 10);
  });
});

describe("a month under load", () => {
  it("costs what was measured per record, at AWS's prices", () => {
    // 1,000/s over four partitions, as it was measured.
    const lines = costOf(of({ attribution: { partitions: 4, sinks: ["s3"] } }), 1_000);
    const records = 1_000 * month;
    const reads = records * 0.94 + (month / 300) * 12;
    expect(dollarsFor(lines, "DynamoDB: write units")).toBeCloseTo((records * 1.59 * 0.625) / 1e6, 6);
    expect(dollarsFor(lines, "DynamoDB: read units")).toBeCloseTo((reads * 0.125) / 1e6, 6);
    expect(dollarsFor(lines, "S3: objects")).toBeCloseTo((records * 0.0068 * 5) / 1e6, 6);
    expect(dollarsFor(lines, "S3: storage")).toBeCloseTo((records * 50 * 0.023) / 1e9, 6);
    const invocations = records / 83 + month / 30 + month / 300;
    expect(dollarsFor(lines, "Lambda: requests")).toBeCloseTo((invocations * 0.2) / 1e6, 6);
    const batchMs = 60 + 83 * (0.3 + 0.89 * 2);
    const gbSeconds = (records / 83) * (batchMs / 1_000) * 0.5 + (month / 30 + month / 300) * 0.5;
    expect(dollarsFor(lines, "Lambda: time")).toBeCloseTo((gbSeconds * 13.3334) / 1e6, 6);
    expect(dollarsFor(lines, "CloudWatch: metrics")).toBeCloseTo(12 * 0.3, 10);
    expect(dollarsFor(lines, "Interface endpoints: data")).toBeCloseTo((records * 550 * 0.01) / 1e9, 6);
  });

  it("counts the records of a pipeline with two functions once", () => {
    const lines = costOf(of({ engagement: { partitions: 4, sinks: ["s3"] } }), 1_000);
    const invocations = (1_000 * month) / 83 + month / 30 + month / 300;
    expect(dollarsFor(lines, "Lambda: requests")).toBeCloseTo((invocations * 0.2) / 1e6, 6);
  });

  it("costs never less at a higher rate", () => {
    const rates = [0, 0.1, 1, 3, 10, 30, 75, 150, 300, 1_000, 3_000, 6_000, 10_000, 100_000];
    for (const name of ["attribution", "conversions", "dedupe", "windows", "engagement", "purchases"]) {
      const system = of({ [name]: { partitions: 6, sinks: ["s3"] } });
      const totals = rates.map((rate) => totalOf(costOf(system, rate)));
      expect(totals, name).toEqual(totals.toSorted((a, b) => a - b));
    }
  });

  it("costs as much as its parts", () => {
    const lines = costOf(exampleSystem(), 1_000);
    const parts = [totalOf(lines, "tidemark"), totalOf(lines, "cluster")];
    expect(totalOf(lines)).toBeCloseTo((parts[0] ?? 0) + (parts[1] ?? 0), 6);
    expect(totalOf(lines)).toBeCloseTo(
      lines.reduce((sum, { dollars }) => sum + dollars, 0),
      6,
    );
  });

  it("costs storage for what is kept: ids for their retention, windows for theirs, facts for ever", () => {
    const storage = (pipelines: object, rate: number) =>
      dollarsFor(costOf(of(pipelines), rate), "DynamoDB: storage and recovery");
    const perGb = 0.25 + 0.2;
    const week = 7 * 24 * 3_600;
    const dedupe = { partitions: 1, sinks: ["s3"] };
    expect(storage({ dedupe }, 100)).toBeCloseTo((100 * week * 300 * perGb) / 1e9, 6);
    expect(storage({ dedupe: { ...dedupe, dedupeRetention: "1d" } }, 100)).toBeCloseTo(
      (100 * week * 300 * perGb) / 7 / 1e9,
      6,
    );
    expect(storage({ purchases: { partitions: 1 } }, 100)).toBeCloseTo((100 * month * 300 * perGb) / 2 / 1e9, 6);
    // No more windows at a time than there are users.
    const windows = { partitions: 1, sinks: ["s3"] };
    expect(storage({ windows }, 1_000)).toBeCloseTo(((20_000 / 300) * 2 * week * 600 * perGb) / 1e9, 6);
    expect(storage({ windows }, 10)).toBeCloseTo((10 * 2 * week * 600 * perGb) / 1e9, 6);
  });

  it("costs functions that send where there are sinks", () => {
    const requests = (sinks: readonly string[]) => {
      const endpoint = {
        url: "https://example.com",
        secretArn: "arn:aws:secretsmanager:eu-west-1:123456789012:secret:a",
      };
      const network = {
        vpcId: "vpc-0123456789abcdef0",
        subnetIds: ["subnet-0123456789abcdef0"],
        securityGroupIds: ["sg-0123456789abcdef0"],
      };
      const system = of(
        { attribution: { partitions: 6, sinks } },
        { endpoint, cluster: { ...existing.cluster, ...network } },
      );
      return dollarsFor(costOf(system, 1_000), "Lambda: requests");
    };
    // 700 results a second are more than a batch of 500.
    const sender = (1.4 * month * 0.2) / 1e6;
    expect(requests(["s3", "http"]) - requests(["s3"])).toBeCloseTo(sender, 6);
    expect(requests(["s3", "http", "kafka"]) - requests(["s3"])).toBeCloseTo(2 * sender, 6);
  });

  it("needs more poller units for more bytes", () => {
    const units = (rate: number, bytes: number) => {
      const lines = costOf(of(attribution, { pollers: { mode: "provisioned" } }), rate, bytes);
      return dollarsFor(lines, "Event poller units") / (730 * 0.185);
    };
    expect([units(20_000, 1_000), units(20_001, 1_000), units(50_000, 1_000)].map(Math.round)).toEqual([1, 2, 3]);
  });
});

describe("the cluster", () => {
  const cluster = (settings: object, rate: number, pipelines: object = attribution) =>
    paid(costOf(readSystem({ pipelines, cluster: settings }), rate).filter(({ part }) => part === "cluster"));

  it("costs nothing where it is another's", () => {
    expect(totalOf(costOf(of(attribution), 1_000), "cluster")).toBe(0);
  });

  it("of standard brokers costs them, and disks for a week in three copies, or those that it has", () => {
    const week = (1_000 * 7 * 24 * 3_600 * 300) / 1e9;
    expect(cluster({ kind: "standard", instanceType: "kafka.m7g.large", brokerCount: 6 }, 1_000)).toEqual({
      "MSK: brokers": expect.closeTo(6 * 730 * 0.204, 6),
      "MSK: storage": expect.closeTo(week * 3 * 0.1, 6),
    });
    expect(cluster({ kind: "standard", storageGb: 1_000 }, 1_000)["MSK: storage"]).toBeCloseTo(300, 6);
  });

  it("of express brokers costs what is written, too", () => {
    const written = (1_000 * month * 300) / 1e9;
    expect(cluster({ kind: "express" }, 1_000)).toEqual({
      "MSK: brokers": expect.closeTo(3 * 730 * 0.408, 6),
      "MSK: data written": expect.closeTo(written * 0.01, 6),
      "MSK: storage": expect.closeTo(((written * 7 * 24) / 730) * 0.1, 6),
    });
  });

  it("without servers costs by partition and by byte; a topic that two pipelines read is written once", () => {
    const both = { dedupe: { partitions: 6, sinks: ["s3"] }, windows: { partitions: 6, sinks: ["s3"] } };
    const written = (1_000 * month * 300) / 1e9;
    expect(cluster({ kind: "serverless" }, 1_000, both)).toEqual({
      "MSK: cluster": expect.closeTo(730 * 0.75, 6),
      "MSK: partitions": expect.closeTo(6 * 730 * 0.0015, 6),
      "MSK: data written and read": expect.closeTo(written * 0.1 + 2 * written * 0.05, 6),
      "MSK: storage": expect.closeTo(((written * 7 * 24) / 730) * 0.1, 6),
    });
  });

  it("takes results, too, where they go to topics", () => {
    const written = (1_000 * month * 300) / 1e9;
    const pipelines = { attribution: { partitions: 6, sinks: ["kafka"] } };
    expect(cluster({ kind: "express" }, 1_000, pipelines)["MSK: data written"]).toBeCloseTo(1.7 * written * 0.01, 6);
  });

  it("of brokers that nobody knows the price of is no number", () => {
    const system = readSystem({ pipelines: attribution, cluster: { instanceType: "kafka.m5.large" } });
    expect(() => costOf(system, 1)).toThrow("no price of kafka.m5.large is known");
  });
});

describe("the numbers it rests on", () => {
  it("are all above 0", () => {
    const numbers = [...Object.values(assumptions), ...Object.values(prices).map(({ dollars }) => dollars)];
    expect(numbers.filter((number) => !(number > 0))).toEqual([]);
  });
});
