import { awsSurroundings, configuredPipelines } from "../aws.ts";
import type { PipelineConfig } from "../catalog.ts";
import { Environment } from "../environment.ts";
import { eventRowsOf } from "../postgres.ts";
import { sendingSinks } from "../sending-sinks.ts";
import type { BackfillApp } from "./backfill.ts";

type EngagementConfig = Extract<PipelineConfig, { name: "engagement" }>;

/** A backfill on AWS. Whoever needs it no more closes it: connections keep a process alive. */
export interface BackfillOnAws extends BackfillApp {
  close(): Promise<void>;
}

/**
 * For Lambda and for a shell. Reads PIPELINES, ENTITIES_TABLE, PROGRESS_TABLE, OUTPUT_BUCKET, what `eventRowsOf` names, and what the sinks
 * need that the pipeline `engagement` has.
 * @throws {StreamError} fault `bug`: names every variable that is missing or wrong.
 */
export async function wire(variables: Readonly<Record<string, string | undefined>>): Promise<BackfillOnAws> {
  const environment = new Environment(variables);
  const configs = configuredPipelines(environment);
  const isEngagement = (config: PipelineConfig): config is EngagementConfig => config.name === "engagement";
  const settings = configs.find(isEngagement)?.settings;
  if (configs.length > 0 && !settings)
    environment.refuse("PIPELINES has no engagement, the pipeline that is backfilled");
  const surroundings = awsSurroundings(environment)("engagement");
  const openRows = eventRowsOf(environment);
  const sinks = sendingSinks(environment, settings?.sinks ?? []);
  environment.check();
  const rows = await openRows();
  return {
    // `check` has found PIPELINES to be missing where there is none.
    settings: settings as EngagementConfig["settings"],
    ...{ surroundings, rows, openSink: sinks.open },
    close: async () => {
      await rows.close();
      await sinks.close();
    },
  };
}
