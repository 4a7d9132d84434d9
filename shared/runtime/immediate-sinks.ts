import type { Endpoint } from "../ports/endpoint.ts";
import type { Producer } from "../ports/producer.ts";
import type { ResultStore, StoredOutput } from "../ports/result-store.ts";
import type { Emitted } from "./outputs.ts";

/**
 * What became of a batch. `refused`: one or more of it won't ever be taken; `ids` names them where they are known, and then all others are
 * accepted. `unavailable`: it may help to send it again later.
 */
export type SendOutcome =
  | { readonly kind: "accepted" }
  | {
      readonly kind: "refused";
      readonly reason: string;
      readonly status?: number;
      readonly ids?: readonly string[];
    }
  | { readonly kind: "unavailable"; readonly reason: string };

/** What can be sent, and is told apart by its id. */
export interface Sendable {
  readonly output: { readonly id: string; readonly pipeline: string };
}

/** Where outputs go at once, and in what portions. */
export interface ImmediateSink<E extends Sendable = Emitted> {
  /** Part of the names of dead letters. */
  readonly name: "http" | "kafka" | "clickhouse" | "redis";
  /** Outputs of one `send`, at most. */
  readonly batchMax: number;
  /** Sends under way at once; the outputs of one key are always in the same line. */
  readonly lines: number;
  /** Sends outputs in their order. It never throws for what the other side does. */
  send(batch: readonly E[], signal?: AbortSignal): Promise<SendOutcome>;
  /** An output in the form that the sink takes: what a dead letter keeps of it. */
  payload(emitted: E): object;
}

export interface EndpointSinkSettings {
  /** 1: one JSON object per request. More: a JSON array of at most so many. */
  readonly batchMax: number;
  /** Requests in flight at once. */
  readonly lines: number;
}

/** An HTTP endpoint as a sink. */
export function endpointSink(endpoint: Endpoint, { batchMax, lines }: EndpointSinkSettings): ImmediateSink {
  return {
    ...{ name: "http", batchMax, lines },
    send(batch, signal) {
      const outputs = batch.map(({ output }) => output);
      const [first, last] = [outputs[0], outputs.at(-1)];
      const message =
        batchMax === 1
          ? { id: `${first?.id}`, body: JSON.stringify(first) }
          : { id: `${first?.id}..${last?.id}`, body: JSON.stringify(outputs) };
      return endpoint.post(message, signal);
    },
    payload: ({ output }) => ({ output }),
  };
}

/** An output for a database, and the message that it came in. */
export interface StorableResult {
  readonly output: StoredOutput;
  readonly message: object;
}

/** Outputs of one write to a database: as many as a batch of messages mostly has. */
const storedMax = 500;

/** A database as a sink. One line: what is written together is cheap, and its writers don't meet in one place. */
export function storeSink(name: "clickhouse" | "redis", store: ResultStore): ImmediateSink<StorableResult> {
  return {
    ...{ name, batchMax: storedMax, lines: 1 },
    send: (batch, signal) =>
      store.write(
        batch.map(({ output }) => output),
        signal,
      ),
    payload: ({ message }) => ({ message }),
  };
}

/** Outputs that go to the brokers in one turn: as many as a batch of changes, which mostly have one each. */
const messagesMax = 500;

/** A Kafka cluster as a sink. One line: the producer has one connection to each broker, and cuts what is too large for one request. */
export function producerSink(producer: Producer): ImmediateSink {
  return {
    ...{ name: "kafka", batchMax: messagesMax, lines: 1 },
    send: (batch, signal) =>
      producer.produce(
        batch.map(({ message }) => message),
        signal,
      ),
    payload: ({ message }) => ({ message }),
  };
}
