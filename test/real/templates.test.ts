import { execFile, execFileSync } from "node:child_process";
import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import { standInPython } from "../../localstack/stand-in/python.ts";

const run = promisify(execFile);
const root = mkdtempSync(join(tmpdir(), "tidemark-templates-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:media-AbCdEf";
const cluster = "arn:aws:kafka:eu-west-1:123456789012:cluster/events/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9-2";
const allSinks = {
  "tidemark.pipelines.attribution.sinks": "s3,http,kafka",
  "tidemark.pipelines.engagement.sinks": "s3,http,kafka,views,clickhouse,redis",
  "tidemark.endpoint.url": "https://example.com/events",
  "tidemark.endpoint.secretArn": secret,
  "tidemark.clickhouse.url": "https://clickhouse.example.com:8443",
  "tidemark.clickhouse.secretArn": secret,
  "tidemark.redis.url": "rediss://cache.example.com:6379",
  "tidemark.redis.secretArn": secret,
  "tidemark.postgres.secretArn": secret,
};
const capture = {
  "tidemark.capture.host": "db.example.com",
  "tidemark.capture.secretArn": secret,
  "tidemark.capture.pluginKey": "debezium.zip",
};

const deployments: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "the defaults": {},
  "everything, with a registry and Express brokers": {
    ...{ ...allSinks, ...capture, "tidemark.cluster.kind": "express", "tidemark.pollers.mode": "provisioned" },
    "tidemark.registry.uri": "arn:aws:glue:eu-west-1:123456789012:registry/events",
    "tidemark.api.producesSamples": "true",
    "tidemark.network.natGateways": "1",
    "tidemark.watch.email": "ops@example.com",
  },
  "a serverless cluster": { "tidemark.cluster.kind": "serverless" },
  "a cluster that is there": {
    ...{ "tidemark.cluster.kind": "existing", "tidemark.cluster.arn": cluster },
    ...{ "tidemark.cluster.vpcId": "vpc-0a1b2c3d", "tidemark.cluster.subnetIds": "subnet-0a1b2c3d,subnet-1a1b2c3d" },
    ...{ "tidemark.cluster.securityGroupIds": "sg-0a1b2c3d", "tidemark.name": "second" },
  },
  "one pipeline alone": { "tidemark.pipelines": "purchases" },
};

interface Report {
  readonly pluginReports: readonly {
    readonly pluginName: string;
    readonly violations: readonly object[];
    readonly suppressedViolations: readonly { readonly reason: string }[];
  }[];
}

/** Runs the CDK as a user does. */
async function synth(output: string, settings: Readonly<Record<string, string>>) {
  const context = Object.entries(settings).flatMap(([name, value]) => ["--context", `${name}=${value}`]);
  const args = ["node_modules/aws-cdk/bin/cdk", "synth", "--quiet", "--ci", "--no-notices", "--output", output];
  try {
    const { stdout, stderr } = await run(process.execPath, [...args, ...context], { maxBuffer: 2 ** 26 });
    return { code: 0, said: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, said: stdout + stderr };
  }
}

describe.each(Object.entries(deployments))("cdk synth of %s", (name, settings) => {
  const output = join(root, name.replaceAll(/\W+/g, "-"));

  it("passes cdk-nag's AwsSolutions and the CDK's own validation, without a warning", async () => {
    const { code, said } = await synth(output, settings);
    expect(said).not.toMatch(/WARNING|ERROR/);
    expect(code).toBe(0);
    const { pluginReports } = JSON.parse(readFileSync(join(output, "validation-report.json"), "utf8")) as Report;
    const nag = pluginReports.find(({ pluginName }) => pluginName === "AwsSolutions");
    expect(pluginReports.flatMap(({ violations }) => violations)).toEqual([]);
    expect(nag?.suppressedViolations.length).toBeGreaterThan(0);
    expect(nag?.suppressedViolations.filter(({ reason }) => reason.split(" ").length < 4)).toEqual([]);
  });

  it("passes cfn-lint", ({ skip }) => {
    const found = standInPython();
    if ("skipped" in found) return skip(found.skipped);
    const templates = globSync("*.template.json", { cwd: output }).map((file) => join(output, file));
    expect(templates.length).toBeGreaterThan(3);
    // The CDK's functions name their roles twice, once as a dependency: W3005. It does no harm, and can't be turned off.
    const lint = [
      "-c",
      "import sys; from cfnlint.runner import main; sys.exit(main())",
      "--ignore-checks",
      "W3005",
      "--",
      ...templates,
    ];
    const said = execFileSync(found.python, lint, { encoding: "utf8" });
    expect(said).toBe("");
  });
});

describe("cdk synth with wrong settings", () => {
  it.each([
    [
      "partitions that differ where a topic is shared",
      { "tidemark.pipelines.dedupe.partitions": "5" },
      "both read incoming-events",
    ],
    [
      "a kind of cluster that there isn't",
      { "tidemark.cluster.kind": "kraft" },
      "cluster.kind takes standard or express",
    ],
    [
      "a sink without its URL",
      { "tidemark.pipelines.attribution.sinks": "http" },
      "give endpoint.url and endpoint.secretArn",
    ],
    [
      "a window of nothing",
      { "tidemark.pipelines.windows.windowSize": "0s" },
      "windows.windowSize takes 1s to 1d, not 0s",
    ],
  ])("fails with one sentence: %s", async (_, settings, says) => {
    const { code, said } = await synth(join(root, "wrong"), settings);
    expect(code).toBe(1);
    expect(said.split("\n")[0]).toContain(`cdk.json: `);
    expect(said.split("\n")[0]).toContain(says);
    expect(said).not.toContain("    at ");
  });
});
