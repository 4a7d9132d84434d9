import { textHash } from "../../shared/core/text-hash.ts";
import type { MskRecord } from "../../shared/kafka/msk-event.ts";
import { partitionOf } from "../../shared/kafka/partitioner.ts";
import type { DeliveryOutcome, Endpoint } from "../../shared/ports/endpoint.ts";
import type { Output } from "../../shared/ports/output.ts";
import { idHeader, type ProduceOutcome, type Producer, type TopicMessage } from "../../shared/ports/producer.ts";
import type { ResultStore, StoredOutput, WriteOutcome } from "../../shared/ports/result-store.ts";
import type { CallFault } from "./faults.ts";
import type { Actor, Scheduler } from "./scheduler.ts";

export type SinkName = "http" | "kafka" | "clickhouse";

/** An output that a sink has got, or says that it has. */
export interface Arrival {
  readonly sink: SinkName;
  readonly id: string;
  /** What it says, as text. */
  readonly content: string;
}

export interface SinksOptions {
  readonly scheduler: Scheduler;
  /** Of a hundred outputs, how many each sink will never take. */
  readonly refusedShare: number;
  readonly outputPartitions: number;
  readonly onArrival: (arrival: Arrival) => void;
}

const taken = { kind: "accepted" } as const;
const downFor = 120;

/** The customer's endpoint, a Kafka cluster, and a database: each may be down, slow, or lie. */
export class SimulatedSinks {
  /** Outputs that a sink said it took, and forgot. */
  readonly lies = new Set<string>();
  /** What stands in the output topic, by partition. */
  readonly outputLog: MskRecord[][];
  readonly #options: SinksOptions;
  readonly #downUntil = new Map<SinkName, number>();

  constructor(options: SinksOptions) {
    this.#options = options;
    this.outputLog = Array.from({ length: options.outputPartitions }, () => []);
  }

  /** Whether this output is one of those that a sink refuses for good. */
  isRefused(sink: SinkName, id: string): boolean {
    return textHash(`${sink} ${id}`) % 100 < this.#options.refusedShare;
  }

  endpoint(actor: Actor): Endpoint {
    const { scheduler } = this.#options;
    return {
      post: ({ id, body }) =>
        scheduler.call(actor, "send", `post ${id}`, (fault): DeliveryOutcome => {
          const parsed = JSON.parse(body) as Output | Output[];
          const outputs = [parsed].flat().map((output) => ({ id: output.id, content: JSON.stringify(output.body) }));
          if (outputs.some((output) => this.isRefused("http", output.id))) {
            return { kind: "refused", status: 422, reason: "no" };
          }
          return this.#receive("http", outputs, fault === "sink takes a part" ? "sink answer lost" : fault);
        }),
    };
  }

  producer(actor: Actor): Producer {
    const { scheduler } = this.#options;
    return {
      produce: (messages) =>
        scheduler.call(actor, "send", `produce ${messages.map(({ id }) => id)}`, (fault): ProduceOutcome => {
          const refused = messages.filter(({ id }) => this.isRefused("kafka", id));
          const others = messages.filter((message) => !refused.includes(message));
          const outputs = others.map((message) => ({ id: message.id, content: message.value, message }));
          const outcome = this.#receive("kafka", outputs, fault);
          if (outcome.kind !== "accepted" || refused.length === 0) return outcome;
          const ids = refused.map(({ id }) => id);
          return { kind: "refused", reason: "no", ...(ids.length % 2 === 1 && { ids }) };
        }),
    };
  }

  /** A database, which a later revision of an output changes. */
  resultStore(actor: Actor): ResultStore {
    const { scheduler } = this.#options;
    return {
      write: (outputs: readonly StoredOutput[]) =>
        scheduler.call(actor, "send", `store ${outputs.map(({ id }) => id)}`, (fault): WriteOutcome => {
          const rows = outputs.map(({ id, body }) => ({ id, content: JSON.stringify(body) }));
          const ids = rows.filter(({ id }) => this.isRefused("clickhouse", id)).map(({ id }) => id);
          const outcome = this.#receive(
            "clickhouse",
            rows.filter(({ id }) => !ids.includes(id)),
            fault,
          );
          return outcome.kind === "accepted" && ids.length > 0 ? { kind: "refused", reason: "no", ids } : outcome;
        }),
    };
  }

  /** Nothing is down any more. */
  mend(): void {
    this.#downUntil.clear();
  }

  #receive(
    sink: SinkName,
    outputs: readonly { readonly id: string; readonly content: string; readonly message?: TopicMessage }[],
    fault: CallFault | undefined,
  ): { kind: "accepted" } | { kind: "unavailable"; reason: string } {
    const { step } = this.#options.scheduler;
    if (fault === "sink down") this.#downUntil.set(sink, step + (textHash(`${step}`) % downFor));
    const isDown = step <= (this.#downUntil.get(sink) ?? -1);
    if (isDown) return { kind: "unavailable", reason: "down" };
    if (fault === "sink lies") {
      for (const { id } of outputs) this.lies.add(`${sink} ${id}`);
      return taken;
    }
    const landing = fault === "sink takes a part" ? outputs.slice(0, Math.ceil(outputs.length / 2)) : outputs;
    for (const { id, content, message } of landing) {
      if (message) this.#append(message);
      this.#options.onArrival({ sink, id, content });
    }
    return fault === undefined ? taken : { kind: "unavailable", reason: "no answer" };
  }

  #append({ topic, key, value, id, timestamp }: TopicMessage): void {
    const partition = partitionOf(Buffer.from(key), this.outputLog.length);
    const log = this.outputLog[partition] as MskRecord[];
    const bytes = (text: string) => Buffer.from(text).toString("base64");
    const headers = [{ [idHeader]: [...new Int8Array(Buffer.from(id))] }];
    log.push({ topic, partition, offset: log.length, timestamp, key: bytes(key), value: bytes(value), headers });
  }
}

/** Of an output's id. */
export function readOutputId(id: string): { readonly entity: string; readonly revision: number } {
  const end = id.lastIndexOf(":");
  return { entity: id.slice(id.indexOf(":") + 1, end), revision: Number(id.slice(end + 1)) };
}
