import { execFile, fork } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Admin, Kafka } from "kafkajs";
import { type PipelineConfig, runConfigured } from "../../functions/catalog.ts";
import { writeRecords } from "../../localstack/cli/generate.ts";
import { produceCommand } from "../../localstack/cli/produce.ts";
import type { RecordLine } from "../../localstack/record-file/record-line.ts";
import { type Summary, summarize } from "../../localstack/replay/summary.ts";
import { consumersFor } from "../../localstack/runner/triggers.ts";
import { objectBytes, objectsOf } from "../../localstack/stand-in/aws-api.ts";
import { startKafkaBroker } from "../../localstack/stand-in/kafka-broker.ts";
import { startStandIn } from "../../localstack/stand-in/stand-in.ts";
import { kafkaTopics } from "../../localstack/topics/kafka-topics.ts";
import { createMissing, findTopics } from "../../localstack/topics/topic-host.ts";
import { silentMeter } from "../../shared/ports/meter.ts";
import type { Sink } from "../../shared/settings/definition.ts";
import { readDeployment } from "../../shared/settings/deployment.ts";
import type { PipelineName } from "../../shared/settings/settings.ts";
import { topicsOf } from "../../shared/settings/topics.ts";
import { loadKafkajs } from "../../shared/sinks/kafka/kafkajs.ts";
import { parquetFormat } from "../../shared/sinks/parquet/parquet-format.ts";
import { DynamoStateStore } from "../../shared/state/dynamo-state-store.ts";
import { createStateTable, dynamoDbAt } from "../contract/open-on-dynamodb.ts";
import { readTopic } from "../contract/open-on-kafka.ts";
import { openOnS3, s3At } from "../contract/open-on-s3.ts";
import type { ReadRecord } from "../contract/producer.contract.ts";
import { startDynamoDbLocal } from "./dynamodb-local.ts";
import type { Skipped } from "./requirements.ts";

const program = fileURLToPath(new URL("./consumer-process.ts", import.meta.url));
const publisher = fileURLToPath(new URL("./publish-process.ts", import.meta.url));

/** The topics of a pipeline, its tables and its bucket, and the processes that work on them. */
export interface RealPath {
  /** Writes records to their topics, each to the partition that it names. */
  produce(lines: Iterable<RecordLine>): Promise<void>;
  /** How many records are committed, and how many there are. */
  lag(): Promise<{ readonly done: number; readonly all: number }>;
  /** Starts a process that consumes them. */
  consume(): ConsumerProcess;
  /** What has become of the records, by the state that is stored. */
  summary(): Promise<Summary>;
  /** How far each source partition is read, by the state that is stored. */
  positions(): Promise<readonly SourcePosition[]>;
  /** Has the function `publish` send to Kafka what the stream of the table of entities holds. */
  publish(): Promise<void>;
  /** All messages in the output topic. */
  published(): Promise<readonly ReadRecord[]>;
  /** Copies the results to `out`, where a replay would leave them. */
  download(out: string): Promise<void>;
}

export interface SourcePosition {
  readonly topic: string;
  readonly partition: number;
  readonly next: number;
}

export interface ConsumerProcess {
  /** Invocations that have begun and not ended. */
  underWay(): number;
  /** Takes the process away, whatever it is at. */
  kill(): Promise<void>;
  /** @throws {Error} it has ended by itself; says what it said. */
  check(): void;
  /** Kills it where it still runs, and waits for nothing. */
  abandon(): void;
}

/** A Kafka, a DynamoDB and an S3, all empty. */
export interface Engines {
  open(name: PipelineName, options: RealPathOptions): Promise<RealPath>;
  stop(): Promise<void>;
}

export interface RealPathOptions {
  readonly sinks: readonly Sink[];
  readonly partitions: number;
  /** For the file that records are produced from. */
  readonly folder: string;
  /** Records in an event at most. */
  readonly batchSize: number;
}

/** Starts them, on ports that are free. @throws {Error} something that they need is missing, or one of them doesn't answer. */
export async function startEngines(): Promise<Engines> {
  const stops: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const one of stops.splice(0)) await one();
  };
  const start = async <T extends { stop(): Promise<void> }>(starting: Promise<T | Skipped>): Promise<T> => {
    const started = await starting;
    if ("skipped" in started) throw new Error(started.skipped);
    stops.unshift(started.stop);
    return started;
  };
  try {
    const dynamoDb = await start(startDynamoDbLocal());
    const broker = await start(startKafkaBroker());
    const standIn = await start(startStandIn());
    const kafkajs = await loadKafkajs();
    const kafka = new kafkajs.Kafka({ brokers: [broker.address], logCreator: () => () => {} });
    const admin = kafka.admin();
    await admin.connect();
    stops.unshift(() => admin.disconnect());
    const consumers: ConsumerProcess[] = [];
    stops.unshift(async () => {
      for (const consumer of consumers) consumer.abandon();
    });
    const environment = { ...dynamoDb.environment, AWS_ENDPOINT_URL_S3: standIn.url };
    const places = {
      dynamoDb: dynamoDb.url,
      s3: standIn.url,
      broker: broker.address,
      kafka,
      admin,
      consumers,
      environment,
    };
    return { open: (name, options) => openRealPath(name, options, places), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Places {
  readonly dynamoDb: string;
  readonly s3: string;
  readonly broker: string;
  readonly kafka: Kafka;
  readonly admin: Admin;
  /** All that were ever started. */
  readonly consumers: ConsumerProcess[];
  readonly environment: Readonly<Record<string, string>>;
}

async function openRealPath(
  name: PipelineName,
  { sinks, partitions, folder, batchSize }: RealPathOptions,
  { dynamoDb, s3, broker, kafka, admin, consumers, environment }: Places,
): Promise<RealPath> {
  const json = { [name]: { partitions, sinks } };
  const deployment = readDeployment({ pipelines: json });
  const config = { name, settings: deployment.pipelines[name] } as PipelineConfig;
  const host = await kafkaTopics({ brokers: [broker], auth: { kind: "none" } });
  await createMissing(host, await findTopics(host, topicsOf(deployment)));
  await host.close();
  const client = dynamoDbAt(dynamoDb);
  const tables = { entitiesTable: `${name}-entities`, progressTable: `${name}-progress` };
  const StreamSpecification = { StreamEnabled: sinks.includes("kafka"), StreamViewType: "NEW_IMAGE" } as const;
  await createStateTable(client, tables.entitiesTable, sinks.includes("kafka") ? { StreamSpecification } : {});
  await createStateTable(client, tables.progressTable);
  const store = new DynamoStateStore({ client, ...tables, clock: { now: () => Date.now() } });
  const { store: objects, bucket } = await openOnS3(s3At(s3));
  const clock = { now: () => Date.now() };
  const surroundings = { store, objects, rowFormat: parquetFormat, clock, meter: silentMeter };
  const pipeline = runConfigured(config, { ...surroundings, futureClock: "wall", expires: true });
  const variables = {
    ...{ ...environment, PIPELINES: JSON.stringify(json), OUTPUT_BUCKET: bucket, BATCH_FAILURES: "report" },
    ...{ ENTITIES_TABLE: tables.entitiesTable, PROGRESS_TABLE: tables.progressTable },
    ...{ KAFKA_BROKERS: broker, KAFKA_AUTH: "none", BATCH_SIZE: String(batchSize) },
  };
  return {
    produce: async (lines) => {
      const input = join(folder, "produced.ndjson");
      writeRecords(lines, input);
      const io = { out: () => {}, err: () => {}, status: () => {} };
      await produceCommand({ input, brokers: broker, auth: "none", json: true }, io);
    },
    lag: async () => {
      for (const consumer of consumers) consumer.check();
      return lagOf(admin, name);
    },
    consume: () => {
      const consumer = startConsumer(variables);
      consumers.push(consumer);
      return consumer;
    },
    summary: () => summarize(config, pipeline, {}),
    positions: async () => {
      const sources = (await pipeline.progress()).flatMap((scope) => scope.sources);
      return sources.map(({ topic, partition, row }) => ({ topic, partition, next: row.next.offset }));
    },
    publish: () => runPublish(variables, [dynamoDb, tables.entitiesTable]),
    published: () => readTopic(kafka, config.settings.outputTopic),
    download: async (out) => {
      for (const key of await objectsOf({ url: s3 }, bucket)) {
        const file = join(out, "s3", key);
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, await objectBytes({ url: s3 }, bucket, key));
      }
    },
  };
}

async function lagOf(admin: Admin, pipeline: PipelineName): Promise<{ done: number; all: number }> {
  const sum = (offsets: readonly { readonly offset: string }[]) =>
    offsets.reduce((total, { offset }) => total + Math.max(Number(offset), 0), 0);
  let [done, all] = [0, 0];
  for (const { name, topics } of consumersFor(pipeline)) {
    const committed = await whenLoaded(() => admin.fetchOffsets({ groupId: name, topics: [...topics] }));
    done += committed.reduce((total, { partitions }) => total + sum(partitions), 0);
    for (const topic of topics) all += sum(await admin.fetchTopicOffsets(topic));
  }
  return { done, all };
}

/** A broker that is new, or has just got a group, says for a moment that it can't tell yet. */
async function whenLoaded<T>(ask: () => Promise<T>): Promise<T> {
  for (let tries = 100; ; tries--) {
    try {
      return await ask();
    } catch (error) {
      if (tries === 0 || !(error as { readonly retriable?: boolean }).retriable) throw error;
    }
    await sleep(100);
  }
}

async function runPublish(environment: Readonly<Record<string, string>>, args: readonly string[]): Promise<void> {
  const env = { PATH: process.env.PATH, ...environment };
  await promisify(execFile)(process.execPath, [publisher, ...args], { env, maxBuffer: 100_000_000 });
}

function startConsumer(environment: Readonly<Record<string, string>>): ConsumerProcess {
  const child = fork(program, {
    env: { PATH: process.env.PATH, ...environment },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  let underWay = 0;
  let log = "";
  child.on("message", (what) => {
    underWay += what === "begun" ? 1 : -1;
  });
  for (const output of [child.stdout, child.stderr]) {
    output?.setEncoding("utf8").on("data", (text: string) => {
      log = (log + text).slice(-4_000);
    });
  }
  let isKilled = false;
  const check = () => {
    const hasEnded = child.exitCode !== null || child.signalCode !== null;
    if (hasEnded && !isKilled) throw new Error(`a consumer has ended by itself: ${log}`);
  };
  return {
    underWay: () => underWay,
    check,
    abandon: () => child.kill("SIGKILL"),
    kill: async () => {
      check();
      isKilled = true;
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    },
  };
}
