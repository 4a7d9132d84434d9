import { partitionOf } from "../../shared/kafka/partitioner.ts";
import type { ProduceOutcome, Producer, TopicMessage } from "../../shared/ports/producer.ts";

export interface MemoryRecord extends TopicMessage {
  readonly partition: number;
  readonly offset: number;
}

/** What goes wrong: what is answered, and how many of the messages are written all the same, from the first on. */
export interface ProduceFault {
  readonly outcome: ProduceOutcome;
  readonly written?: number;
}

export interface MemoryProducerOptions {
  /** Partitions by topic. */
  readonly topics: Readonly<Record<string, number>>;
  readonly valueBytesMax?: number;
  /** What goes wrong with the nth `produce`, from 1. */
  readonly fault?: (nth: number, messages: readonly TopicMessage[]) => ProduceFault | undefined;
}

/** A Kafka cluster that is an array. Like a real one it doesn't say which message of many is too large. */
export class MemoryProducer implements Producer {
  /** What is written, in the order of the writes. */
  readonly records: MemoryRecord[] = [];
  /** The ids of each `produce` that was asked for. */
  readonly asked: string[][] = [];
  readonly #options: MemoryProducerOptions;

  constructor(options: MemoryProducerOptions) {
    this.#options = options;
  }

  async produce(messages: readonly TopicMessage[], signal?: AbortSignal): Promise<ProduceOutcome> {
    if (signal?.aborted) return { kind: "unavailable", reason: "cut short by this side" };
    this.asked.push(messages.map(({ id }) => id));
    const fault = this.#options.fault?.(this.asked.length, messages);
    if (fault) {
      this.#write(messages.slice(0, fault.written ?? 0));
      return fault.outcome;
    }
    const tooLarge = messages.filter(({ value }) => Buffer.byteLength(value) > this.#valueBytesMax);
    if (tooLarge.length > 0 && messages.length > 1) return { kind: "refused", reason: "too large" };
    const refused = messages.filter((message) => tooLarge.includes(message) || !this.#partitionsOf(message));
    this.#write(messages.filter((message) => !refused.includes(message)));
    if (refused.length === 0) return { kind: "accepted" };
    const reason = tooLarge.length > 0 ? "too large" : `there is no topic ${refused[0]?.topic}`;
    return { kind: "refused", reason, ids: refused.map(({ id }) => id) };
  }

  get #valueBytesMax(): number {
    return this.#options.valueBytesMax ?? Number.POSITIVE_INFINITY;
  }

  #partitionsOf({ topic }: TopicMessage): number | undefined {
    return this.#options.topics[topic];
  }

  #write(messages: readonly TopicMessage[]): void {
    for (const message of messages) {
      const partition = partitionOf(new TextEncoder().encode(message.key), this.#partitionsOf(message) ?? 1);
      const isBefore = (record: MemoryRecord) => record.topic === message.topic && record.partition === partition;
      this.records.push({ ...message, partition, offset: this.records.filter(isBefore).length });
    }
  }
}
