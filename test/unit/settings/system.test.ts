import { describe, expect, it } from "vitest";
import { readSystem } from "../../../shared/settings/system.ts";
import { problemsOf } from "./said-by.ts";

const pipelines = { purchases: { partitions: 3, sinks: ["s3", "views"] } };
const arn = "arn:aws:kafka:eu-west-1:123456789012:cluster/events/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9-2";
const secretArn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:media-AbCdEf";
const inNetwork = { vpcId: "vpc-0a1b2c3d", subnetIds: ["subnet-0a1b2c3d"], securityGroupIds: ["sg-0a1b2c3d"] };
const wrong = (settings: object) => problemsOf(() => readSystem({ pipelines, ...settings }));

describe("all settings of a deployment", () => {
  it("have defaults for everything that it stands on", () => {
    const { pipelines: _, kafka: __, ...system } = readSystem({ pipelines });
    expect(system).toEqual({
      name: "tidemark",
      cluster: {
        ...{ kind: "standard", brokerCount: 3, storageGb: 50, kafkaVersion: "3.9.x", createsTopics: true },
        ...{ arn: undefined, instanceType: undefined, vpcId: undefined, subnetIds: [], securityGroupIds: [] },
      },
      pollers: { mode: "onDemand", min: 1, max: undefined },
      registry: { uri: undefined, topics: [], secretArn: undefined },
      functions: { reservesConcurrency: true, tracing: "xray", adotLayerArn: undefined, logRetentionDays: 30 },
      network: { natGateways: 0, availabilityZones: [] },
      api: { ratePerSecond: 50, burst: 100, producesSamples: false },
      watch: { email: undefined, watermarkLagMax: 1_800_000, offsetLagMax: 50_000, dashboards: true },
    });
  });

  it.each([
    [
      "cluster",
      { cluster: { kind: "provisioned" } },
      "cluster.kind takes standard or express or serverless or existing",
    ],
    ["cluster", { cluster: { kind: "expres" } }, "did you mean express?"],
    ["cluster", { cluster: { kind: "existing" } }, "cluster.arn is missing; give the ARN of the existing cluster"],
    ["cluster", { cluster: { arn } }, "cluster.arn is given, but cluster.kind is standard; use existing"],
    ["cluster", { cluster: { kind: "existing", arn: `${arn}/topic` } }, "cluster.arn takes the ARN of an MSK cluster"],
    ["cluster", { cluster: { brokerCount: 4 } }, "cluster.brokerCount is 4; make it a multiple of 3"],
    [
      "cluster",
      { cluster: { instanceType: "express.m7g.large" } },
      "standard brokers have types that begin with kafka.",
    ],
    [
      "cluster",
      { cluster: { kind: "express", instanceType: "kafka.t3.small" } },
      "express brokers have types that begin with express.",
    ],
    ["name", { name: "Tidemark" }, "name takes at most 24 small letters, digits and hyphens, a letter first"],
    ["name", { name: "t".repeat(25) }, "name takes at most 24"],
    ["a group", { clusters: {} }, "tidemark has no setting"],
    ["pollers", { pollers: { min: 3, max: 2 } }, "pollers.max is 2, less than pollers.min 3"],
    ["the registry", { registry: { uri: "https://schemas.example.com" } }, "use provisioned"],
    ["tracing", { functions: { tracing: "adot" } }, "functions.adotLayerArn is missing"],
    ["retention", { functions: { logRetentionDays: 31 } }, "functions.logRetentionDays takes one of 1, 3, 5"],
    [
      "zones",
      { network: { availabilityZones: ["eu-west-1a", "eu-west-1b"] } },
      "network.availabilityZones has 2; name three",
    ],
    ["the address", { watch: { email: "ops" } }, "watch.email takes an email address"],
    ["capture", { capture: { host: "db.example.com" } }, "capture.secretArn is missing"],
    ["capture", { capture: { host: "db.example.com", secretArn } }, "no pipeline reads it; add engagement"],
  ])("are refused with one sentence where %s is wrong: %j", (_, settings, says) => {
    const problems = wrong(settings);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(says);
  });

  it("say everything at once, whichever part it is about", () => {
    const problems = wrong({
      pipelines: { attribution: { partitions: 0, sinks: ["http"] } },
      cluster: { kind: "mine" },
      pollers: { mode: "none" },
    });
    expect(problems.map((problem) => problem.split(" ")[0]).sort()).toEqual([
      ...["attribution.partitions", "cluster.kind", "endpoint", "pollers.mode"],
    ]);
  });

  it("let a watermark lag by more than the allowed lateness before there is an alarm", () => {
    const withLateness = (allowedLateness: string) => ({
      pipelines: { dedupe: { partitions: 1, sinks: ["s3"], allowedLateness } },
      watch: { watermarkLagMax: "5m" },
    });
    expect(wrong(withLateness("299s"))).toEqual([]);
    expect(wrong(withLateness("5m"))[0]).toContain("the alarm would never end");
  });

  it("tell the network of a cluster that is there where a function has to reach it, and don't need it otherwise", () => {
    const cluster = { kind: "existing", arn };
    expect(wrong({ cluster })).toEqual([]);
    const writing = { pipelines: { dedupe: { partitions: 1, sinks: ["s3", "kafka"] } } };
    expect(wrong({ ...writing, cluster })).toEqual([
      "cluster.vpcId, cluster.subnetIds, cluster.securityGroupIds: missing, but kafka can only be reached from there",
    ]);
    expect(wrong({ ...writing, cluster: { ...cluster, ...inNetwork } })).toEqual([]);
    expect(wrong({ cluster, postgres: { secretArn } })[0]).toContain("postgres can only be reached from there");
    expect(wrong({ cluster, api: { producesSamples: true } })[0]).toContain("api.producesSamples");
  });
});
