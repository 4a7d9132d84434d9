import {
  type AddressDefinition,
  type ChoiceDefinition,
  type CountDefinition,
  type DurationDefinition,
  type FlagDefinition,
  type KafkaAuth,
  kafkaAuths,
  type NameDefinition,
  type Needed,
} from "./definition.ts";

const url: Needed<AddressDefinition<"url">> = {
  kind: "url",
  default: undefined,
  meaning: "where results are posted to, by https",
  needed: "give the https URL that takes the results",
};

const secretArn: Needed<AddressDefinition<"secret">> = {
  kind: "secret",
  default: undefined,
  meaning:
    "the ARN of a secret in Secrets Manager that holds one or more `whsec_...`, with spaces between; each signs every request",
  needed: "give the ARN of the secret that signs the requests",
};

const batchMax: CountDefinition<number> = {
  kind: "count",
  default: 1,
  min: 1,
  max: 1_000,
  meaning: "results per request: 1 sends a JSON object, more sends a JSON array of at most so many",
};

const ratePerSecond: CountDefinition<undefined> = {
  kind: "count",
  default: undefined,
  min: 1,
  max: 100_000,
  meaning:
    "requests per second, at most, over all instances that send and with all that are sent again; without it there is no limit",
};

const timeout: DurationDefinition = {
  kind: "duration",
  default: 2_000,
  min: 100,
  max: 60_000,
  meaning: "how long a request may take, connecting included, before it is cut off and counts as failed",
};

const statusErrorIsFailure: FlagDefinition = {
  kind: "flag",
  default: false,
  meaning: 'whether a 2xx whose body says `{"status":"error"}` counts as failed, and is tried again',
};

/** The HTTP endpoint of a deployment, which all its pipelines share. */
export const endpointDefinitions = { url, secretArn, batchMax, ratePerSecond, timeout, statusErrorIsFailure } as const;

const brokers: AddressDefinition<"brokers"> = {
  kind: "brokers",
  default: undefined,
  meaning: "some brokers of the cluster that takes the results; left out where the deployment itself knows the cluster",
};

const auth: ChoiceDefinition<KafkaAuth> = {
  kind: "choice",
  default: "iam",
  known: kafkaAuths,
  meaning: "how functions say to the brokers who they are: `iam`, by their role, or `none`, not at all",
};

/** The Kafka cluster that takes results. */
export const kafkaDefinitions = { brokers, auth } as const;

const login = 'JSON `{"username":…,"password":…}`';

const serverUrl: Needed<AddressDefinition<"server">> = {
  kind: "server",
  default: undefined,
  meaning: "the HTTP interface of the server, by https; its port is 8443 where ClickHouse is set up as it comes",
  needed: "give the https URL of the server",
};

const serverSecretArn: Needed<AddressDefinition<"secret">> = {
  kind: "secret",
  default: undefined,
  meaning: `the ARN of a secret in Secrets Manager that holds who writes: ${login}`,
  needed: "give the ARN of the secret with user name and password",
};

const database: NameDefinition<"identifier"> = {
  kind: "identifier",
  default: "engagement",
  meaning: "the database that the table is in",
};

const table: NameDefinition<"identifier"> = {
  kind: "identifier",
  default: "events_enriched",
  meaning: "the table that takes the results; `infra/clickhouse/events_enriched.sql` makes it",
};

/** The ClickHouse that takes results out of their topic. */
export const clickhouseDefinitions = { url: serverUrl, secretArn: serverSecretArn, database, table } as const;

const redisUrl: Needed<AddressDefinition<"redis">> = {
  kind: "redis",
  default: undefined,
  meaning: "the server that takes writes: port 6379 and database 0 where none is named",
  needed: "give the URL of the server",
};

const redisSecretArn: AddressDefinition<"secret"> = {
  kind: "secret",
  default: undefined,
  meaning: `the ARN of a secret in Secrets Manager that holds who writes: ${login}, or the password alone; left out where the server asks for none`,
};

const prefix: NameDefinition<"prefix"> = {
  kind: "prefix",
  default: "",
  meaning: "what all keys begin with; a Redis Cluster needs one with a hash tag, such as `{tidemark}:`",
};

/** The Redis that takes results out of their topic. */
export const redisDefinitions = { url: redisUrl, secretArn: redisSecretArn, prefix } as const;

const postgresSecretArn: Needed<AddressDefinition<"secret">> = {
  kind: "secret",
  default: undefined,
  meaning:
    'the ARN of a secret in Secrets Manager that says where the tables are: JSON as Amazon RDS writes it, `{"username":…,"password":…,"host":…,"port":…,"dbname":…}`, or a URL `postgres://USER:PASSWORD@HOST:PORT/DATABASE`',
  needed: "give the ARN of the secret that says where the tables are",
};

/** The database that a backfill reads. */
export const postgresDefinitions = { secretArn: postgresSecretArn } as const;
