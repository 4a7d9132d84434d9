import type { Context } from "aws-lambda";

/** Time to store what is done and to answer, in milliseconds: a commit and a progress update with a retry each; at most half of all. */
const wrapUpMs = 10_000;

/** Fires while there is still time to answer in good order; `undefined` where nobody measures the time. */
export function deadlineOf(context: Partial<Pick<Context, "getRemainingTimeInMillis">>): AbortSignal | undefined {
  const remaining = context.getRemainingTimeInMillis?.();
  return remaining === undefined ? undefined : AbortSignal.timeout(Math.max(remaining - wrapUpMs, remaining / 2, 0));
}
