import { randomUUID } from "node:crypto";
import { Kafka } from "kafkajs";
import { describe, expect, it } from "vitest";
import { kafkaTopics } from "../../localstack/topics/kafka-topics.ts";
import type { TopicHost } from "../../localstack/topics/topic-host.ts";
import type { NeededTopic } from "../../shared/settings/topics.ts";
import { fakeKafka } from "../support/fake-kafka.ts";

interface Open {
  readonly host: TopicHost;
  /** A name that is free. */
  readonly free: string;
  close(): Promise<void>;
}

async function openOnFake(): Promise<Open> {
  const kafka = await fakeKafka({ topics: { another: 2 } });
  const host = await kafkaTopics({ brokers: kafka.brokers, auth: { kind: "none" } });
  const close = async () => {
    await host.close();
    await kafka.close();
  };
  return { host, free: "free", close };
}

const realBrokers = process.env.TIDEMARK_KAFKA_BROKERS;
const skipReal = realBrokers ? undefined : "TIDEMARK_KAFKA_BROKERS isn't set";

async function openOnReal(): Promise<Open> {
  const brokers = (realBrokers ?? "").split(",");
  const host = await kafkaTopics({ brokers, auth: { kind: "none" } });
  const free = `tidemark-contract-${randomUUID()}`;
  const close = async () => {
    await host.close();
    const admin = new Kafka({ brokers, logCreator: () => () => {} }).admin();
    await admin.connect();
    const made = (await admin.listTopics()).filter((topic) => topic.startsWith(free));
    await admin.deleteTopics({ topics: made });
    await admin.disconnect();
  };
  return { host, free, close };
}

const topic = (name: string, more: Partial<NeededTopic> = {}): NeededTopic => ({
  ...{ name, partitions: 3, role: "source", cleanup: "delete" },
  ...more,
});

const places = [
  ["a fake of Kafka's wire", undefined, openOnFake],
  [realBrokers ?? "a real cluster", skipReal, openOnReal],
] as const;

for (const [where, skip, open] of places) {
  describe.skipIf(skip)(`kafkaTopics, on ${where}${skip ? `: ${skip}` : ""},`, () => {
    it("finds what it has created, and nothing that isn't there", async () => {
      const { host, free, close } = await open();
      try {
        expect(await host.find([free])).toEqual(new Map());
        expect(await host.create(topic(free))).toBe("created");
        expect(await host.create(topic(`${free}-table`, { partitions: 1, cleanup: "compact" }))).toBe("created");
        const found = () => host.find([free, `${free}-table`, `${free}-missing`]);
        await expect.poll(found).toEqual(new Map([[free, 3], [`${free}-table`, 1]])); // biome-ignore format: one pair each
      } finally {
        await close();
      }
    });

    it("leaves a topic that is there as it is", async () => {
      const { host, free, close } = await open();
      try {
        await host.create(topic(free));
        await expect.poll(() => host.find([free])).toEqual(new Map([[free, 3]]));
        expect(await host.create(topic(free, { partitions: 5 }))).toBe("taken");
        expect(await host.find([free])).toEqual(new Map([[free, 3]]));
      } finally {
        await close();
      }
    });
  });
}

describe("kafkaTopics, as the wire sees it,", () => {
  it.each([
    [1, 1],
    [2, 2],
    [3, 3],
    [4, 3],
  ])("asks %i brokers for %i copies of each record", async (nodes, replicas) => {
    const kafka = await fakeKafka({ topics: {}, nodes });
    const host = await kafkaTopics({ brokers: kafka.brokers, auth: { kind: "none" } });
    await host.create(topic("events", { partitions: 6 }));
    await host.create(topic("table", { cleanup: "compact" }));
    expect(kafka.created).toEqual([
      { topic: "events", partitions: 6, replicas, configs: {} },
      { topic: "table", partitions: 3, replicas, configs: { "cleanup.policy": "compact" } },
    ]);
    await host.close();
    await kafka.close();
  });

  it("asks a serverless cluster for three, and says what the brokers say against a topic", async () => {
    const kafka = await fakeKafka({ topics: {} });
    const host = await kafkaTopics({ brokers: kafka.brokers, auth: { kind: "none" }, isServerless: true });
    const refusal = "can't create the topic events: INVALID_REPLICATION_FACTOR";
    await expect(host.create(topic("events"))).rejects.toThrow(refusal);
    await host.close();
    await kafka.close();
  });

  it("names the brokers that can't be reached", async () => {
    const brokers = ["127.0.0.1:1"];
    const opening = kafkaTopics({ brokers, auth: { kind: "none" } });
    await expect(opening).rejects.toThrow(
      /^no way to the brokers 127\.0\.0\.1:1: .*ECONNREFUSED.*; run this where they can be reached/,
    );
  });
});
