import type {
  ChoiceDefinition,
  CountDefinition,
  DurationDefinition,
  FlagDefinition,
  TextDefinition,
  TextsDefinition,
} from "./definition.ts";

const minute = 60_000;

const reservesConcurrency: FlagDefinition = {
  kind: "flag",
  default: true,
  meaning:
    "whether each function that reads topics reserves as many instances as it has partitions. A new account may have 10 in all: then `false`, until AWS has raised it",
};

const tracing: ChoiceDefinition<"xray" | "adot" | "off"> = {
  kind: "choice",
  default: "xray",
  known: ["xray", "adot", "off"],
  meaning:
    "traces of invocations by Lambda itself (`xray`), of what functions call besides, by OpenTelemetry (`adot`: a layer, slower cold starts), or none",
};

const adotLayerArn: TextDefinition<undefined> = {
  kind: "text",
  default: undefined,
  form: /^arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:layer:[A-Za-z0-9_-]+:\d+$/,
  takes: "the ARN of a version of a layer",
  meaning: "the layer of AWS's distribution of OpenTelemetry for `adot`, in the deployment's region",
};

const logRetentionDays: CountDefinition<number> = {
  kind: "count",
  default: 30,
  min: 1,
  max: 3_653,
  meaning: "how many days logs are kept; one of the numbers that CloudWatch has, such as 1, 7, 14, 30, 90, 365",
};

export const functionDefinitions = { reservesConcurrency, tracing, adotLayerArn, logRetentionDays } as const;

const natGateways: CountDefinition<number> = {
  kind: "count",
  default: 0,
  min: 0,
  max: 3,
  meaning:
    "NAT gateways of a new network: a backfill needs one where it sends to the HTTP endpoint or to ClickHouse itself",
};

const availabilityZones: TextsDefinition = {
  kind: "texts",
  default: [],
  form: /^[a-z]{2}(-[a-z]+)+-\d[a-z]$/,
  takes: "availability zones, such as eu-west-1a",
  meaning: "the three of a new network; without it, the first three of the region",
};

export const networkDefinitions = { natGateways, availabilityZones } as const;

const apiRate: CountDefinition<number> = {
  kind: "count",
  default: 50,
  min: 1,
  max: 10_000,
  meaning: "requests per second that the API takes; what is above is answered with 429",
};

const apiBurst: CountDefinition<number> = {
  kind: "count",
  default: 100,
  min: 1,
  max: 5_000,
  meaning: "requests at once that it takes",
};

const producesSamples: FlagDefinition = {
  kind: "flag",
  default: false,
  meaning: "whether the API produces sample purchases when it is asked to; it then may write to the topic `purchases`",
};

export const apiDefinitions = { ratePerSecond: apiRate, burst: apiBurst, producesSamples } as const;

const email: TextDefinition<undefined> = {
  kind: "text",
  default: undefined,
  form: /^[^\s@,]+@[^\s@,]+\.[^\s@,]+$/,
  takes: "an email address",
  meaning: "who gets the alarms, beside whoever subscribes to their topic",
};

const watermarkLagMax: DurationDefinition = {
  kind: "duration",
  default: 30 * minute,
  min: minute,
  max: 24 * 60 * minute,
  meaning: "how far a watermark may lag behind the clock before an alarm; more than `allowedLateness` is needed",
};

const offsetLagMax: CountDefinition<number> = {
  kind: "count",
  default: 50_000,
  min: 1,
  max: 1_000_000_000,
  meaning: "how many records of a topic may wait before an alarm",
};

const dashboards: FlagDefinition = {
  kind: "flag",
  default: true,
  meaning: "whether each pipeline has a dashboard; AWS asks for three dollars a month for each beyond the third",
};

export const watchDefinitions = { email, watermarkLagMax, offsetLagMax, dashboards } as const;
