import type { Admin } from "kafkajs";
import type { NeededTopic } from "../../shared/settings/topics.ts";
import { failureOf } from "../../shared/sinks/kafka/produce-failure.ts";
import { connectKafka, type KafkaAddress, retry } from "./kafka-client.ts";
import { replicasMax, type TopicHost } from "./topic-host.ts";

export interface KafkaTopicsSettings extends KafkaAddress {
  /** A serverless cluster keeps three copies, however many brokers it shows. */
  readonly isServerless?: boolean;
}

/** How long brokers may take to create a topic. */
const creationTimeout = 15_000;

/**
 * The topics of any Kafka cluster, over its own protocol: its brokers have to be reached from here.
 * @throws {Error} in one sentence, where they can't.
 */
export async function kafkaTopics({ isServerless, ...address }: KafkaTopicsSettings): Promise<TopicHost> {
  const { connection: admin, close } = await connectKafka(address, (kafka) => kafka.admin({ retry }));
  return {
    find: (names) => find(admin, names),
    create: async (topic) => create(admin, topic, isServerless ? replicasMax : await replicasOf(admin)),
    close,
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
