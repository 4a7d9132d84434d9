import { attributionOnAws } from "../aws.ts";
import { Environment } from "../environment.ts";
import type { ConsumeApp } from "./handler.ts";

/** @throws {StreamError} fault `bug`: names every variable that is missing or wrong. */
export function wire(variables: Readonly<Record<string, string | undefined>>): ConsumeApp {
  const environment = new Environment(variables);
  const failures = environment.oneOf("BATCH_FAILURES", ["report", "throw"]);
  const pipeline = attributionOnAws(environment);
  environment.check();
  return { pipeline, failures };
}
