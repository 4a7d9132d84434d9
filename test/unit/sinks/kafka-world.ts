import { afterEach, expect } from "vitest";
import { idHeader, type TopicMessage } from "../../../shared/ports/producer.ts";
import { KafkaProducer, type KafkaProducerSettings } from "../../../shared/sinks/kafka/kafka-producer.ts";
import { type FakeKafkaOptions, fakeKafka } from "../../support/fake-kafka.ts";

export const accepted = { kind: "accepted" };
export const unavailable = (reason: RegExp = /./) => ({ kind: "unavailable", reason: expect.stringMatching(reason) });

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A producer whose waits are short, on brokers that do as they are told, with a clock that stands still until it is moved. */
export async function setUp(options: Partial<FakeKafkaOptions> = {}, settings: Partial<KafkaProducerSettings> = {}) {
  const topics: Record<string, number> = { one: 3, other: 3 };
  const kafka = await fakeKafka({ topics, ...options });
  const time = { ms: 0 };
  const quick = { retriesMax: 2, retryWait: 5, requestTimeout: 200, produceTimeout: 5_000 };
  const producer = new KafkaProducer(
    { brokers: kafka.brokers, auth: { kind: "none" }, ...quick, ...settings },
    { now: () => time.ms },
  );
  closing.push(
    () => kafka.close(),
    () => producer.close(),
  );
  const idsIn = (topic = "one") => kafka.read(topic).map(({ headers }) => headers[idHeader]);
  return { producer, kafka, topics, time, idsIn };
}

/** Messages of these ids; of one key, so of one partition, unless another is given. */
export function messages(ids: string, rest: Partial<TopicMessage> = {}): TopicMessage[] {
  return ids
    .split(" ")
    .map((id) => ({ id, topic: "one", key: "user_1", value: `{"of":"${id}"}`, timestamp: 1_000, ...rest }));
}

/** Keys of the partitions 0, 1 and 2 of three. */
export const keyOf = ["user_1", "user_2", "user_6"] as const;
