import {
  CreateTopicCommand,
  DescribeClusterV2Command,
  type DescribeClusterV2Response,
  DescribeTopicCommand,
  GetBootstrapBrokersCommand,
  type KafkaClient,
} from "@aws-sdk/client-kafka";
import type { NeededTopic } from "../../shared/settings/topics.ts";
import { permissions, refusedByAws } from "./aws-refusal.ts";
import { replicasMax, type TopicHost } from "./topic-host.ts";

/** What MSK says of a cluster. */
export interface MskCluster {
  readonly arn: string;
  readonly name: string;
  readonly kind: "standard" | "express" | "serverless";
  readonly state: string;
  /** Whether brokers take an AWS role for a name: what functions and event source mappings come with. */
  readonly hasIam: boolean;
  /** Of a serverless cluster nobody knows. */
  readonly brokerCount?: number;
  /** `host:port` of the listeners for IAM. None before the cluster is active. */
  readonly brokers: readonly string[];
}

/** @throws {Error} there is none, or AWS refuses to say; names what is missing. */
export async function describeMskCluster(client: KafkaClient, arn: string): Promise<MskCluster> {
  const { ClusterInfo: info = {} } = await refusedByAws(
    `describe the cluster ${arn}`,
    permissions.describeCluster,
    () => client.send(new DescribeClusterV2Command({ ClusterArn: arn })),
  );
  const state = info.State ?? "unknown";
  const brokerCount = info.Provisioned?.NumberOfBrokerNodes;
  return {
    ...{ arn, name: info.ClusterName ?? "", kind: kindOf(info), state, hasIam: hasIam(info) },
    ...(brokerCount !== undefined && { brokerCount }),
    brokers: state === "ACTIVE" ? await brokersOf(client, arn) : [],
  };
}

type ClusterInfo = NonNullable<DescribeClusterV2Response["ClusterInfo"]>;

function kindOf({ ClusterType, Provisioned }: ClusterInfo): MskCluster["kind"] {
  if (ClusterType === "SERVERLESS") return "serverless";
  return Provisioned?.BrokerNodeGroupInfo?.InstanceType?.startsWith("express.") ? "express" : "standard";
}

function hasIam({ Provisioned, Serverless }: ClusterInfo): boolean {
  return (Provisioned ?? Serverless)?.ClientAuthentication?.Sasl?.Iam?.Enabled === true;
}

async function brokersOf(client: KafkaClient, arn: string): Promise<string[]> {
  const answer = await refusedByAws(`name the brokers of ${arn}`, permissions.nameBrokers, () =>
    client.send(new GetBootstrapBrokersCommand({ ClusterArn: arn })),
  );
  const text = answer.BootstrapBrokerStringSaslIam ?? answer.BootstrapBrokerStringPublicSaslIam ?? "";
  return text.split(",").filter(Boolean);
}

/**
 * The topics of a provisioned cluster, by MSK's own API: no broker has to be reached. What it answers is up to a minute old. MSK Serverless
 * and versions of Kafka before 3.6 don't have it.
 */
export function mskTopics(client: KafkaClient, { arn, brokerCount = replicasMax }: MskCluster): TopicHost {
  return {
    async find(names) {
      const found = new Map<string, number>();
      for (const name of names) {
        const partitions = await partitionsOf(client, arn, name);
        if (partitions !== undefined) found.set(name, partitions);
      }
      return found;
    },
    create: (topic) => createTopic(client, arn, Math.min(replicasMax, brokerCount), topic),
    close: async () => client.destroy(),
  };
}

async function partitionsOf(client: KafkaClient, arn: string, name: string): Promise<number | undefined> {
  const describe = () => client.send(new DescribeTopicCommand({ ClusterArn: arn, TopicName: name }));
  const isAbsence = (error: Error) => ["NotFoundException", "UnknownTopicOrPartitionException"].includes(error.name);
  const answer = await refusedByAws(`describe the topic ${name}`, permissions.describeTopic, describe, isAbsence);
  // One that is being deleted is there no more.
  return answer === undefined || answer.Status === "DELETING" ? undefined : (answer.PartitionCount ?? 0);
}

async function createTopic(client: KafkaClient, arn: string, replicas: number, topic: NeededTopic) {
  const { name, partitions, cleanup } = topic;
  // Properties as a file has them; what isn't said is the cluster's own default.
  const configs = cleanup === "compact" ? Buffer.from("cleanup.policy=compact").toString("base64") : undefined;
  const input = {
    ...{ ClusterArn: arn, TopicName: name, PartitionCount: partitions, ReplicationFactor: replicas },
    ...(configs && { Configs: configs }),
  };
  const create = () => client.send(new CreateTopicCommand(input));
  const isTaken = (error: Error) => error.name === "TopicExistsException";
  const answer = await refusedByAws(`create the topic ${name}`, permissions.createTopic, create, isTaken);
  return answer ? "created" : "taken";
}
