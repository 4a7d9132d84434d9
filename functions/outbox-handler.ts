import middy from "@middy/core";
import type { Context, DynamoDBBatchResponse, DynamoDBStreamEvent } from "aws-lambda";
import { logError } from "../shared/observability/log.ts";
import type { Clock } from "../shared/ports/clock.ts";
import { type Meter, silentMeter } from "../shared/ports/meter.ts";
import { type Change, type Delivery, deliver } from "../shared/runtime/deliver.ts";
import { readEntityKey } from "../shared/runtime/keys.ts";
import type { RunningPipeline } from "../shared/runtime/running-pipeline.ts";
import { decodeStreamEvent } from "../shared/state/stream-event.ts";
import { deadlineOf } from "./deadline.ts";

export interface OutboxApp {
  /** Those whose outputs go to this sink. What others leave in their outboxes is for other functions. */
  readonly pipelines: readonly Pick<RunningPipeline, "name" | "emittedBy">[];
  readonly delivery: Omit<Delivery, "meter">;
  readonly clock: Clock;
  /** Without one nothing is counted. */
  readonly meter?: Meter;
}

/** Outboxes in, outputs out to a sink. Answers with where the stream is to start again. */
export function outboxHandler({ pipelines, delivery, clock, meter = silentMeter }: OutboxApp) {
  const byName = new Map(pipelines.map((pipeline) => [pipeline.name, pipeline]));
  return middy(async (event: DynamoDBStreamEvent, context: Context): Promise<DynamoDBBatchResponse> => {
    const changes = decodeStreamEvent(event).map(({ sequence, at, document }): Change => {
      const pipeline = byName.get(readEntityKey(document.key).pipeline);
      return { sequence, at, key: document.key, emitted: pipeline?.emittedBy(document) ?? [] };
    });
    const stop = await deliver({ ...delivery, meter }, changes, clock.now(), deadlineOf(context));
    if (!stop) return { batchItemFailures: [] };
    logError("delivery.stopped", { sink: delivery.sink.name, at: stop.sequence }, stop.reason);
    return { batchItemFailures: [{ itemIdentifier: stop.sequence }] };
  });
}
