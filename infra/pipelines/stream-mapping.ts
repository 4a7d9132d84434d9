import { CfnEventSourceMapping, type Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import type { Construct } from "constructs";
import type { Trigger } from "../../functions/function-row.ts";
import { attributes } from "../../shared/state/items.ts";
import { allow, type Permission } from "../iam/permissions.ts";

import type { DeployedFunction } from "./deployed-functions.ts";
import { failurePermissions } from "./kafka-mapping.ts";
import type { PipelineResources } from "./resources.ts";

type StreamTrigger = Extract<Trigger, { kind: "stream" }>;

/**
 * A stream keeps its records for 24 hours. What couldn't be handled by then would be gone without a trace, so an hour before it goes to the
 * bucket of failures; `deliver` and `publish` themselves put it among the dead letters three hours earlier.
 */
const recordAgeMaxSeconds = 23 * 3_600;

/** Brings the changes of a state table to a function, in order for each document. */
export function streamMapping(
  scope: Construct,
  made: LambdaFunction,
  row: DeployedFunction,
  trigger: StreamTrigger,
  { state }: PipelineResources,
): CfnEventSourceMapping {
  return new CfnEventSourceMapping(scope, `Mapping-${row.name}-${trigger.table}`, {
    functionName: made.functionName,
    eventSourceArn: streamArn(state, trigger),
    startingPosition: "TRIM_HORIZON",
    batchSize: trigger.batchSize,
    maximumBatchingWindowInSeconds: trigger.batchWindowSeconds,
    // Changes of a document stay in order: they share a partition key, and so a batch.
    parallelizationFactor: trigger.table === "entities" ? 4 : 1,
    filterCriteria: { filters: [{ pattern: JSON.stringify(filterFor(row, trigger)) }] },
    functionResponseTypes: ["ReportBatchItemFailures"],
    bisectBatchOnFunctionError: true,
    maximumRecordAgeInSeconds: recordAgeMaxSeconds,
    maximumRetryAttempts: -1,
    destinationConfig: { onFailure: { destination: state.failures.bucketArn } },
    metricsConfig: { metrics: ["EventCount"] },
  });
}

/** Of documents, the versions that carry outputs; of progress, the rows of source partitions, for leases and lists change nothing. */
function filterFor({ pipelines }: DeployedFunction, { table }: StreamTrigger): object {
  const { partitionKey, outbox } = attributes;
  if (table === "entities") return { dynamodb: { NewImage: { [outbox]: { S: [{ exists: true }] } } } };
  const rows = pipelines.map((name) => ({ prefix: `row|${name}|` }));
  return { eventName: ["INSERT", "MODIFY"], dynamodb: { Keys: { [partitionKey]: { S: rows } } } };
}

/** What a mapping does in its function's name. */
export function streamMappingPermissions(trigger: StreamTrigger, { state }: PipelineResources): Permission[] {
  return [
    ...allow(
      ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"],
      [streamArn(state, trigger)],
    ),
    ...allow(["dynamodb:ListStreams"], ["*"], { because: "streams are listed as a whole" }),
    ...failurePermissions(state),
  ];
}

/** @throws {Error} the table has no stream. */
function streamArn(state: PipelineResources["state"], { table }: StreamTrigger): string {
  const arn = state[table].tableStreamArn;
  if (!arn) throw new Error(`the table of ${table} has no stream`);
  return arn;
}
