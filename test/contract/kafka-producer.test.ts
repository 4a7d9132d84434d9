import { KafkaProducer, type KafkaProducerSettings } from "../../shared/sinks/kafka/kafka-producer.ts";
import { fakeKafka } from "../support/fake-kafka.ts";
import { kafkaProducerContract, messageBytesMax, nobody, quick } from "./kafka-producer.contract.ts";
import { openProducerOn } from "./open-on-kafka.ts";
import type { OpenProducer } from "./producer.contract.ts";

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

// Held to producer.contract.ts, through kafka-producer.contract.ts.
kafkaProducerContract({ where: "a fake of Kafka's wire", open: openOnFake });

const realBrokers = process.env.TIDEMARK_KAFKA_BROKERS;

kafkaProducerContract({
  where: realBrokers ?? "a real cluster",
  skip: realBrokers ? undefined : "TIDEMARK_KAFKA_BROKERS isn't set",
  open: (state, settings) => openProducerOn((realBrokers ?? "").split(","), state, settings),
});
