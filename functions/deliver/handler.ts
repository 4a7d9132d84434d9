import middy from "@middy/core";
import type { Context, DynamoDBBatchResponse, DynamoDBStreamEvent } from "aws-lambda";
import type { Clock } from "../../shared/ports/clock.ts";
import { type Change, type Delivery, deliver } from "../../shared/runtime/deliver.ts";
import { readEntityKey } from "../../shared/runtime/keys.ts";
import type { RunningPipeline } from "../../shared/runtime/running-pipeline.ts";
import { decodeStreamEvent } from "../../shared/state/stream-event.ts";
import { deadlineOf } from "../deadline.ts";

export interface DeliverApp {
  readonly pipelines: readonly Pick<RunningPipeline, "name" | "emittedBy">[];
  readonly delivery: Delivery;
  readonly clock: Clock;
}

/** Outboxes in, requests to the HTTP endpoint out. Answers with where the stream is to start again. */
export function createHandler({ pipelines, delivery, clock }: DeliverApp) {
  const byName = new Map(pipelines.map((pipeline) => [pipeline.name, pipeline]));
  return middy(async (event: DynamoDBStreamEvent, context: Context): Promise<DynamoDBBatchResponse> => {
    const changes = decodeStreamEvent(event).map(({ sequence, at, document }): Change => {
      const pipeline = byName.get(readEntityKey(document.key).pipeline);
      return {
        sequence,
        at,
        key: document.key,
        outputs: pipeline?.emittedBy(document).map(({ output }) => output) ?? [],
      };
    });
    const from = await deliver(delivery, changes, clock.now(), deadlineOf(context));
    return { batchItemFailures: from === undefined ? [] : [{ itemIdentifier: from }] };
  });
}
