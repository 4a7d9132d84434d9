import { meter, outputBucket, systemClock } from "../aws.ts";
import { Environment } from "../environment.ts";
import type { StoreApp } from "../result-handler.ts";
import { redisOf } from "../result-stores.ts";

/**
 * Reads OUTPUT_BUCKET, BATCH_FAILURES and what `redisOf` names.
 * @throws {StreamError} fault `bug`: names every variable that is missing or wrong.
 */
export async function wire(variables: Readonly<Record<string, string | undefined>>): Promise<StoreApp> {
  const environment = new Environment(variables);
  const openStore = redisOf(environment);
  const deadLetters = outputBucket(environment);
  const failures = environment.oneOf("BATCH_FAILURES", ["report", "throw"]);
  environment.check();
  return { store: await openStore(), deadLetters, clock: systemClock, meter, failures };
}
