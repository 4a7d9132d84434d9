import { CfnEventSourceMapping, type Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import type { Construct } from "constructs";
import type { System } from "../../shared/settings/system.ts";
import { withinCluster } from "../cluster/cluster-arns.ts";
import { allow, inNetwork, type Permission } from "../iam/permissions.ts";

import { type DeployedFunction, triggersOf } from "./deployed-functions.ts";
import type { PipelineResources } from "./resources.ts";

export interface KafkaMapping {
  readonly functionName: string;
  readonly topic: string;
  readonly partitions: number;
  readonly batchSize: number;
  readonly batchWindowSeconds: number;
}

/** One per topic that a function reads: a pipeline's sources, or the topic of its results. */
export function kafkaMappingsOf(row: DeployedFunction, system: System): KafkaMapping[] {
  const sources = triggersOf(row, "msk").flatMap(({ topics, ...batch }) =>
    row.pipelines.flatMap((name) => topics.map((topic) => ({ ...batch, topic, settings: system.pipelines[name] }))),
  );
  const results = triggersOf(row, "results").map(({ pipeline, ...batch }) => {
    const settings = system.pipelines[pipeline];
    return { ...batch, topic: settings?.outputTopic ?? "", settings };
  });
  return [...sources, ...results].map(({ topic, settings, batchSize, batchWindowSeconds }) => ({
    ...{ functionName: row.name, topic, partitions: settings?.partitions ?? 1, batchSize, batchWindowSeconds },
  }));
}

/**
 * The most that Lambda tries a batch with provisioned pollers: without a bound and with a failure destination it would silently be 10.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html
 */
const retryMax = 10_000;

/**
 * Brings the records of one topic to a function, from the oldest on.
 *
 * Pollers on demand try a failed batch until it is done: a record that can't be used is rejected and not thrown, so what fails a batch is
 * the world around it, which will mend. A failure destination would end that after ten tries, and then the partition would go on without
 * the batch. So only provisioned pollers, whose tries can be bounded as far out as weeks, have one.
 */
export function kafkaMapping(
  scope: Construct,
  made: LambdaFunction,
  mapping: KafkaMapping,
  resources: PipelineResources,
) {
  const { system, state, clusterArn } = resources;
  const isProvisioned = system.pollers.mode === "provisioned";
  const registry = registryConfig(mapping.topic, resources);
  return new CfnEventSourceMapping(scope, `Mapping-${mapping.functionName}-${mapping.topic}`, {
    functionName: made.functionName,
    eventSourceArn: clusterArn,
    topics: [mapping.topic],
    startingPosition: "TRIM_HORIZON",
    batchSize: mapping.batchSize,
    maximumBatchingWindowInSeconds: mapping.batchWindowSeconds,
    amazonManagedKafkaEventSourceConfig: {
      consumerGroupId: consumerGroup(mapping, resources),
      ...(registry && { schemaRegistryConfig: registry }),
    },
    ...(isProvisioned && {
      provisionedPollerConfig: {
        minimumPollers: system.pollers.min,
        maximumPollers: Math.max(system.pollers.min, system.pollers.max ?? mapping.partitions),
        pollerGroupName: system.name,
      },
      functionResponseTypes: ["ReportBatchItemFailures"],
      maximumRetryAttempts: retryMax,
      destinationConfig: { onFailure: { destination: state.failures.bucketArn } },
      loggingConfig: { systemLogLevel: "WARN" },
      metricsConfig: { metrics: ["EventCount", "ErrorCount", "KafkaMetrics"] },
    }),
  });
}

/** One per mapping, and always named: with an id that is drawn, a new mapping would begin at the start. */
function consumerGroup({ functionName, topic }: KafkaMapping, { system }: PipelineResources): string {
  return `${system.name}-${functionName}-${topic}`;
}

function registryConfig(topic: string, { system: { registry } }: PipelineResources) {
  const { uri, topics, secretArn } = registry;
  if (!uri || (topics.length > 0 && !topics.includes(topic))) return undefined;
  return {
    schemaRegistryUri: uri,
    eventRecordFormat: "JSON",
    schemaValidationConfigs: [{ attribute: "VALUE" }],
    ...(secretArn && { accessConfigs: [{ type: "BASIC_AUTH", uri: secretArn }] }),
  };
}

/** What a mapping does in its function's name. @see https://docs.aws.amazon.com/lambda/latest/dg/with-msk-permissions.html */
export function kafkaMappingPermissions(mapping: KafkaMapping, resources: PipelineResources): Permission[] {
  const { system, state, clusterArn } = resources;
  const { uri, secretArn } = system.registry;
  const topic = withinCluster(clusterArn, "topic", mapping.topic);
  const group = withinCluster(clusterArn, "group", consumerGroup(mapping, resources));
  return [
    ...allow(["kafka:DescribeCluster", "kafka:DescribeClusterV2", "kafka:GetBootstrapBrokers"], [clusterArn]),
    ...allow(["kafka-cluster:Connect", "kafka-cluster:DescribeClusterDynamicConfiguration"], [clusterArn]),
    ...allow(["kafka-cluster:DescribeTopic", "kafka-cluster:ReadData"], [topic]),
    ...allow(["kafka-cluster:DescribeGroup", "kafka-cluster:AlterGroup"], [group]),
    ...inNetwork,
    ...(system.pollers.mode === "provisioned" ? failurePermissions(state) : []),
    ...(uri?.startsWith("arn:")
      ? allow(["glue:GetRegistry", "glue:GetSchemaVersion"], [uri, ...schemasIn(uri)], {
          because: "the schemas of a registry come and go",
        })
      : []),
    ...(secretArn ? allow(["secretsmanager:GetSecretValue"], [secretArn]) : []),
  ];
}

/** `arn:…:registry/NAME` has the schemas `arn:…:schema/NAME/*`. */
function schemasIn(registryArn: string): string[] {
  return [`${registryArn.replace(":registry/", ":schema/")}/*`];
}

/** What it takes to leave a batch in the bucket of failures. */
export function failurePermissions(state: PipelineResources["state"]): Permission[] {
  return [
    ...allow(["s3:PutObject"], [`${state.failures.bucketArn}/aws/lambda/*`], {
      because: "Lambda names what it leaves there",
    }),
    ...allow(["s3:ListBucket"], [state.failures.bucketArn]),
    ...allow(["kms:GenerateDataKey"], [state.key.keyArn]),
  ];
}
