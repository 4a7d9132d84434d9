import { describe, expect, it } from "vitest";
import { kafkaTopics } from "../../localstack/topics/kafka-topics.ts";
import { fakeKafka } from "../support/fake-kafka.ts";
import { kafkaTopicsContract, type OpenTopics, topic } from "./kafka-topics.contract.ts";
import { openTopicsOn } from "./open-on-kafka.ts";

async function openOnFake(): Promise<OpenTopics> {
  const kafka = await fakeKafka({ topics: { another: 2 } });
  const host = await kafkaTopics({ brokers: kafka.brokers, auth: { kind: "none" } });
  const close = async () => {
    await host.close();
    await kafka.close();
  };
  return { host, free: "free", close };
}

kafkaTopicsContract({ where: "a fake of Kafka's wire", open: openOnFake });

const realBrokers = process.env.TIDEMARK_KAFKA_BROKERS;

kafkaTopicsContract({
  where: realBrokers ?? "a real cluster",
  skip: realBrokers ? undefined : "TIDEMARK_KAFKA_BROKERS isn't set",
  open: () => openTopicsOn((realBrokers ?? "").split(",")),
});

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
