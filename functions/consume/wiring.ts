import { configuredPipelines, pipelinesOnAws } from "../aws.ts";
import { Environment } from "../environment.ts";
import type { ConsumeApp } from "./handler.ts";

/**
 * PIPELINES names the one pipeline whose topics come in here.
 * @throws {StreamError} fault `bug`: names every variable that is missing or wrong.
 */
export function wire(variables: Readonly<Record<string, string | undefined>>): ConsumeApp {
  const environment = new Environment(variables);
  const failures = environment.oneOf("BATCH_FAILURES", ["report", "throw"]);
  const [pipeline, ...others] = pipelinesOnAws(environment, configuredPipelines(environment));
  if (others.length > 0) environment.refuse("PIPELINES names more than the one pipeline that a consumer takes");
  environment.check();
  // `check` has found PIPELINES to be missing where there is none.
  return { pipeline: pipeline as NonNullable<typeof pipeline>, failures };
}
