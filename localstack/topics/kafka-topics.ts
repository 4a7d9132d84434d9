import type { Admin } from "kafkajs";
import type { NeededTopic } from "../../shared/settings/topics.ts";
import { type KafkaAuth, securityOf } from "../../shared/sinks/kafka/kafka-session.ts";
import { loadKafkajs } from "../../shared/sinks/kafka/kafkajs.ts";
import { failureOf } from "../../shared/sinks/kafka/produce-failure.ts";
import { cuttableSockets } from "../../shared/sinks/kafka/sockets.ts";
import { replicasMax, type TopicHost } from "./topic-host.ts";

export interface KafkaTopicsSettings {
  /** `host:port`, one or more. */
  readonly brokers: readonly string[];
  readonly auth: KafkaAuth;
  /** A serverless cluster keeps three copies, however many brokers it shows. */
  readonly isServerless?: boolean;
}

const waits = { connectionTimeout: 5_000, authenticationTimeout: 5_000, requestTimeout: 15_000 };
const retry = { retries: 2, initialRetryTime: 300, maxRetryTime: 2_000 };
/** How long brokers may take to create a topic. */
const creationTimeout = 15_000;

/**
 * The topics of any Kafka cluster, over its own protocol: its brokers have to be reached from here.
 * @throws {Error} in one sentence, where they can't.
 */
export async function kafkaTopics({ brokers, auth, isServerless }: KafkaTopicsSettings): Promise<TopicHost> {
  const { Kafka } = await loadKafkajs();
  const sockets = cuttableSockets();
  const shown = brokers.join(",");
  const kafka = new Kafka({
    ...{ clientId: "tidemark", brokers: [...brokers], ...securityOf(auth), ...waits, retry },
    ...{ socketFactory: sockets.open, logCreator: () => () => {} },
  });
  const admin = kafka.admin({ retry });
  try {
    await admin.connect();
  } catch (cause) {
    sockets.close();
    const reason = failureOf(cause).reason;
    const mend = "run this where they can be reached, such as in the cluster's VPC";
    throw new Error(`no way to the brokers ${shown}: ${reason}; ${mend}`, { cause });
  }
  return {
    find: (names) => find(admin, names),
    create: async (topic) => create(admin, topic, isServerless ? replicasMax : await replicasOf(admin)),
    close: async () => {
      await admin.disconnect().catch(() => {});
      sockets.close();
    },
  };
}

/** Asked for all topics: a broker may create one that is asked for by its name. */
async function find(admin: Admin, names: readonly string[]): Promise<Map<string, number>> {
  const { topics } = await told("list the topics", "kafka-cluster:DescribeTopic", () => admin.fetchTopicMetadata());
  const wanted = topics.filter(({ name }) => names.includes(name));
  return new Map(wanted.map(({ name, partitions }) => [name, partitions.length]));
}

async function replicasOf(admin: Admin): Promise<number> {
  const { brokers } = await told("count the brokers", "kafka-cluster:Connect", () => admin.describeCluster());
  return Math.min(replicasMax, brokers.length);
}

async function create(admin: Admin, { name, partitions, cleanup }: NeededTopic, replicas: number) {
  const configEntries = cleanup === "compact" ? [{ name: "cleanup.policy", value: "compact" }] : [];
  const topic = { topic: name, numPartitions: partitions, replicationFactor: replicas, configEntries };
  const isNew = await told(`create the topic ${name}`, "kafka-cluster:CreateTopic", () =>
    admin.createTopics({ topics: [topic], waitForLeaders: false, timeout: creationTimeout }),
  );
  return isNew ? "created" : "taken";
}

/** kafkajs gathers the errors of several topics. */
interface Gathered {
  readonly errors?: readonly Error[];
}

async function told<T>(what: string, permission: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    const { reason } = failureOf((cause as Gathered).errors?.[0] ?? cause);
    const mend = reason.includes("AUTHORIZATION_FAILED") ? `; give your role ${permission}` : "";
    throw new Error(`can't ${what}: ${reason}${mend}`, { cause });
  }
}
