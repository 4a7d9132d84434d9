import { randomUUID } from "node:crypto";
import { Kafka } from "kafkajs";
import { describe, expect, it } from "vitest";
import { KafkaProducer, type KafkaProducerSettings } from "../../shared/sinks/kafka/kafka-producer.ts";
import { fakeKafka } from "../support/fake-kafka.ts";
import { type OpenProducer, producerContract, type ReadRecord } from "./producer.contract.ts";

const quick = { retriesMax: 2, retryWait: 5, connectTimeout: 1_000 };
const messageBytesMax = 100_000;
/** As much as a topic takes; what is more stands in for a topic that takes less than this producer knows of. */
const requestBytesMax = 90_000;
/** Nobody listens on the port of `tcpmux`. */
const nobody = ["127.0.0.1:1"];

async function openOnFake(state: "up" | "down", settings: Partial<KafkaProducerSettings>): Promise<OpenProducer> {
  const leaderOf = (_: string, partition: number) => (partition < 2 ? 0 : 1);
  const kafka = await fakeKafka({ topics: { one: 3, other: 3 }, nodes: 2, batchBytesMax: messageBytesMax, leaderOf });
  const brokers = state === "up" ? kafka.brokers : nobody;
  const producer = new KafkaProducer({ brokers, auth: { kind: "none" }, ...quick, ...settings });
  const close = async () => {
    producer.close();
    await kafka.close();
  };
  return { producer, topics: ["one", "other"], read: kafka.read, close };
}

const realBrokers = process.env.TIDEMARK_KAFKA_BROKERS;
const skipReal = realBrokers ? undefined : "TIDEMARK_KAFKA_BROKERS isn't set";

async function openOnReal(state: "up" | "down", settings: Partial<KafkaProducerSettings>): Promise<OpenProducer> {
  const brokers = (realBrokers ?? "").split(",");
  const kafka = new Kafka({ brokers, logCreator: () => () => {} });
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
    waitForLeaders: true,
    topics: topics.map((topic) => ({ topic, numPartitions: 3, configEntries })),
  });
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

const places = [
  ["a fake of Kafka's wire", undefined, openOnFake],
  [realBrokers ?? "a real cluster", skipReal, openOnReal],
] as const;

for (const [where, skip, open] of places) {
  producerContract({
    name: `KafkaProducer, on ${where},`,
    skip,
    messageBytesMax,
    open: (state) => open(state, { requestBytesMax }),
  });

  describe.skipIf(skip)(`KafkaProducer, on ${where},${skip ? ` (skipped: ${skip})` : ""}`, () => {
    it("loses nothing that is sent after a request that was refused for one of its partitions", async () => {
      const { producer, topics, read, close } = await open("up", { requestBytesMax: 2 * messageBytesMax });
      const message = (id: string, key: string, value: string) => ({ id, topic: topics[0], key, value, timestamp: 0 });
      // user_1 and user_2 are of different partitions. That of user_2 takes its message, though the request fails.
      const large = message("large", "user_1", "x".repeat(messageBytesMax + 1));
      const outcome = await producer.produce([large, message("m1", "user_2", "1")]);
      expect(outcome).toEqual({ kind: "refused", reason: expect.stringContaining("MESSAGE_TOO_LARGE") });
      expect(await producer.produce([message("m2", "user_2", "2")])).toEqual({ kind: "accepted" });
      expect((await read(topics[0])).map(({ value }) => value)).toEqual(["1", "2"]);
      await close();
    });
  });
}

/** All records that stand in a topic now. */
async function readTopic(kafka: Kafka, topic: string): Promise<readonly ReadRecord[]> {
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
