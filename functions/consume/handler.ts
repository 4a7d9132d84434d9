import middy from "@middy/core";
import type { Context } from "aws-lambda";
import { answerKafka } from "../../shared/kafka/batch-response.ts";
import { decodeMskEvent, type MskEvent } from "../../shared/kafka/msk-event.ts";
import { logError } from "../../shared/observability/log.ts";
import type { RunningPipeline } from "../../shared/runtime/running-pipeline.ts";
import { deadlineOf } from "../deadline.ts";

export interface ConsumeApp {
  readonly pipeline: RunningPipeline;
  /** How the event source mapping wants to hear of what is to be sent again. */
  readonly failures: "report" | "throw";
}

/** Records of a pipeline's topics in, its results out. Answers with what is to be sent again. */
export function createHandler({ pipeline, failures }: ConsumeApp) {
  return middy(async (event: MskEvent, context: Context) => {
    const batch = decodeMskEvent(event);
    const unfinished = await pipeline.process(batch, deadlineOf(context));
    for (const { topic, partition, offset, cause } of unfinished) {
      logError("records.unfinished", { pipeline: pipeline.name, at: `${topic}-${partition}@${offset}` }, cause);
    }
    return answerKafka(unfinished, failures, batch);
  });
}
