import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { PipelineName } from "../../shared/settings/settings.ts";
import { itemsOf, objectsOf } from "./aws-api.ts";
import { DeployedMappings } from "./deployed-mappings.ts";
import { type KafkaBroker, startKafkaBroker } from "./kafka-broker.ts";
import { type KafkaPollers, startKafkaPollers } from "./kafka-pollers.ts";
import { type LocalDeployment, startLocalDeployment } from "./local-deployment.ts";
import { logRecord, sampleTraffic } from "./sample-traffic.ts";

/** Of each pipeline's sample. */
const records = 600;
/** As `cdk.json` has it. */
const partitions = 6;

/** What each pipeline does with its results here: there is no database, and without a broker no topic. */
const sinks: Readonly<Record<PipelineName, readonly string[]>> = {
  attribution: ["s3", "http"],
  conversions: ["s3", "kafka"],
  dedupe: ["s3", "kafka"],
  windows: ["s3", "kafka"],
  engagement: ["s3", "views"],
  purchases: ["s3", "views"],
};
/** `windows` reads the records of `dedupe`. */
const sampled: readonly PipelineName[] = ["attribution", "conversions", "dedupe", "engagement", "purchases"];

const begun = performance.now();

function say(text: string): void {
  process.stdout.write(`${((performance.now() - begun) / 1_000).toFixed(1).padStart(6)} s  ${text}\n`);
}

function settingsWith(broker: KafkaBroker | undefined): Record<string, string> {
  const chosen = Object.entries(sinks).map(([name, of]) => [
    `tidemark.pipelines.${name}.sinks`,
    of.filter((sink) => sink !== "kafka" || broker).join(","),
  ]);
  const kafka = broker ? { "tidemark.kafka.brokers": broker.address, "tidemark.kafka.auth": "none" } : {};
  return { ...Object.fromEntries(chosen), ...kafka };
}

/** Through Kafka where there is a broker, else straight to the functions, in batches just as pollers make them. */
async function sendSamples(deployment: LocalDeployment, pollers: KafkaPollers | undefined): Promise<void> {
  const mappings = await DeployedMappings.open(deployment.standIn);
  const now = Date.now();
  const samples = sampled.map((name) => sampleTraffic(name, { records, partitions, now }));
  for (const [poll] of samples[0]?.entries() ?? []) {
    const lines = samples.flatMap((sample) => sample[poll] ?? []);
    if (pollers) await pollers.produce(lines);
    else await mappings.deliver(lines.map(logRecord));
    say(`${lines.length} records of ${sampled.length} pipelines are sent`);
    // A watermark moves from batch to batch, so not all may come at once.
    await pollers?.untilRead();
  }
}

/** Waits until nothing comes any more, and tells what there is. */
async function tellResults({ standIn, tables, bucket, delivered }: LocalDeployment, pollers?: KafkaPollers) {
  const results = async () => {
    const objects = await objectsOf(standIn, bucket);
    const byDataset = Map.groupBy(objects, (key) => key.slice(0, key.indexOf("/")));
    return [
      `${(await itemsOf(standIn, tables.entities)).length} items in ${tables.entities}`,
      `${(await itemsOf(standIn, tables.progress)).length} items in ${tables.progress}`,
      ...Array.from(byDataset, ([dataset, of]) => `${of.length} objects in s3://${bucket}/${dataset}`).sort(),
      `${delivered.length} results at the endpoint, each with a signature that is good`,
      ...Object.entries((await pollers?.counts()) ?? {}).map(
        ([topic, count]) => `${count} records in the topic ${topic}`,
      ),
    ];
  };
  let last: readonly string[] = [];
  for (let now = await results(); now.join() !== last.join(); now = await results()) {
    last = now;
    await sleep(5_000);
  }
  for (const line of last) say(line);
}

/** Ends what was started, in the reverse order, as soon as `work` is done or somebody interrupts it. */
async function main(): Promise<void> {
  const interrupted = new Promise<"interrupted">((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => resolve("interrupted"));
  });
  const stops: (() => Promise<void>)[] = [];
  const ended = new AbortController();
  try {
    const end = await Promise.race([work(stops, ended.signal), interrupted]);
    if (end === "interrupted") process.exitCode = 130;
    else if (process.argv.includes("--keep")) {
      say("It stays until Ctrl-C.");
      await interrupted;
    }
  } catch (error) {
    process.stderr.write(`deploy:local: ${(error as Error).message}\n`);
    process.exitCode = 1;
  } finally {
    ended.abort();
    for (const stop of stops.toReversed()) await stop();
  }
  // What was interrupted may still wait for something that is gone.
  process.exit();
}

async function work(stops: (() => Promise<void>)[], signal: AbortSignal): Promise<void> {
  const output = mkdtempSync(join(tmpdir(), "tidemark-deploy-"));
  stops.push(async () => rmSync(output, { recursive: true, force: true }));
  const kafka = await startKafkaBroker();
  const broker = "skipped" in kafka ? undefined : kafka;
  if (broker) stops.push(broker.stop);
  say("skipped" in kafka ? `without Kafka: ${kafka.skipped}` : `Kafka answers at ${kafka.address}`);
  const kafkaBroker = broker ? { kafkaBroker: broker.address } : {};
  const settings = settingsWith(broker);
  const started = await startLocalDeployment({ output, settings, signal, onStep: say, ...kafkaBroker });
  if ("skipped" in started) throw new Error(started.skipped);
  stops.push(started.stop);
  const pollers = broker && (await startKafkaPollers(started.standIn, broker.address));
  if (pollers) stops.push(pollers.stop);
  await sendSamples(started, pollers);
  await tellResults(started, pollers);
}

await main();
