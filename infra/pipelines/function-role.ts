import { Stack } from "aws-cdk-lib/core";
import { datasetOf } from "../../functions/catalog.ts";
import { rejectedEvents } from "../../shared/runtime/rejections.ts";
import { sourceTopics } from "../../shared/settings/pipeline-definitions.ts";
import { withinCluster } from "../cluster/cluster-arns.ts";
import { allow, inNetwork, type Permission } from "../iam/permissions.ts";

import { type DeployedFunction, isInNetwork, triggersOf, writesToKafka } from "./deployed-functions.ts";
import { kafkaMappingPermissions, kafkaMappingsOf } from "./kafka-mapping.ts";
import type { PipelineResources } from "./resources.ts";
import { streamMappingPermissions } from "./stream-mapping.ts";

/** What a function may do: what its row in the manifest says, on what this deployment has, and nothing besides. */
export function permissionsOf(row: DeployedFunction, resources: PipelineResources): Permission[] {
  const { system, state, logGroupArn } = resources;
  return [
    ...allow(["logs:CreateLogStream", "logs:PutLogEvents"], [`${logGroupArn(row.name)}:*`], {
      because: "its instances name their log streams",
    }),
    ...onTables(row, resources),
    ...onBucket(row, resources),
    ...allow(row.actions.secret, secretsOf(row, resources).map(asReadable)),
    ...onCluster(row, resources),
    ...allow(["kms:Decrypt"], [state.key.keyArn]),
    ...withKey(row, resources),
    ...(isInNetwork(row, system) ? inNetwork : []),
    ...kafkaMappingsOf(row, system).flatMap((mapping) => kafkaMappingPermissions(mapping, resources)),
    ...triggersOf(row, "stream").flatMap((trigger) => streamMappingPermissions(trigger, resources)),
    ...(system.functions.tracing === "off"
      ? []
      : allow(["xray:PutTraceSegments", "xray:PutTelemetryRecords"], ["*"], { because: "traces have no resource" })),
  ];
}

function onTables({ actions, progressKeys }: DeployedFunction, { state }: PipelineResources): Permission[] {
  const only = progressKeys && { "ForAllValues:StringEquals": { "dynamodb:LeadingKeys": [...progressKeys] } };
  return [
    ...allow(actions.entities, [state.entities.tableArn]),
    ...allow(actions.progress, [state.progress.tableArn], only && { conditions: only }),
  ];
}

function onBucket({ actions, objects, pipelines }: DeployedFunction, { state }: PipelineResources): Permission[] {
  const prefixes = {
    rows: pipelines.map((name) => datasetOf[name]),
    rejections: pipelines.map((name) => `${rejectedEvents}/${name}`),
    deadLetters: ["dead_letters"],
  };
  const names = objects.flatMap((kind) => prefixes[kind]);
  return allow(
    actions.bucket,
    names.map((prefix) => `${state.output.bucketArn}/${prefix}/*`),
    { because: "objects are named after what they hold" },
  );
}

/** By the services that store for it only. @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html */
function withKey({ actions }: DeployedFunction, { state }: PipelineResources): Permission[] {
  const { region, urlSuffix } = Stack.of(state.key);
  const services = [
    ...(actions.entities.length + actions.progress.length > 0 ? [`dynamodb.${region}.${urlSuffix}`] : []),
    ...(actions.bucket.length > 0 ? [`s3.${region}.${urlSuffix}`] : []),
  ];
  return allow(
    ["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey"],
    services.length > 0 ? [state.key.keyArn] : [],
    {
      conditions: { StringEquals: { "kms:ViaService": services } },
    },
  );
}

function onCluster(row: DeployedFunction, { system, clusterArn }: PipelineResources): Permission[] {
  if (!writesToKafka(row, system)) return [];
  const outputs = row.pipelines.flatMap((name) => {
    const settings = system.pipelines[name];
    return settings?.sinks.includes("kafka") ? [settings.outputTopic] : [];
  });
  // The one function that writes to a source is `api`, and it produces purchases.
  const topicArns = (topics: readonly string[]) => topics.map((topic) => withinCluster(clusterArn, "topic", topic));
  return [
    ...allow(row.actions.cluster ?? [], [clusterArn]),
    ...allow(row.actions.outputTopics ?? [], topicArns(outputs)),
    ...allow(row.actions.sourceTopics ?? [], topicArns(sourceTopics.purchases)),
  ];
}

function secretsOf(row: DeployedFunction, { system }: PipelineResources): string[] {
  const sinks = new Set(row.pipelines.flatMap((name) => system.pipelines[name]?.sinks ?? []));
  const candidates: readonly (readonly [variable: string, arn: string | undefined])[] = [
    ["ENDPOINT_SECRET_ARN", sinks.has("http") ? system.endpoint?.secretArn : undefined],
    ["CLICKHOUSE_SECRET_ARN", sinks.has("clickhouse") ? system.clickhouse?.secretArn : undefined],
    ["REDIS_SECRET_ARN", sinks.has("redis") ? system.redis?.secretArn : undefined],
    ["POSTGRES_SECRET_ARN", system.postgres?.secretArn],
  ];
  return candidates.flatMap(([variable, arn]) => (arn && row.environment.includes(variable) ? [arn] : []));
}

/** Secrets Manager adds six characters of its own to a name; an ARN may be given without them. */
function asReadable(arn: string): string {
  return /-[A-Za-z0-9]{6}$/.test(arn) ? arn : `${arn}-??????`;
}
