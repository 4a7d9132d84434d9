import type { Message } from "kafkajs";
import { failureOf } from "../../shared/sinks/kafka/produce-failure.ts";
import type { FileRecord } from "../record-file/parse-line.ts";
import { connectKafka, type KafkaAddress, retry } from "./kafka-client.ts";

/** What one request holds at most; brokers take a megabyte for each partition. */
const requestBytesMax = 500_000;
const requestRecordsMax = 1_000;

export interface Sender {
  /** Records of one topic and partition arrive in the order of the calls. @throws {Error} the brokers don't take them. */
  send(record: FileRecord): Promise<void>;
  /** All that was given has arrived when it comes back. @throws {Error} the brokers don't take it. */
  close(): Promise<void>;
}

/**
 * Writes records to their topics, each to the partition that it names, else to the one that Kafka chooses for its key.
 * @throws {Error} no broker can be reached.
 */
export async function openSender(address: KafkaAddress): Promise<Sender> {
  const { connection, close } = await connectKafka(address, (kafka) =>
    kafka.producer({ idempotent: true, allowAutoTopicCreation: false, retry }),
  );
  let waiting = new Map<string, Message[]>();
  let bytes = 0;
  let records = 0;
  const flush = async () => {
    const topicMessages = Array.from(waiting, ([topic, messages]) => ({ topic, messages }));
    waiting = new Map();
    bytes = 0;
    records = 0;
    if (topicMessages.length === 0) return;
    try {
      await connection.sendBatch({ acks: -1, topicMessages });
    } catch (cause) {
      const topics = topicMessages.map(({ topic }) => topic).join(", ");
      throw new Error(`the brokers don't take records of ${topics}: ${failureOf(cause).reason}`, { cause });
    }
  };
  return {
    send: async (record) => {
      const messages = waiting.get(record.topic) ?? [];
      waiting.set(record.topic, messages);
      messages.push(messageOf(record));
      bytes += (record.value?.length ?? 0) + (record.key?.length ?? 0);
      records += 1;
      if (bytes >= requestBytesMax || records >= requestRecordsMax) await flush();
    },
    close: async () => {
      try {
        await flush();
      } finally {
        await close();
      }
    },
  };
}

function messageOf({ partition, key, value, ts }: FileRecord): Message {
  return {
    ...{ key, value },
    ...(partition !== undefined && { partition }),
    ...(ts !== undefined && { timestamp: String(ts) }),
  };
}
