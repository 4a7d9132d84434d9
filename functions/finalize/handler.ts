import middy from "@middy/core";
import type { DynamoDBStreamEvent, EventBridgeEvent } from "aws-lambda";
import { readRowKey } from "../../shared/runtime/keys.ts";
import type { RunningPipeline } from "../../shared/runtime/running-pipeline.ts";

export interface FinalizeApp {
  readonly pipelines: readonly RunningPipeline[];
}

type FinalizeEvent = DynamoDBStreamEvent | EventBridgeEvent<"Scheduled Event", unknown>;

/** Progress of partitions, or the clock, in; final rows of the buckets that are closed now, out. */
export function createHandler({ pipelines }: FinalizeApp) {
  return middy(async (event: FinalizeEvent) => {
    const finals: Record<string, number> = {};
    for (const pipeline of pipelines) {
      let rows = 0;
      for (const partition of partitionsToClose(event, pipeline)) rows += await pipeline.close(partition);
      finals[pipeline.name] = rows;
    }
    return { finals };
  });
}

/** The partitions that moved; on a schedule, all of them. */
function partitionsToClose(event: FinalizeEvent, pipeline: RunningPipeline): number[] {
  if (pipeline.scope === "topic") return [0];
  if (!("Records" in event)) return Array.from({ length: pipeline.partitions }, (_, partition) => partition);
  const moved = event.Records.flatMap(({ dynamodb }) => readRowKey(dynamodb?.Keys?.pk?.S ?? "") ?? []);
  return [...new Set(moved.filter((row) => row.pipeline === pipeline.name).map((row) => row.partition))].sort(
    (a, b) => a - b,
  );
}
