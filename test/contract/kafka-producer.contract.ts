import { describe, expect, it } from "vitest";
import type { KafkaProducerSettings } from "../../shared/sinks/kafka/kafka-producer.ts";
import { type OpenProducer, producerContract } from "./producer.contract.ts";

export const quick = { retriesMax: 2, retryWait: 5, connectTimeout: 1_000 };
/** What the topics take in one message. */
export const messageBytesMax = 100_000;
/** As much as a topic takes; what is more stands in for a topic that takes less than this producer knows of. */
const requestBytesMax = 90_000;
/** Nobody listens on the port of `tcpmux`. */
export const nobody = ["127.0.0.1:1"];

export interface KafkaProducerContract {
  /** What it writes to. */
  readonly where: string;
  readonly skip?: string | undefined;
  open(state: "up" | "down", settings: Partial<KafkaProducerSettings>): Promise<OpenProducer>;
}

/** What `KafkaProducer` must do, whatever cluster it writes to. */
export function kafkaProducerContract({ where, skip, open }: KafkaProducerContract): void {
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
