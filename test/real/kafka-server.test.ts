import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Admin } from "kafkajs";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { seededRandom } from "../../localstack/generate/random.ts";
import { type KafkaMapping, startKafkaMapping } from "../../localstack/runner/kafka-mapping.ts";
import { type KafkaBroker, startKafkaBroker } from "../../localstack/stand-in/kafka-broker.ts";
import { kafkaTopics } from "../../localstack/topics/kafka-topics.ts";
import { openSender } from "../../localstack/topics/send-records.ts";
import { decodeMskEvent, type MskEvent } from "../../shared/kafka/msk-event.ts";
import { partitionOf } from "../../shared/kafka/partitioner.ts";
import { KafkaProducer } from "../../shared/sinks/kafka/kafka-producer.ts";
import { loadKafkajs } from "../../shared/sinks/kafka/kafkajs.ts";
import { kafkaProducerContract } from "../contract/kafka-producer.contract.ts";
import { kafkaTopicsContract, topic as needed } from "../contract/kafka-topics.contract.ts";
import { openProducerOn, openTopicsOn, readTopic, untilLed } from "../contract/open-on-kafka.ts";
import { hostileKeys } from "../contract/open-state-store.ts";
import { javaPartitions } from "./java-partitions.ts";
import { findJava, skippedFor } from "./requirements.ts";

const java = findJava();
const skip = skippedFor(java) || undefined;
let broker: KafkaBroker;
let admin: Admin;

beforeAll(async () => {
  if (skip) return;
  const started = await startKafkaBroker();
  if ("skipped" in started) throw new Error(started.skipped);
  broker = started;
  admin = (await openKafka()).admin();
  await admin.connect();
});
afterAll(async () => {
  await admin?.disconnect();
  await broker?.stop();
});

const where = "Apache Kafka 4.3.1";
kafkaProducerContract({
  ...{ where, skip },
  open: (state, settings) => openProducerOn([broker.address], state, settings),
});
kafkaTopicsContract({ where, skip, open: () => openTopicsOn([broker.address]) });

async function openKafka() {
  const { Kafka } = await loadKafkajs();
  return new Kafka({ brokers: [broker.address], logCreator: () => () => {} });
}

async function newTopic(partitions: number): Promise<string> {
  const name = `tidemark-${randomUUID()}`;
  const host = await kafkaTopics({ brokers: [broker.address], auth: { kind: "none" } });
  await host.create(needed(name, { partitions }));
  await host.close();
  await untilLed(admin, name);
  return name;
}

/** Keys of every length up to 40 bytes with bytes of every kind, each byte alone, and texts that are hard on code. */
function hardKeys(): Uint8Array[] {
  const random = seededRandom(7);
  const bytes = (length: number) => Uint8Array.from({ length }, () => random.integer(0, 255));
  return [
    ...Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte)),
    ...Array.from({ length: 41 * 50 }, (_, i) => bytes(i % 41)),
    ...[0x00, 0x7f, 0x80, 0xff].flatMap((byte) => [3, 4, 5, 1_000].map((length) => new Uint8Array(length).fill(byte))),
    ...hostileKeys.map((text) => Buffer.from(text)),
    ...Array.from({ length: 500 }, (_, i) => Buffer.from(`user_${i}`)),
  ];
}

describe.skipIf(skip)(`the partition of a key${skip ? ` (skipped: ${skip})` : ""}`, () => {
  it("is the one that Kafka's own client for Java chooses, however many there are", () => {
    if ("skipped" in java) throw new Error(java.skipped);
    const keys = [1, 2, 3, 4, 6, 7, 12, 100, 10_000].flatMap((partitions) =>
      hardKeys().map((key) => ({ key, partitions })),
    );
    const chosen = keys.map(({ key, partitions }) => partitionOf(key, partitions));
    const ofJava = javaPartitions(java, keys);
    const others = keys.filter((_, i) => chosen[i] !== ofJava[i]).map(({ key, partitions }) => [[...key], partitions]);
    expect({ count: ofJava.length, others }).toEqual({ count: keys.length, others: [] });
  });

  it("is the same in a topic that is written to, where Java would have put it", async () => {
    if ("skipped" in java) throw new Error(java.skipped);
    const topic = await newTopic(7);
    const producer = new KafkaProducer({ brokers: [broker.address], auth: { kind: "none" } });
    const texts = [...new Set([...hostileKeys, ...Array.from({ length: 300 }, (_, i) => `user_${i}`)])];
    const messages = texts.map((key, i) => ({ id: `m${i}`, topic, key, value: "{}", timestamp: 1_704_110_700_000 }));
    expect(await producer.produce(messages)).toEqual({ kind: "accepted" });
    producer.close();
    const found = await readTopic(await openKafka(), topic);
    const ofJava = javaPartitions(
      java,
      texts.map((text) => ({ key: Buffer.from(text), partitions: 7 })),
    );
    expect(new Map(found.map(({ key, partition }) => [key, partition]))).toEqual(
      new Map(texts.map((text, i) => [text, ofJava[i]])),
    );
    expect(found).toHaveLength(texts.length);
  });
});

describe.skipIf(skip)(`records that are produced from a file${skip ? ` (skipped: ${skip})` : ""}`, () => {
  it("stand in the partitions that they name, in their order, up to the end offsets", async () => {
    const topic = await newTopic(3);
    const sender = await openSender({ brokers: [broker.address], auth: { kind: "none" } });
    const counts = [2_500, 0, 1_300];
    const sent = counts.flatMap((count, partition) =>
      Array.from({ length: count }, (_, i) => ({
        partition,
        key: Buffer.from(`user_${i % 7}`),
        value: Buffer.from(`${i}`),
      })),
    );
    for (const record of sent) await sender.send({ topic, ts: 1_704_110_700_000, ...record });
    await sender.close();
    const ends = (await admin.fetchTopicOffsets(topic)).map(({ partition, high }) => [partition, Number(high)]);
    expect(ends.toSorted(([a = 0], [b = 0]) => a - b)).toEqual(counts.map((count, partition) => [partition, count]));
    const found = await readTopic(await openKafka(), topic);
    expect(found.map(({ partition, value }) => [partition, value])).toEqual(
      sent.map(({ partition, value }) => [partition, String(value)]),
    );
  });
});

describe.skipIf(skip)(`a mapping from a broker to a function${skip ? ` (skipped: ${skip})` : ""}`, () => {
  const mappings: KafkaMapping[] = [];
  const errors: Error[] = [];
  afterEach(async () => {
    for (const mapping of mappings.splice(0)) await mapping.stop();
    errors.length = 0;
  });

  async function map(topic: string, handler: Parameters<typeof startKafkaMapping>[0]["handler"]): Promise<void> {
    const onError = (error: Error) => void errors.push(error);
    const rest = { brokers: [broker.address], topics: [topic], group: `group-${topic}`, batchSize: 10, concurrency: 2 };
    mappings.push(await startKafkaMapping({ ...rest, handler, onError }));
  }

  async function produced(topic: string, partitions: number, each: number): Promise<string[]> {
    const sender = await openSender({ brokers: [broker.address], auth: { kind: "none" } });
    const places = Array.from({ length: partitions * each }, (_, i) => ({
      partition: i % partitions,
      value: Buffer.from("{}"),
    }));
    for (const place of places) await sender.send({ topic, key: null, ...place });
    await sender.close();
    return Array.from({ length: partitions }, (_, p) => Array.from({ length: each }, (__, i) => `${p}@${i}`)).flat();
  }

  const committedOf = async (topic: string) => {
    const [found] = await admin.fetchOffsets({ groupId: `group-${topic}`, topics: [topic] });
    return (found?.partitions ?? []).map(({ partition, offset }) => [partition, Number(offset)]).toSorted();
  };
  const placesIn = (event: MskEvent) =>
    decodeMskEvent(event).flatMap(({ records }) => records.map(({ partition, offset }) => ({ partition, offset })));

  it("sends again what an answer names and what is thrown over, and commits nothing before it is done", async () => {
    const topic = await newTopic(2);
    const wanted = await produced(topic, 2, 35);
    const done = new Set<string>();
    const early: unknown[] = [];
    let calls = 0;
    await map(topic, async (event) => {
      calls++;
      for (const [partition = 0, offset = 0] of await committedOf(topic)) {
        for (let at = 0; at < offset; at++) if (!done.has(`${partition}@${at}`)) early.push({ partition, at });
      }
      const places = placesIn(event);
      expect(places.length).toBeLessThanOrEqual(10);
      if (calls % 5 === 0) throw new Error("down for a moment");
      // Every third answer has half of its event done.
      const failed = calls % 3 === 0 ? places.slice(Math.ceil(places.length / 2)) : [];
      for (const { partition, offset } of places.slice(0, places.length - failed.length))
        done.add(`${partition}@${offset}`);
      return {
        batchItemFailures: failed.map(({ partition, offset }) => {
          return { itemIdentifier: { partition: `${topic}-${partition}`, offset } };
        }),
      };
    });
    const ends = [
      [0, 35],
      [1, 35],
    ];
    await expect.poll(() => committedOf(topic), { timeout: 60_000, interval: 200 }).toEqual(ends);
    expect([...done].toSorted()).toEqual(wanted.toSorted());
    expect(early).toEqual([]);
    expect(errors.length).toBeGreaterThan(0);
  });

  it("shares its partitions with a second member that comes, and takes them back when that one goes", async () => {
    const topic = await newTopic(2);
    const taken: [member: string, place: string][] = [];
    const memberNamed = (name: string) => async (event: MskEvent) => {
      for (const { partition, offset } of placesIn(event)) taken.push([name, `${partition}@${offset}`]);
      return { batchItemFailures: [] };
    };
    const membersOf = () => new Set(taken.map(([member]) => member));
    await map(topic, memberNamed("first"));
    const wanted = new Set(await produced(topic, 2, 10));
    await expect.poll(() => new Set(taken.map(([, place]) => place)), { timeout: 30_000 }).toEqual(wanted);
    await map(topic, memberNamed("second"));
    await expect
      .poll(
        async () => {
          await produced(topic, 2, 1);
          await sleep(300);
          return membersOf();
        },
        { timeout: 60_000 },
      )
      .toEqual(new Set(["first", "second"]));
    await mappings.pop()?.stop();
    taken.length = 0;
    await produced(topic, 2, 1);
    await expect.poll(() => taken.map(([member]) => member), { timeout: 60_000 }).toEqual(["first", "first"]);
  });
});
