import { setTimeout } from "node:timers/promises";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { defaultProvider } from "@aws-sdk/credential-provider-node";
import { S3ObjectStore } from "../shared/objects/s3-object-store.ts";
import { emfMeter } from "../shared/observability/emf-meter.ts";
import type { Clock } from "../shared/ports/clock.ts";
import type { ObjectStore } from "../shared/ports/object-store.ts";
import type { DocumentTable, StateStore } from "../shared/ports/state-store.ts";
import type { RunningPipeline } from "../shared/runtime/running-pipeline.ts";
import { readPipelines } from "../shared/settings/deployment.ts";
import { type PipelineName, pipelineNames } from "../shared/settings/settings.ts";
import { parquetFormat } from "../shared/sinks/parquet/parquet-format.ts";
import { DynamoDocumentTable } from "../shared/state/dynamo-document-table.ts";
import { DynamoStateStore, type DynamoStateStoreOptions } from "../shared/state/dynamo-state-store.ts";
import { type PipelineConfig, runConfigured, type Surroundings } from "./catalog.ts";
import type { Environment } from "./environment.ts";

export const systemClock: Clock = { now: () => Date.now() };

/** What all functions here count with; `writesMetrics` has it written at the end of each invocation. */
export const meter = emfMeter();

/** The output bucket, from the variable OUTPUT_BUCKET. */
export function outputBucket(environment: Environment): ObjectStore {
  return new S3ObjectStore({ client: new S3Client({}), bucket: environment.text("OUTPUT_BUCKET") });
}

/** The credentials of the function's role, as they are when they are asked for. */
export function roleCredentials() {
  return defaultProvider();
}

/** The state tables, from the variables ENTITIES_TABLE and PROGRESS_TABLE. */
export function stateTables(environment: Environment): StateStore {
  return new DynamoStateStore(tableOptions(environment));
}

function tableOptions(environment: Environment): DynamoStateStoreOptions {
  return {
    client: new DynamoDBClient({}),
    entitiesTable: environment.text("ENTITIES_TABLE"),
    progressTable: environment.text("PROGRESS_TABLE"),
    clock: systemClock,
  };
}

/** Of one call of `progressTable`, in milliseconds: so long that only a table that doesn't answer needs it. */
const callTimeout = 1_000;

/** The progress table by itself, from the variable PROGRESS_TABLE. A call that gets no answer ends: nothing waits for it for good. */
export function progressTable(environment: Environment): DocumentTable {
  const requestHandler = { connectionTimeout: callTimeout, requestTimeout: callTimeout, throwOnRequestTimeout: true };
  const client = new DynamoDBClient({ requestHandler });
  const name = environment.text("PROGRESS_TABLE");
  return new DynamoDocumentTable({ client, name, random: Math.random, sleep: setTimeout }, systemClock);
}

/** The pipelines of the variable PIPELINES, with their settings. */
export function configuredPipelines(environment: Environment): readonly PipelineConfig[] {
  const text = environment.text("PIPELINES");
  const pipelines = text === "" ? {} : (environment.read("PIPELINES", () => readPipelines(text)) ?? {});
  return pipelineNames.flatMap((name) => {
    const settings = pipelines[name];
    return settings ? [{ name, settings } as PipelineConfig] : [];
  });
}

/**
 * DynamoDB and S3 for a pipeline to run on, whose units are counted as its own. Reads ENTITIES_TABLE, PROGRESS_TABLE and OUTPUT_BUCKET.
 */
export function awsSurroundings(environment: Environment): (pipeline: PipelineName) => Surroundings {
  const tables = tableOptions(environment);
  const objects = outputBucket(environment);
  return (pipeline) => ({
    store: new DynamoStateStore({
      ...tables,
      onConsumed: (kind, units) => meter.count(`${kind}_units_total`, units, { pipeline }),
    }),
    objects,
    rowFormat: parquetFormat,
    clock: systemClock,
    meter,
    futureClock: "wall",
    expires: true,
  });
}

/** These pipelines over DynamoDB and S3. Reads what `awsSurroundings` does. */
export function pipelinesOnAws(environment: Environment, configs: readonly PipelineConfig[]): RunningPipeline[] {
  const surroundingsOf = awsSurroundings(environment);
  return configs.map((config) => runConfigured(config, surroundingsOf(config.name)));
}
