import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { StreamError } from "../../shared/core/errors.ts";
import { endpointUrl } from "../../shared/sinks/http/endpoint-url.ts";
import { HttpsEndpoint } from "../../shared/sinks/http/https-endpoint.ts";
import { configuredPipelines, outputBucket, systemClock } from "../aws.ts";
import { emitterOf } from "../catalog.ts";
import { Environment } from "../environment.ts";
import type { DeliverApp } from "./handler.ts";

/** Requests under way at once: enough to hide an endpoint's latency, few enough for most of them to bear. */
const lines = 8;

/**
 * Reads PIPELINES, OUTPUT_BUCKET, ENDPOINT_URL, ENDPOINT_SECRET_ARN (a secret that holds one or more `whsec_...`, separated by
 * spaces) and ENDPOINT_BATCH_MAX.
 * @throws {StreamError} fault `bug`: names every variable that is missing or wrong.
 */
export async function wire(variables: Readonly<Record<string, string | undefined>>): Promise<DeliverApp> {
  const environment = new Environment(variables);
  const url = environment.text("ENDPOINT_URL");
  if (url) environment.read("ENDPOINT_URL", () => endpointUrl(url, false));
  const secretId = environment.text("ENDPOINT_SECRET_ARN");
  const batchMax = environment.wholeNumber("ENDPOINT_BATCH_MAX", 1, 1_000);
  const configs = configuredPipelines(environment).filter(({ settings }) => settings.sinks.includes("http"));
  const pipelines = configs.map(emitterOf);
  const deadLetters = outputBucket(environment);
  environment.check();
  const { SecretString = "" } = await new SecretsManagerClient({}).send(
    new GetSecretValueCommand({ SecretId: secretId }),
  );
  const endpoint = signedEndpoint(url, SecretString.split(/\s+/).filter(Boolean));
  return { pipelines, delivery: { endpoint, deadLetters, settings: { batchMax, lines } }, clock: systemClock };
}

function signedEndpoint(url: string, secrets: readonly string[]): HttpsEndpoint {
  try {
    return new HttpsEndpoint({ url, secrets });
  } catch (cause) {
    throw new StreamError(
      "bug",
      `environment: the secret of ENDPOINT_SECRET_ARN can't be used: ${(cause as Error).message}`,
      { cause },
    );
  }
}
