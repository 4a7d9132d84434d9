import { attributionOnAws } from "../aws.ts";
import { Environment } from "../environment.ts";
import type { FinalizeApp } from "./handler.ts";

/** @throws {StreamError} fault `bug`: names every variable that is missing or wrong. */
export function wire(variables: Readonly<Record<string, string | undefined>>): FinalizeApp {
  const environment = new Environment(variables);
  const pipelines = [attributionOnAws(environment)];
  environment.check();
  return { pipelines };
}
