import { configuredPipelines, meter, outputBucket, systemClock } from "../aws.ts";
import { emitterOf } from "../catalog.ts";
import { endpointOf } from "../endpoint.ts";
import { Environment } from "../environment.ts";
import type { DeliverApp } from "./handler.ts";

/**
 * Reads PIPELINES, OUTPUT_BUCKET and what `endpointOf` names.
 * @throws {StreamError} fault `bug`: names every variable that is missing or wrong.
 */
export async function wire(variables: Readonly<Record<string, string | undefined>>): Promise<DeliverApp> {
  const environment = new Environment(variables);
  const openEndpoint = endpointOf(environment);
  const configs = configuredPipelines(environment).filter(({ settings }) => settings.sinks.includes("http"));
  const pipelines = configs.map(emitterOf);
  const deadLetters = outputBucket(environment);
  environment.check();
  return { pipelines, delivery: { ...(await openEndpoint()), deadLetters }, clock: systemClock, meter };
}
