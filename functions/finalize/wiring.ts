import { configuredPipelines, pipelinesOnAws } from "../aws.ts";
import { Environment } from "../environment.ts";
import type { FinalizeApp } from "./handler.ts";

/** @throws {StreamError} fault `bug`: names every variable that is missing or wrong. */
export function wire(variables: Readonly<Record<string, string | undefined>>): FinalizeApp {
  const environment = new Environment(variables);
  const pipelines = pipelinesOnAws(environment, configuredPipelines(environment));
  environment.check();
  return { pipelines };
}
