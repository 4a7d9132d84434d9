import type { Context } from "aws-lambda";
import type { DurationMs } from "../shared/core/units.ts";

/** Time to store what is done and to answer, in milliseconds: a commit and a progress update with a retry each; at most half of all. */
const wrapUpMs = 10_000;

/**
 * Fires while there is still time to answer in good order; `undefined` where nobody measures the time. `wrapUp`: what that takes, where it
 * isn't the usual.
 */
export function deadlineOf(
  context: Partial<Pick<Context, "getRemainingTimeInMillis">>,
  wrapUp: DurationMs = wrapUpMs,
): AbortSignal | undefined {
  const remaining = context.getRemainingTimeInMillis?.();
  return remaining === undefined ? undefined : AbortSignal.timeout(Math.max(remaining - wrapUp, remaining / 2, 0));
}
