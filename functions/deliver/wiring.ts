import { setTimeout } from "node:timers/promises";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { StreamError } from "../../shared/core/errors.ts";
import type { RateLimit } from "../../shared/ports/rate-limit.ts";
import { SharedRateLimit } from "../../shared/runtime/shared-rate-limit.ts";
import { endpointDefinitions } from "../../shared/settings/delivery-definitions.ts";
import { statusErrorInBody } from "../../shared/sinks/http/answer.ts";
import { endpointUrl } from "../../shared/sinks/http/endpoint-url.ts";
import { HttpsEndpoint, type HttpsEndpointSettings } from "../../shared/sinks/http/https-endpoint.ts";
import { configuredPipelines, outputBucket, progressTable, systemClock } from "../aws.ts";
import { emitterOf } from "../catalog.ts";
import { Environment } from "../environment.ts";
import type { DeliverApp } from "./handler.ts";

/** Requests under way at once: enough to hide an endpoint's latency, few enough for most of them to bear. */
const lines = 8;

/** The document by which all instances share the rate: a deployment has one endpoint. */
const rateKey = "rate|endpoint";

/**
 * Reads PIPELINES, PROGRESS_TABLE, OUTPUT_BUCKET, ENDPOINT_URL, ENDPOINT_SECRET_ARN (a secret that holds one or more `whsec_...`, separated
 * by spaces), ENDPOINT_BATCH_MAX, ENDPOINT_RATE_PER_SECOND (may be missing: no limit), ENDPOINT_TIMEOUT_MS and
 * ENDPOINT_STATUS_ERROR_IS_FAILURE (`true` or `false`).
 * @throws {StreamError} fault `bug`: names every variable that is missing or wrong.
 */
export async function wire(variables: Readonly<Record<string, string | undefined>>): Promise<DeliverApp> {
  const environment = new Environment(variables);
  const settings = endpointSettings(environment);
  const secretId = environment.text("ENDPOINT_SECRET_ARN");
  const batchMax = numberWithin(environment, "ENDPOINT_BATCH_MAX", endpointDefinitions.batchMax);
  const configs = configuredPipelines(environment).filter(({ settings }) => settings.sinks.includes("http"));
  const pipelines = configs.map(emitterOf);
  const deadLetters = outputBucket(environment);
  environment.check();
  const { SecretString = "" } = await new SecretsManagerClient({}).send(
    new GetSecretValueCommand({ SecretId: secretId }),
  );
  const endpoint = signedEndpoint({ ...settings, secrets: SecretString.split(/\s+/).filter(Boolean) });
  return { pipelines, delivery: { endpoint, deadLetters, settings: { batchMax, lines } }, clock: systemClock };
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

function signedEndpoint(settings: HttpsEndpointSettings): HttpsEndpoint {
  try {
    return new HttpsEndpoint(settings);
  } catch (cause) {
    throw new StreamError(
      "bug",
      `environment: the secret of ENDPOINT_SECRET_ARN can't be used: ${(cause as Error).message}`,
      { cause },
    );
  }
}
