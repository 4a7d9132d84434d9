import type { Kafka } from "kafkajs";
import { type KafkaAuth, securityOf } from "../../shared/sinks/kafka/kafka-session.ts";
import { loadKafkajs } from "../../shared/sinks/kafka/kafkajs.ts";
import { failureOf } from "../../shared/sinks/kafka/produce-failure.ts";
import { cuttableSockets } from "../../shared/sinks/kafka/sockets.ts";

export interface KafkaAddress {
  /** `host:port`, one or more. */
  readonly brokers: readonly string[];
  readonly auth: KafkaAuth;
}

const waits = { connectionTimeout: 5_000, authenticationTimeout: 5_000, requestTimeout: 15_000 };
export const retry = { retries: 2, initialRetryTime: 300, maxRetryTime: 2_000 };

interface Connecting {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
}

/**
 * A connection to a Kafka cluster, made by `open`.
 * @throws {Error} in one sentence, where no broker can be reached.
 */
export async function connectKafka<C extends Connecting>({ brokers, auth }: KafkaAddress, open: (kafka: Kafka) => C) {
  const { Kafka } = await loadKafkajs();
  const sockets = cuttableSockets();
  const kafka = new Kafka({
    ...{ clientId: "tidemark", brokers: [...brokers], ...securityOf(auth), ...waits, retry },
    ...{ socketFactory: sockets.open, logCreator: () => () => {} },
  });
  const connection = open(kafka);
  try {
    await connection.connect();
  } catch (cause) {
    sockets.close();
    const mend = "run this where they can be reached, such as in the cluster's VPC";
    throw new Error(`no way to the brokers ${brokers.join(",")}: ${failureOf(cause).reason}; ${mend}`, { cause });
  }
  const close = async () => {
    await connection.disconnect().catch(() => {});
    sockets.close();
  };
  return { connection, close };
}
