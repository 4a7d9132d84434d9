import type {
  AddressDefinition,
  AuthDefinition,
  CountDefinition,
  DurationDefinition,
  FlagDefinition,
  Needed,
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

const auth: AuthDefinition = {
  kind: "auth",
  default: "iam",
  meaning: "how functions say to the brokers who they are: `iam`, by their role, or `none`, not at all",
};

/** The Kafka cluster that takes results. */
export const kafkaDefinitions = { brokers, auth } as const;
