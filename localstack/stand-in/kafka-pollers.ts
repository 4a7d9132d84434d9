import { setTimeout as sleep } from "node:timers/promises";
import type { Admin, KafkaMessage, Producer } from "kafkajs";
import type { LogRecord } from "../../shared/core/record.ts";
import { loadKafkajs } from "../../shared/sinks/kafka/kafkajs.ts";
import type { RecordLine } from "../record-file/record-line.ts";
import { type Aws, deployedTopics } from "./aws-api.ts";
import { DeployedMappings } from "./deployed-mappings.ts";

/** Lambda has one group per mapping; here one reads for all of them. */
const groupId = "tidemark-pollers";

/** What Lambda and MSK have that the stand-in hasn't: topics on a real broker, and pollers for them. */
export interface KafkaPollers {
  /** Writes records where they say, with the time that they say. */
  produce(lines: readonly RecordLine[]): Promise<void>;
  /** Waits until the functions have taken all that is there for them. */
  untilRead(): Promise<void>;
  /** How many records each topic holds. */
  counts(): Promise<Readonly<Record<string, number>>>;
  stop(): Promise<void>;
}

/** Makes the topics of the deployment on a broker, and brings their records to the functions that are deployed to read them. */
export async function startKafkaPollers(aws: Aws, broker: string): Promise<KafkaPollers> {
  const { Kafka, logLevel } = await loadKafkajs();
  const kafka = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING });
  const topics = await deployedTopics(aws);
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({
    waitForLeaders: true,
    topics: topics.map(({ name, partitions }) => ({ topic: name, numPartitions: partitions })),
  });
  const mappings = await DeployedMappings.open(aws);
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 200 });
  await consumer.connect();
  await consumer.subscribe({ topics: [...mappings.topics], fromBeginning: true });
  await consumer.run({
    eachBatch: async ({ batch: { topic, partition, messages } }) =>
      mappings.deliver(messages.map((message) => logRecord(topic, partition, message))),
  });
  const producer = kafka.producer();
  await producer.connect();
  return {
    produce: (lines) => produceLines(producer, lines),
    untilRead: async () => {
      while (!(await isAllRead(admin, mappings.topics))) await sleep(200);
    },
    counts: async () => {
      const counted = topics.map(async ({ name }) => {
        const offsets = await admin.fetchTopicOffsets(name);
        return [name, offsets.reduce((sum, { high }) => sum + Number(high), 0)] as const;
      });
      return Object.fromEntries(await Promise.all(counted));
    },
    stop: async () => {
      await Promise.all([producer.disconnect(), consumer.disconnect(), admin.disconnect()]);
    },
  };
}

async function isAllRead(admin: Admin, topics: readonly string[]): Promise<boolean> {
  const read = await admin.fetchOffsets({ groupId, topics: [...topics] });
  const isRead = read.map(async ({ topic, partitions }) => {
    const ends = new Map((await admin.fetchTopicOffsets(topic)).map(({ partition, high }) => [partition, high]));
    return partitions.every(({ partition, offset }) => ends.get(partition) === offset || ends.get(partition) === "0");
  });
  return (await Promise.all(isRead)).every(Boolean);
}

async function produceLines(producer: Producer, lines: readonly RecordLine[]): Promise<void> {
  const byTopic = Map.groupBy(lines, ({ topic }) => topic);
  const topicMessages = Array.from(byTopic, ([topic, of]) => ({
    topic,
    messages: of.map(({ partition, key, payload, ts }) => ({ partition, key, value: payload, timestamp: String(ts) })),
  }));
  await producer.sendBatch({ topicMessages });
}

function logRecord(topic: string, partition: number, { offset, timestamp, key, value }: KafkaMessage): LogRecord {
  return { topic, partition, offset: Number(offset), timestamp: Number(timestamp), key, value };
}
