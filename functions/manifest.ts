import { adClicks, pageViews } from "../shared/pipelines/attribution/records.ts";
import { rawEvents } from "../shared/pipelines/conversions/records.ts";
import { incomingEvents } from "../shared/pipelines/dedupe/dedupe.ts";
import { contentTable, engagementEvents } from "../shared/pipelines/engagement/records.ts";
import { purchasesTopic } from "../shared/pipelines/purchases/purchases.ts";
import type { DatabaseSink } from "../shared/settings/definition.ts";
import type { PipelineName } from "../shared/settings/pipeline-definitions.ts";
import type { FunctionRow } from "./function-row.ts";

type StateActions = Pick<FunctionRow["actions"], "entities" | "progress">;

/** What consumers do besides, by BatchWriteItem: append due lists for keyed state, and entries to the lists of facts. */
const keyedActions: StateActions = { entities: [], progress: ["dynamodb:BatchWriteItem"] };
const factActions: StateActions = { entities: ["dynamodb:BatchWriteItem"], progress: [] };
/** Facts that wait for a table are named in due lists, which are looked through when its rows come. */
const lookupActions: StateActions = { entities: [], progress: ["dynamodb:BatchWriteItem", "dynamodb:Query"] };

const pipelineVariables = ["PIPELINES", "ENTITIES_TABLE", "PROGRESS_TABLE", "OUTPUT_BUCKET"];
const endpointVariables = [
  ...["ENDPOINT_URL", "ENDPOINT_SECRET_ARN", "ENDPOINT_BATCH_MAX", "ENDPOINT_RATE_PER_SECOND", "ENDPOINT_TIMEOUT_MS"],
  "ENDPOINT_STATUS_ERROR_IS_FAILURE",
];
const kafkaVariables = ["KAFKA_BROKERS", "KAFKA_AUTH"];
const clickHouseVariables = ["CLICKHOUSE_URL", "CLICKHOUSE_SECRET_ARN", "CLICKHOUSE_DATABASE", "CLICKHOUSE_TABLE"];
const redisVariables = ["REDIS_URL", "REDIS_SECRET_ARN", "REDIS_PREFIX"];
const sinkVariables = [...endpointVariables, ...kafkaVariables, ...clickHouseVariables, ...redisVariables];

/** Every function there is. Two readers: infra deploys them, localstack/runner drives them; so the two can't drift apart. */
export const functions: readonly FunctionRow[] = [
  {
    ...consumer("attribution", [adClicks, pageViews], keyedActions),
    purpose: "takes ad clicks and page views into the state of their users",
  },
  {
    ...consumer("conversions", [rawEvents], keyedActions),
    purpose: "takes clicks and conversions into the state of their users",
  },
  {
    ...consumer("windows", [incomingEvents], keyedActions),
    purpose: "takes events into the windows of their users",
  },
  {
    ...consumer("dedupe", [incomingEvents], factActions),
    purpose: "takes the first event of each id",
  },
  {
    ...consumer("engagement", [engagementEvents], lookupActions),
    purpose: "takes engagement events with what is known of their content, and adds them to its totals",
  },
  {
    ...consumer("engagement", [contentTable], lookupActions),
    name: "content",
    purpose: "keeps what is known of contents, and gives it to the events that have waited for it",
  },
  {
    ...consumer("purchases", [purchasesTopic], factActions),
    purpose: "takes the first purchase of each id, and adds it to what its user owes",
  },
  {
    name: "finalize",
    folder: "finalize",
    purpose: "writes the final rows of the buckets of event time that can't change any more",
    pipelines: ["attribution", "conversions", "windows", "engagement"],
    triggers: [
      { kind: "stream", table: "progress", batchSize: 1_000, batchWindowSeconds: 30 },
      { kind: "schedule", everyMinutes: 5 },
    ],
    environment: pipelineVariables,
    memoryMb: 1_024,
    timeoutSeconds: 300,
    actions: {
      // It puts events that have waited for their content in vain.
      entities: ["dynamodb:BatchGetItem", "dynamodb:PutItem"],
      progress: ["dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:BatchWriteItem"],
      bucket: ["s3:PutObject"],
      secret: [],
    },
    objects: ["rows"],
  },
  // `deliver` and `publish` are two readers of one stream, and DynamoDB allows a shard no third.
  {
    name: "deliver",
    folder: "deliver",
    purpose: "sends changed results to the HTTP endpoint",
    pipelines: ["attribution", "conversions", "windows", "dedupe", "engagement", "purchases"],
    sink: "http",
    triggers: [{ kind: "stream", table: "entities", batchSize: 500, batchWindowSeconds: 1 }],
    environment: ["PIPELINES", "PROGRESS_TABLE", "OUTPUT_BUCKET", ...endpointVariables],
    optionalEnvironment: ["ENDPOINT_RATE_PER_SECOND"],
    memoryMb: 512,
    timeoutSeconds: 120,
    actions: {
      entities: [],
      // For the document by which its instances share a rate.
      progress: ["dynamodb:BatchGetItem", "dynamodb:PutItem"],
      bucket: ["s3:PutObject"],
      secret: ["secretsmanager:GetSecretValue"],
    },
    progressKeys: ["rate|endpoint"],
    objects: ["deadLetters"],
  },
  {
    name: "publish",
    folder: "publish",
    purpose: "writes changed results to the Kafka topics that take them",
    pipelines: ["attribution", "conversions", "windows", "dedupe", "engagement", "purchases"],
    sink: "kafka",
    isInNetwork: true,
    triggers: [{ kind: "stream", table: "entities", batchSize: 500, batchWindowSeconds: 1 }],
    environment: ["PIPELINES", "OUTPUT_BUCKET", ...kafkaVariables],
    memoryMb: 512,
    timeoutSeconds: 120,
    actions: {
      entities: [],
      progress: [],
      bucket: ["s3:PutObject"],
      secret: [],
      cluster: ["kafka-cluster:Connect", "kafka-cluster:WriteDataIdempotently"],
      outputTopics: ["kafka-cluster:DescribeTopic", "kafka-cluster:WriteData"],
    },
    objects: ["deadLetters"],
  },
  // Databases are fed from the topic that `publish` writes to: the stream has no place for a third reader.
  {
    ...resultReader("clickhouse", clickHouseVariables),
    purpose: "writes enriched events to a table of ClickHouse",
  },
  {
    ...resultReader("redis", redisVariables),
    isInNetwork: true,
    purpose: "keeps the views of contents in Redis",
    optionalEnvironment: ["REDIS_SECRET_ARN", "REDIS_PREFIX"],
  },
  {
    ...{ name: "backfill", folder: "backfill", pipelines: ["engagement"] },
    purpose: "takes a range of engagement events in from their table, for all sinks or for one",
    settings: "postgres",
    isInNetwork: true,
    triggers: [{ kind: "invoke" }],
    environment: [...pipelineVariables, "POSTGRES_SECRET_ARN", "POSTGRES_URL", ...sinkVariables],
    // Each sink's only where the pipeline has that sink. POSTGRES_URL holds a password: it is for a shell.
    optionalEnvironment: ["POSTGRES_URL", ...sinkVariables],
    memoryMb: 1_024,
    timeoutSeconds: 840,
    actions: {
      entities: ["dynamodb:BatchGetItem", "dynamodb:PutItem"],
      progress: ["dynamodb:BatchGetItem", "dynamodb:PutItem"],
      bucket: ["s3:PutObject", "s3:GetObject"],
      secret: ["secretsmanager:GetSecretValue"],
      cluster: ["kafka-cluster:Connect", "kafka-cluster:WriteDataIdempotently"],
      outputTopics: ["kafka-cluster:DescribeTopic", "kafka-cluster:WriteData"],
    },
    objects: ["rows", "rejections", "deadLetters"],
  },
  {
    name: "api",
    folder: "api",
    purpose: "answers what users bought and owe and what was engaged with, and produces sample purchases",
    pipelines: ["purchases", "engagement"],
    sink: "views",
    triggers: [{ kind: "http" }],
    environment: ["PIPELINES", "ENTITIES_TABLE", "PROGRESS_TABLE", ...kafkaVariables],
    // For the purchases that it produces: without them it needs no cluster.
    optionalEnvironment: kafkaVariables,
    memoryMb: 1_024,
    // API Gateway waits for 30 seconds.
    timeoutSeconds: 29,
    actions: {
      entities: ["dynamodb:BatchGetItem", "dynamodb:Query"],
      progress: [],
      bucket: [],
      secret: [],
      cluster: ["kafka-cluster:Connect", "kafka-cluster:WriteDataIdempotently"],
      sourceTopics: ["kafka-cluster:DescribeTopic", "kafka-cluster:WriteData"],
    },
    objects: [],
  },
];

/** A function that writes the results of a pipeline to a database. What it refuses goes to the bucket. */
function resultReader(name: DatabaseSink, variables: readonly string[]): Omit<FunctionRow, "purpose"> {
  return {
    ...{ name, folder: name, pipelines: ["engagement"], sink: name },
    triggers: [{ kind: "results", pipeline: "engagement", batchSize: 500, batchWindowSeconds: 1 }],
    environment: ["OUTPUT_BUCKET", ...variables, "BATCH_FAILURES"],
    memoryMb: 512,
    timeoutSeconds: 120,
    actions: { entities: [], progress: [], bucket: ["s3:PutObject"], secret: ["secretsmanager:GetSecretValue"] },
    objects: ["deadLetters"],
  };
}

/** The function that takes the records of a pipeline's topics: one code for all of them. */
function consumer(
  pipeline: PipelineName,
  topics: readonly string[],
  { entities, progress }: StateActions,
): Omit<FunctionRow, "purpose"> {
  return {
    name: pipeline,
    folder: "consume",
    pipelines: [pipeline],
    triggers: [{ kind: "msk", topics, batchSize: 500, batchWindowSeconds: 1 }],
    environment: [...pipelineVariables, "BATCH_FAILURES"],
    memoryMb: 512,
    timeoutSeconds: 120,
    actions: {
      entities: ["dynamodb:BatchGetItem", "dynamodb:PutItem", ...entities],
      progress: ["dynamodb:BatchGetItem", "dynamodb:PutItem", ...progress],
      bucket: ["s3:PutObject", "s3:GetObject"],
      secret: [],
    },
    objects: ["rows", "rejections"],
  };
}
