import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type Admin, Kafka } from "kafkajs";
import { kafkaTopics } from "../../localstack/topics/kafka-topics.ts";
import { KafkaProducer, type KafkaProducerSettings } from "../../shared/sinks/kafka/kafka-producer.ts";
import { messageBytesMax, nobody, quick } from "./kafka-producer.contract.ts";
import type { OpenTopics } from "./kafka-topics.contract.ts";
import type { OpenProducer, ReadRecord } from "./producer.contract.ts";

/** A producer to two topics of its own, which go when it is closed. */
export async function openProducerOn(
  brokers: readonly string[],
  state: "up" | "down",
  settings: Partial<KafkaProducerSettings>,
): Promise<OpenProducer> {
  const kafka = new Kafka({ brokers: [...brokers], logCreator: () => () => {} });
  const admin = kafka.admin();
  await admin.connect();
  const run = `tidemark-contract-${randomUUID()}`;
  const topics = [`${run}-one`, `${run}-other`] as const;
  const configEntries = [
    { name: "max.message.bytes", value: String(messageBytesMax) },
    // Records of times long ago would be deleted at once.
    { name: "retention.ms", value: "-1" },
  ];
  await admin.createTopics({
    waitForLeaders: false,
    topics: topics.map((topic) => ({ topic, numPartitions: 3, configEntries })),
  });
  for (const topic of topics) await untilLed(admin, topic);
  const producer = new KafkaProducer({
    brokers: state === "up" ? brokers : nobody,
    auth: { kind: "none" },
    ...quick,
    ...settings,
  });
  const close = async () => {
    producer.close();
    await admin.deleteTopics({ topics: [...topics] });
    await admin.disconnect();
  };
  return { producer, topics, read: (topic) => readTopic(kafka, topic), close };
}

/** A topic that is new has no leaders for a moment, and kafkajs takes that for an error where it should wait. */
export async function untilLed(admin: Admin, topic: string): Promise<void> {
  for (let tries = 100; ; tries--) {
    try {
      await admin.fetchTopicOffsets(topic);
      return;
    } catch (error) {
      if (tries === 0) throw error;
    }
    await sleep(50);
  }
}

/** Topics under names of their own, which go when it is closed. */
export async function openTopicsOn(brokers: readonly string[]): Promise<OpenTopics> {
  const host = await kafkaTopics({ brokers, auth: { kind: "none" } });
  const free = `tidemark-contract-${randomUUID()}`;
  const close = async () => {
    await host.close();
    const admin = new Kafka({ brokers: [...brokers], logCreator: () => () => {} }).admin();
    await admin.connect();
    const made = (await admin.listTopics()).filter((topic) => topic.startsWith(free));
    await admin.deleteTopics({ topics: made });
    await admin.disconnect();
  };
  return { host, free, close };
}

/** All records that stand in a topic now. */
export async function readTopic(kafka: Kafka, topic: string): Promise<readonly ReadRecord[]> {
  const admin = kafka.admin();
  await admin.connect();
  const ends = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  let left = ends.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0);
  const found: ReadRecord[] = [];
  if (left === 0) return found;
  const consumer = kafka.consumer({ groupId: `tidemark-contract-${randomUUID()}`, maxWaitTimeInMs: 50 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await new Promise<void>((resolve) => {
    void consumer.run({
      eachMessage: async ({ partition, message: { offset, key, value, timestamp, headers = {} } }) => {
        const texts = Object.entries(headers).map(([name, text]) => [name, String(text)]);
        found.push({
          ...{ partition, offset: Number(offset), timestamp: Number(timestamp) },
          ...{ key: key?.toString() ?? null, value: value?.toString() ?? null, headers: Object.fromEntries(texts) },
        });
        if (--left === 0) resolve();
      },
    });
  });
  await consumer.disconnect();
  return found.sort((a, b) => a.partition - b.partition || a.offset - b.offset);
}
