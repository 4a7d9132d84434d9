import type {
  AddressDefinition,
  ChoiceDefinition,
  CountDefinition,
  FlagDefinition,
  NameDefinition,
  Needed,
  TextDefinition,
  TextsDefinition,
} from "./definition.ts";

export const clusterKinds = ["standard", "express", "serverless", "existing"] as const;
export type ClusterKind = (typeof clusterKinds)[number];
export const pollerModes = ["onDemand", "provisioned"] as const;

const kind: ChoiceDefinition<ClusterKind> = {
  kind: "choice",
  default: "standard",
  known: clusterKinds,
  meaning:
    "the MSK cluster: a new one with `standard` or `express` brokers, a new `serverless` one, or an `existing` one, of any kind, by its ARN",
};

const clusterArn: TextDefinition<undefined> = {
  kind: "text",
  default: undefined,
  form: /^arn:aws[a-z-]*:kafka:[a-z0-9-]+:\d{12}:cluster\/[A-Za-z0-9-]+\/[a-z0-9-]+$/,
  takes: "the ARN of an MSK cluster, such as arn:aws:kafka:eu-west-1:123456789012:cluster/NAME/UUID",
  meaning: "the `existing` cluster",
};

const instanceType: TextDefinition<undefined> = {
  kind: "text",
  default: undefined,
  form: /^(kafka|express)\.[a-z0-9]+\.[a-z0-9]+$/,
  takes: "a broker type, such as kafka.m7g.large or express.m7g.large",
  meaning:
    "the type of the brokers of a new cluster; `kafka.t3.small` for `standard`, `express.m7g.large` for `express`",
};

const brokerCount: CountDefinition<number> = {
  kind: "count",
  default: 3,
  min: 3,
  max: 60,
  meaning: "the brokers of a new cluster; a multiple of three, as they spread over three availability zones",
};

const storageGb: CountDefinition<number> = {
  kind: "count",
  default: 50,
  min: 1,
  max: 16_384,
  meaning: "the disk of each `standard` broker, in GiB",
};

const kafkaVersion: TextDefinition<string> = {
  kind: "text",
  default: "3.9.x",
  form: /^\d+\.\d+\.[\dx]+(\.kraft)?$/,
  takes: "a version of Kafka that MSK has, such as 3.9.x or 4.1.x.kraft",
  meaning: "the version of a new cluster",
};

const createsTopics: FlagDefinition = {
  kind: "flag",
  default: true,
  meaning:
    "whether the deployment creates the topics; with `false`, and for a serverless cluster, `tidemark topics create` does, or they are there",
};

const vpcId: TextDefinition<undefined> = {
  kind: "text",
  default: undefined,
  form: /^vpc-[0-9a-f]{8,17}$/,
  takes: "the ID of a VPC, such as vpc-0123456789abcdef0",
  meaning: "the VPC of an `existing` cluster, for functions that write to Kafka",
};

const subnetIds: TextsDefinition = {
  kind: "texts",
  default: [],
  form: /^subnet-[0-9a-f]{8,17}$/,
  takes: "subnet IDs, such as subnet-0123456789abcdef0",
  meaning: "subnets of the `existing` cluster's VPC from which its brokers, DynamoDB and S3 are reached",
};

const securityGroupIds: TextsDefinition = {
  kind: "texts",
  default: [],
  form: /^sg-[0-9a-f]{8,17}$/,
  takes: "security group IDs, such as sg-0123456789abcdef0",
  meaning: "security groups that the `existing` cluster lets in",
};

/** Where the topics live. */
export const clusterDefinitions = {
  ...{ kind, arn: clusterArn, instanceType, brokerCount, storageGb, kafkaVersion, createsTopics },
  ...{ vpcId, subnetIds, securityGroupIds },
} as const;

const mode: ChoiceDefinition<(typeof pollerModes)[number]> = {
  kind: "choice",
  default: "onDemand",
  known: pollerModes,
  meaning:
    "what polls the topics: `onDemand` costs nothing by itself and tries a failed batch again until it is done; `provisioned` costs by the hour, and has partial batches, bounded retries, a failure destination and a schema registry",
};

const pollersMin: CountDefinition<number> = {
  kind: "count",
  default: 1,
  min: 1,
  max: 200,
  meaning: "the least number of `provisioned` pollers of a topic",
};

const pollersMax: CountDefinition<undefined> = {
  kind: "count",
  default: undefined,
  min: 1,
  max: 2_000,
  meaning: "the largest number of `provisioned` pollers of a topic; without it, one per partition",
};

/** What brings records to functions: one group of pollers for all of a deployment's topics, so that they share what they cost. */
export const pollerDefinitions = { mode, min: pollersMin, max: pollersMax } as const;

const registryUri: TextDefinition<undefined> = {
  kind: "text",
  default: undefined,
  form: /^(arn:aws[a-z-]*:glue:[a-z0-9-]+:\d{12}:registry\/\S+|https:\/\/[^\s@]+)$/,
  takes: "the ARN of a Glue schema registry, or the https URL of a Confluent one",
  meaning:
    "where the schemas are; values in Avro, Protobuf or JSON Schema then come in as JSON. Needs `provisioned` pollers",
};

const registryTopics: TextsDefinition = {
  kind: "texts",
  default: [],
  form: /^[a-zA-Z0-9._-]{1,249}$/,
  takes: "topics",
  meaning: "the topics whose values are encoded by it; without it, all that pipelines read",
};

const registrySecret: AddressDefinition<"secret"> = {
  kind: "secret",
  default: undefined,
  meaning: "the ARN of a secret with user name and password for a Confluent registry",
};

export const registryDefinitions = { uri: registryUri, topics: registryTopics, secretArn: registrySecret } as const;

const captureHost: Needed<TextDefinition<undefined>> = {
  kind: "text",
  default: undefined,
  form: /^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$/,
  takes: "the host of a PostgreSQL server",
  meaning: "the server whose tables `engagement_events` and `content` are captured, as the brokers' network reaches it",
  needed: "give the host of the PostgreSQL server",
};

const capturePort: CountDefinition<number> = {
  kind: "count",
  default: 5_432,
  min: 1,
  max: 65_535,
  meaning: "its port",
};

const captureDatabase: NameDefinition<"identifier"> = {
  kind: "identifier",
  default: "postgres",
  meaning: "the database that the tables are in",
};

const captureSecret: Needed<AddressDefinition<"secret">> = {
  kind: "secret",
  default: undefined,
  meaning: "the ARN of a secret with `username` and `password` of the role that `infra/capture/publication.sql` makes",
  needed: "give the ARN of the secret with user name and password",
};

const pluginKey: TextDefinition<undefined> = {
  kind: "text",
  default: undefined,
  form: /^[A-Za-z0-9!_.*'()/-]{1,1024}$/,
  takes: "the name of an object",
  meaning:
    "the ZIP of the connector's plugin, in the bucket that the first deployment makes; the connector comes with the second",
};

/** The capture of changes that the pipeline engagement reads. A deployment without it brings its own. */
export const captureDefinitions = {
  ...{ host: captureHost, port: capturePort, database: captureDatabase, secretArn: captureSecret, pluginKey },
} as const;
