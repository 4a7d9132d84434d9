import { setTimeout as sleep } from "node:timers/promises";
import type { EachBatchPayload, KafkaMessage } from "kafkajs";
import type { LogRecord } from "../../shared/core/record.ts";
import type { DurationMs } from "../../shared/core/units.ts";
import { loadKafkajs } from "../../shared/sinks/kafka/kafkajs.ts";
import { deliverRecords } from "./msk-mapping.ts";

export interface KafkaMappingOptions {
  /** `host:port`, one or more; in plain text. */
  readonly brokers: readonly string[];
  readonly topics: readonly string[];
  /** Its consumer group: it begins where the group has come to, else with the oldest record. */
  readonly group: string;
  /** Records in an event at most. */
  readonly batchSize: number;
  /** Events that are under way at once, each of a partition of its own. */
  readonly concurrency: number;
  readonly handler: Parameters<typeof deliverRecords>[0];
  /** Told of what kept records from being done; they are sent again. */
  readonly onError: (error: Error) => void;
}

export interface KafkaMapping {
  /** Ends after the answers that are still out, and leaves the group. */
  stop(): Promise<void>;
}

/** After how long the group takes a member for dead that says nothing: the shortest that brokers take by default. */
const sessionTimeout: DurationMs = 6_000;
const heartbeatInterval: DurationMs = 1_000;
/** How long a broker may wait for records before it says that there are none. */
const pollMax: DurationMs = 200;
const retries = { tries: 5, wait: (attempt: number) => sleep(100 * 2 ** attempt) };

/**
 * What an event source mapping of MSK does, for a Kafka that is really there: a member of a consumer group polls the brokers and invokes a
 * function with events of one partition. Offsets are committed behind its answer, so that what a dead or stalled member had under way is
 * sent again by the next; what the answer names as failed is sent again at once. A member that lost a partition may still be at work on
 * its last event while the next has begun.
 */
export async function startKafkaMapping(options: KafkaMappingOptions): Promise<KafkaMapping> {
  const { brokers, topics, group, concurrency, onError } = options;
  const { Kafka, logLevel } = await loadKafkajs();
  const kafka = new Kafka({ clientId: "tidemark", brokers: [...brokers], logLevel: logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId: group, sessionTimeout, heartbeatInterval, maxWaitTimeInMs: pollMax });
  consumer.on(consumer.events.CRASH, ({ payload }) => onError(payload.error));
  await consumer.connect();
  await consumer.subscribe({ topics: [...topics], fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    partitionsConsumedConcurrently: concurrency,
    eachBatch: async (payload) => {
      try {
        await deliverBatch(payload, options);
      } catch (error) {
        onError(error as Error);
        throw error;
      }
    },
  });
  return { stop: () => consumer.disconnect() };
}

/** @throws what keeps its records from being done: kafkajs then asks for them again. */
async function deliverBatch(payload: EachBatchPayload, { batchSize, handler }: KafkaMappingOptions): Promise<void> {
  const { batch, resolveOffset, heartbeat, commitOffsetsIfNecessary, isRunning, isStale } = payload;
  const { topic, partition, messages } = batch;
  // A rebalance shows in the commit.
  const beat = setInterval(() => void heartbeat().catch(() => {}), heartbeatInterval);
  try {
    for (let from = 0; from < messages.length && isRunning() && !isStale(); from += batchSize) {
      const records = messages.slice(from, from + batchSize).map((message) => logRecord(topic, partition, message));
      await deliverRecords(handler, records, retries);
      const last = (records.at(-1) as LogRecord).offset;
      resolveOffset(String(last));
      await commitOffsetsIfNecessary({ topics: [{ topic, partitions: [{ partition, offset: String(last + 1) }] }] });
    }
  } finally {
    clearInterval(beat);
  }
}

function logRecord(topic: string, partition: number, { offset, timestamp, key, value }: KafkaMessage): LogRecord {
  return { topic, partition, offset: Number(offset), timestamp: Number(timestamp), key, value };
}
