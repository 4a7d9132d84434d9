import { setTimeout } from "node:timers/promises";
import type { RateLimit } from "../shared/ports/rate-limit.ts";
import type { EndpointSinkSettings } from "../shared/runtime/immediate-sinks.ts";
import { SharedRateLimit } from "../shared/runtime/shared-rate-limit.ts";
import { endpointDefinitions } from "../shared/settings/delivery-definitions.ts";
import { statusErrorInBody } from "../shared/sinks/http/answer.ts";
import { endpointUrl } from "../shared/sinks/http/endpoint-url.ts";
import { HttpsEndpoint, type HttpsEndpointSettings } from "../shared/sinks/http/https-endpoint.ts";
import { progressTable, systemClock } from "./aws.ts";
import type { Environment } from "./environment.ts";
import { readSecret, useSecret } from "./secret.ts";

/** Requests under way at once: enough to hide an endpoint's latency, few enough for most of them to bear. */
const lines = 8;

/** The document by which all instances share the rate: a deployment has one endpoint. */
const rateKey = "rate|endpoint";

export interface OpenedEndpoint {
  readonly endpoint: HttpsEndpoint;
  readonly settings: EndpointSinkSettings;
}

/**
 * The HTTP endpoint, from the variables ENDPOINT_URL, ENDPOINT_SECRET_ARN (a secret that holds one or more `whsec_...`, separated by
 * spaces), ENDPOINT_BATCH_MAX, ENDPOINT_RATE_PER_SECOND (may be missing: no limit), ENDPOINT_TIMEOUT_MS,
 * ENDPOINT_STATUS_ERROR_IS_FAILURE (`true` or `false`) and PROGRESS_TABLE. To be opened once they are found to be right: that reads the
 * secret.
 */
export function endpointOf(environment: Environment): () => Promise<OpenedEndpoint> {
  const settings = endpointSettings(environment);
  const secretArn = environment.text("ENDPOINT_SECRET_ARN");
  const batchMax = numberWithin(environment, "ENDPOINT_BATCH_MAX", endpointDefinitions.batchMax);
  return async () => {
    const secrets = (await readSecret(secretArn)).split(/\s+/).filter(Boolean);
    const endpoint = useSecret("ENDPOINT_SECRET_ARN", () => new HttpsEndpoint({ ...settings, secrets }));
    return { endpoint, settings: { batchMax, lines } };
  };
}

function endpointSettings(environment: Environment): Omit<HttpsEndpointSettings, "secrets"> {
  const url = environment.text("ENDPOINT_URL");
  if (url) environment.read("ENDPOINT_URL", () => endpointUrl(url, false));
  const tryTimeout = numberWithin(environment, "ENDPOINT_TIMEOUT_MS", endpointDefinitions.timeout);
  const readsBody = environment.oneOf("ENDPOINT_STATUS_ERROR_IS_FAILURE", ["false", "true"]) === "true";
  const rateLimit = sharedRate(environment);
  return { url, tryTimeout, ...(readsBody && { failureInBody: statusErrorInBody }), ...(rateLimit && { rateLimit }) };
}

function sharedRate(environment: Environment): RateLimit | undefined {
  const table = progressTable(environment);
  if (environment.optional("ENDPOINT_RATE_PER_SECOND") === undefined) return undefined;
  const ratePerSecond = numberWithin(environment, "ENDPOINT_RATE_PER_SECOND", endpointDefinitions.ratePerSecond);
  const surroundings = { clock: systemClock, random: Math.random, sleep: setTimeout };
  return new SharedRateLimit({ table, key: rateKey, ratePerSecond, ...surroundings });
}

function numberWithin(environment: Environment, name: string, { min, max }: { min: number; max: number }): number {
  return environment.wholeNumber(name, min, max);
}
