import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { datasetOf } from "../../functions/catalog.ts";
import type { RecordLine } from "../../localstack/record-file/record-line.ts";
import { askApi, functionVariables, itemsOf, objectBytes, objectsOf } from "../../localstack/stand-in/aws-api.ts";
import { DeployedMappings } from "../../localstack/stand-in/deployed-mappings.ts";
import { deployAll, destroyAll } from "../../localstack/stand-in/deployment.ts";
import { type KafkaBroker, startKafkaBroker } from "../../localstack/stand-in/kafka-broker.ts";
import { type KafkaPollers, startKafkaPollers } from "../../localstack/stand-in/kafka-pollers.ts";
import { type LocalDeployment, startLocalDeployment } from "../../localstack/stand-in/local-deployment.ts";
import { type Skipped, standInPython } from "../../localstack/stand-in/python.ts";
import { logRecord, sampleTraffic } from "../../localstack/stand-in/sample-traffic.ts";
import { parquetRows } from "../support/parquet-rows.ts";
import { deliveries } from "../support/replay-outputs.ts";
import { runCli } from "../support/run-cli.ts";
import { findJava, skippedFor } from "./requirements.ts";

const partitions = 6;
/** Of these the runner and Lambda cut the same batches; how records of one id meet in a batch decides what others make of them. */
const compared = ["attribution", "conversions"] as const;
/** `windows` reads the records of `dedupe`. */
const throughKafka = ["dedupe", "engagement", "purchases"] as const;
const sinks: Readonly<Record<string, string>> = {
  ...{ attribution: "s3,http", conversions: "s3", windows: "s3", dedupe: "s3,kafka", engagement: "s3,views" },
  purchases: "s3,views",
};

const python = standInPython();
const skip = skippedFor(python, findJava());
const folder = mkdtempSync(join(tmpdir(), "tidemark-deploy-"));
let deployment: LocalDeployment;
let broker: KafkaBroker;
let pollers: KafkaPollers;
/** By pipeline, poll by poll. */
const records = new Map<string, readonly (readonly RecordLine[])[]>();

async function started<T extends object>(starting: Promise<T | Skipped>): Promise<T> {
  const one = await starting;
  if ("skipped" in one) throw new Error(one.skipped);
  return one;
}

function linesOf(name: string): readonly RecordLine[] {
  return (records.get(name) ?? []).flat();
}

/** Waits until nothing has been delivered or written for five seconds: functions wait for changes of tables, and for each other. */
async function untilQuiet(): Promise<void> {
  for (let last = "", now = "-"; last !== now; await sleep(5_000)) {
    last = now;
    const counts = [deployment.delivered.length, (await objectsOf(deployment.standIn, deployment.bucket)).length];
    now = JSON.stringify([...counts, await pollers.counts()]);
  }
}

/** The bucket's objects as files, where a replay has them. */
async function download(): Promise<string> {
  const { standIn, bucket } = deployment;
  const out = join(folder, "deployed");
  for (const key of await objectsOf(standIn, bucket)) {
    const file = join(out, "s3", key);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, await objectBytes(standIn, bucket, key));
  }
  return out;
}

/** The objects of a pipeline's results, by name. */
function objectsIn(out: string, pipeline: (typeof compared)[number]): Map<string, string> {
  const directory = join(out, "s3", datasetOf[pipeline]);
  const files = globSync("**/*.parquet", { cwd: directory }).sort();
  return new Map(files.map((file) => [file, readFileSync(join(directory, file), "base64")]));
}

/** `dt=DAY/PIPELINE-PARTITION-BUCKET.parquet` */
const partitionIn = (object: string) => object.split("-").at(-2) ?? "";

/** The latest object of each partition. */
function lastOfPartitions(objects: readonly string[]): ReadonlyMap<string, string> {
  return new Map(objects.toSorted().map((object) => [partitionIn(object), object]));
}

/** What the runner makes of the same records with the settings of the deployment. */
async function replay(name: string): Promise<string> {
  const variables = await functionVariables(deployment.standIn, `tidemark-${name}`);
  const { partitions: _, sinks: __, outputTopic: ___, ...settings } = JSON.parse(variables.PIPELINES ?? "{}")[name];
  const [input, out] = [join(folder, `${name}.ndjson`), join(folder, name)];
  writeFileSync(
    input,
    linesOf(name)
      .map((line) => `${JSON.stringify(line)}\n`)
      .join(""),
  );
  const set = Object.entries(settings).flatMap(([key, value]) => ["--set", `${key}=${value}`]);
  const files = ["--input", input, "--out", out, "--partitions", String(partitions), "--sinks", sinks[name] ?? ""];
  const ended = await runCli("replay", "--pipeline", name, ...files, "--no-drain", ...set);
  expect(ended).toMatchObject({ code: 0 });
  return out;
}

const what = "a deployment of all stacks, whose functions may do what their policies say";
describe.skipIf(skip !== "")(`${what}${skip ? ` (skipped: ${skip})` : ""}`, () => {
  beforeAll(async () => {
    broker = await started(startKafkaBroker());
    const chosen = Object.entries(sinks).map(([name, of]) => [`tidemark.pipelines.${name}.sinks`, of]);
    const kafka = { "tidemark.kafka.brokers": broker.address, "tidemark.kafka.auth": "none" };
    const settings = { ...Object.fromEntries(chosen), ...kafka };
    const options = { output: join(folder, "cdk"), settings, kafkaBroker: broker.address };
    deployment = await started(startLocalDeployment(options));
    pollers = await startKafkaPollers(deployment.standIn, broker.address);
    const now = Date.now();
    for (const name of [...compared, ...throughKafka]) {
      records.set(name, sampleTraffic(name, { records: 600, partitions, now }));
    }
    const mappings = await DeployedMappings.open(deployment.standIn);
    for (const name of compared) await mappings.deliver(linesOf(name).map(logRecord));
    for (const polled of throughKafka.flatMap((name) => records.get(name) ?? [])) {
      await pollers.produce(polled);
      // A watermark moves from batch to batch, so not all may come at once.
      await pollers.untilRead();
    }
    await untilQuiet();
  });
  afterAll(async () => {
    await pollers?.stop();
    await deployment?.stop();
    await broker?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(compared)(
    "writes the objects, byte for byte, that the runner writes for the same records of %s",
    async (name) => {
      const [deployed, replayed] = await Promise.all([download(), replay(name)]);
      const objects = objectsIn(deployed, name);
      expect(objects.size).toBeGreaterThan(2 * partitions);
      // The runner knows that no record comes after the last; here the last buckets stay open.
      const last = lastOfPartitions([...objects.keys()]);
      const closed = Array.from(objectsIn(replayed, name)).filter(
        ([object]) => object <= (last.get(partitionIn(object)) ?? ""),
      );
      expect(Object.fromEntries(objects)).toEqual(Object.fromEntries(closed));
    },
  );

  it("sends to its endpoint, signed, what the runner sends", async () => {
    const replayed = deliveries(await replay("attribution"));
    expect(replayed.length).toBeGreaterThan(100);
    const byId = (outputs: readonly object[]) => new Set(outputs.map((output) => JSON.stringify(output)));
    expect(byId(deployment.delivered)).toEqual(byId(replayed));
  });

  it.each(["purchases", "dedupe", "windows", "engagement"] as const)(
    "has the results of %s in its bucket",
    async (name) => {
      expect((await parquetRows(await download(), datasetOf[name])).length).toBeGreaterThan(50);
    },
  );

  it("brings records from Kafka to its functions, and their results back to Kafka", async () => {
    const counts = await pollers.counts();
    expect(counts).toMatchObject({ "incoming-events": 600, purchases: 600 });
    expect(counts["processed-events"]).toBeGreaterThan(500);
  });

  it("answers who is allowed to ask, and nobody else", async () => {
    const { standIn, outputs } = deployment;
    const apiUrl = outputs["tidemark-edge"]?.ApiUrl ?? "";
    const user = linesOf("purchases").find(({ key }) => key)?.key;
    const answer = await askApi(standIn, apiUrl, `/total/${user}`, "root");
    expect({ ...answer, body: JSON.parse(answer.body) }).toEqual({
      status: 200,
      body: { userId: user, totalDebt: expect.stringMatching(/^-?\d/), currency: "USD" },
    });
    expect(await askApi(standIn, apiUrl, `/total/${user}`, "nobody")).toMatchObject({ status: 403 });
  });

  it("has nothing to change when it is deployed again", async () => {
    const { standIn, options, outputs } = deployment;
    const { unchanged } = await deployAll(standIn, options);
    expect(unchanged.toSorted()).toEqual(Object.keys(outputs).sort());
  });

  it("takes a changed setting to its function, and leaves stored things and the cluster alone", async () => {
    const { standIn, options } = deployment;
    const settings = { ...options.settings, "tidemark.pipelines.dedupe.allowedLateness": "6m" };
    const { unchanged } = await deployAll(standIn, { ...options, settings });
    expect(unchanged).toEqual(expect.arrayContaining(["tidemark-state", "tidemark-cluster"]));
    const { PIPELINES = "" } = await functionVariables(standIn, "tidemark-dedupe");
    expect(JSON.parse(PIPELINES).dedupe.allowedLateness).toBe("6m");
    // What it has taken already, it takes for what it is.
    const ids = async () => (await itemsOf(standIn, deployment.tables.entities)).map(({ pk }) => pk?.S).sort();
    const before = await ids();
    await (await DeployedMappings.open(standIn)).deliver(linesOf("dedupe").map(logRecord));
    expect((await ids()).filter((id) => !before.includes(id))).toEqual([]);
  });

  it("leaves tables and bucket with all that they hold when it is destroyed", async () => {
    const { standIn, options, tables, bucket } = deployment;
    const lasting = (Date.now() + 3_600_000) / 1_000;
    const held = async () => {
      const items = await itemsOf(standIn, tables.entities);
      // What expires may go at any time.
      return [items.filter(({ ttl }) => Number(ttl?.N ?? lasting) >= lasting), await objectsOf(standIn, bucket)];
    };
    const before = await held();
    await destroyAll(standIn, options);
    await expect(functionVariables(standIn, "tidemark-attribution")).rejects.toThrow("404");
    expect(before[0]?.length).toBeGreaterThan(500);
    expect(await held()).toEqual(before);
  });
});
