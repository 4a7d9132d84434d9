import middy from "@middy/core";
import type { Context } from "aws-lambda";
import type { DurationMs } from "../../shared/core/units.ts";
import { deadlineOf } from "../deadline.ts";
import { type BackfillApp, type BackfillProgress, backfill } from "./backfill.ts";
import { readRequest } from "./request.ts";

/** Time to take in the portion that is under way, and to answer. */
const wrapUpMs: DurationMs = 20_000;

/**
 * A range of time in, its events into the sinks. Ends ahead of the function's own time limit and answers how far it has come; invoked again
 * with the same event it goes on, until `isDone`.
 */
export function createHandler(app: BackfillApp) {
  return middy(async (event: unknown, context: Context): Promise<BackfillProgress | undefined> => {
    const request = readRequest(event);
    const steps = await Array.fromAsync(backfill(app, request, deadlineOf(context, wrapUpMs)));
    return steps.at(-1);
  });
}
