import type { ICustomPartitioner, KafkaConfig, Message, Producer } from "kafkajs";
import type { DurationMs } from "../../core/units.ts";
import { idHeader, type TopicMessage } from "../../ports/producer.ts";
import { loadKafkajs } from "./kafkajs.ts";
import { type AwsCredentials, mskIamToken } from "./msk-iam-token.ts";
import { cuttableSockets } from "./sockets.ts";

/** How the brokers are told who writes, and whether anyone else may listen. */
export type KafkaAuth =
  /** By an AWS role, over TLS: port 9098 of MSK. */
  | {
      readonly kind: "iam";
      readonly region: string;
      readonly credentials: () => Promise<AwsCredentials>;
      /** Certificate authorities in PEM that are trusted instead of the usual ones. */
      readonly ca?: string;
    }
  /** Not at all, and in plain text: for a broker on this machine, or in a network of one's own. */
  | { readonly kind: "none" };

export interface SessionSettings {
  /** `host:port`, one or more: any of them knows the others. */
  readonly brokers: readonly string[];
  readonly auth: KafkaAuth;
  /** How long opening a connection may take. */
  readonly connectTimeout: DurationMs;
  /** How long the answer to a request may take. */
  readonly requestTimeout: DurationMs;
  /** Further tries of a request, with the same sequence numbers: brokers drop what they have already. */
  readonly retriesMax: number;
  /** The wait before the first further try; it doubles from try to try, up to 2 s. */
  readonly retryWait: DurationMs;
}

/**
 * A connected producer with an id of its own, by which brokers tell repetitions from new messages. After a failure it must not be used:
 * kafkajs takes back the sequence numbers of what may be written, and brokers would take the next messages for a repetition of those, drop
 * them, and say that they have them.
 */
export interface KafkaSession {
  /** Resolves when all in-sync replicas have these messages of one topic. One call at a time. @throws what kafkajs throws. */
  send(messages: readonly TopicMessage[]): Promise<void>;
  /** Cuts all connections. What is under way fails, and nothing more is sent. */
  close(): void;
}

const retryWaitMax: DurationMs = 2_000;

/** @throws what kafkajs throws, where no broker can be reached. A fired `signal` cuts it short. */
export async function openKafkaSession(settings: SessionSettings, signal: AbortSignal): Promise<KafkaSession> {
  const { Kafka, Partitioners } = await loadKafkajs();
  signal.throwIfAborted();
  const sockets = cuttableSockets();
  const { createPartitioner, chosen } = watched(Partitioners.DefaultPartitioner);
  const { retriesMax, retryWait, connectTimeout, requestTimeout } = settings;
  const retry = { retries: retriesMax, initialRetryTime: retryWait, maxRetryTime: retryWaitMax };
  const kafka = new Kafka({
    clientId: "tidemark",
    brokers: [...settings.brokers],
    ...securityOf(settings.auth),
    ...{ connectionTimeout: connectTimeout, authenticationTimeout: requestTimeout, requestTimeout, retry },
    socketFactory: sockets.open,
    // Its own one writes to the console.
    logCreator: () => () => {},
  });
  const producer = kafka.producer({ idempotent: true, allowAutoTopicCreation: false, createPartitioner, retry });
  signal.addEventListener("abort", sockets.close, { once: true });
  try {
    await producer.connect();
  } catch (error) {
    sockets.close();
    throw error;
  } finally {
    signal.removeEventListener("abort", sockets.close);
  }
  return {
    send: (messages) => send({ producer, chosen, requestTimeout }, messages),
    close: sockets.close,
  };
}

/** Kafka's own choice of partitions, and which it chose. */
function watched(createChoice: ICustomPartitioner) {
  const chosen = new Set<number>();
  const createPartitioner: ICustomPartitioner = () => {
    const choose = createChoice();
    return (message) => {
      const partition = choose(message);
      chosen.add(partition);
      return partition;
    };
  };
  return { createPartitioner, chosen };
}

interface Sending {
  readonly producer: Producer;
  readonly chosen: Set<number>;
  readonly requestTimeout: DurationMs;
}

async function send({ producer, chosen, requestTimeout }: Sending, messages: readonly TopicMessage[]): Promise<void> {
  const topic = messages[0]?.topic ?? "";
  chosen.clear();
  // Brokers give up waiting for replicas before this side gives up waiting for the brokers.
  const timeout = Math.ceil(requestTimeout * 0.8);
  const answers = await producer.send({ topic, acks: -1, timeout, messages: messages.map(kafkaMessage) });
  // When a partition moves, between two tries, to a broker that has answered for others, kafkajs takes that answer for this one too.
  const confirmed = new Set(answers.map(({ partition }) => partition));
  const unconfirmed = [...chosen].filter((partition) => !confirmed.has(partition));
  if (unconfirmed.length > 0) throw new Error(`no broker confirmed partition ${unconfirmed.join(", ")} of ${topic}`);
}

function kafkaMessage({ id, key, value, timestamp }: TopicMessage): Message {
  return { key, value, timestamp: String(timestamp), headers: { [idHeader]: id } };
}

/** How kafkajs is told who asks. */
export function securityOf(auth: KafkaAuth): Pick<KafkaConfig, "ssl" | "sasl"> {
  if (auth.kind === "none") return {};
  const { region, credentials, ca } = auth;
  const oauthBearerProvider = async () => {
    return { value: mskIamToken({ region, credentials: await credentials(), now: Date.now() }) };
  };
  return { ssl: ca === undefined ? {} : { ca }, sasl: { mechanism: "oauthbearer", oauthBearerProvider } };
}
