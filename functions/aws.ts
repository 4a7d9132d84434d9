import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { S3ObjectStore } from "../shared/objects/s3-object-store.ts";
import { logMeter } from "../shared/observability/log-meter.ts";
import { attribution } from "../shared/pipelines/attribution/attribution.ts";
import type { Clock } from "../shared/ports/clock.ts";
import type { ObjectStore } from "../shared/ports/object-store.ts";
import { type RunningPipeline, runKeyed } from "../shared/runtime/running-pipeline.ts";
import { readSettings } from "../shared/settings/settings.ts";
import { parquetFormat } from "../shared/sinks/parquet/parquet-format.ts";
import { DynamoStateStore } from "../shared/state/dynamo-state-store.ts";
import type { Environment } from "./environment.ts";

export const systemClock: Clock = { now: () => Date.now() };

/** State outlives the topic's records, so that a redelivery finds what it did: Kafka's default retention of 7 days, twice. */
const stateRetentionMs = 14 * 24 * 3_600_000;

/** The output bucket, from the variable OUTPUT_BUCKET. */
export function outputBucket(environment: Environment): ObjectStore {
  return new S3ObjectStore({ client: new S3Client({}), bucket: environment.text("OUTPUT_BUCKET") });
}

/** The attribution pipeline over DynamoDB and S3. Reads ENTITIES_TABLE, PROGRESS_TABLE, OUTPUT_BUCKET, PARTITIONS, SINKS and SETTINGS. */
export function attributionOnAws(environment: Environment): RunningPipeline {
  const given = environment.texts("SETTINGS");
  const settings =
    environment.read("SETTINGS", () => readSettings("attribution", given)) ?? readSettings("attribution", {});
  const sinks = environment.listOf("SINKS", ["s3", "http"]);
  return runKeyed({
    pipeline: attribution(settings),
    settings: {
      partitions: environment.wholeNumber("PARTITIONS", 1, 10_000),
      maxFutureSkew: settings.maxFutureSkew,
      futureClock: "wall",
      stateBytesMax: settings.stateBytesMax,
      immediate: sinks.includes("http"),
      finals: sinks.includes("s3"),
      views: false,
      stateRetention: stateRetentionMs,
    },
    store: new DynamoStateStore({
      client: new DynamoDBClient({}),
      entitiesTable: environment.text("ENTITIES_TABLE"),
      progressTable: environment.text("PROGRESS_TABLE"),
      clock: systemClock,
    }),
    objects: outputBucket(environment),
    rowFormat: parquetFormat,
    clock: systemClock,
    meter: logMeter("tidemark"),
  });
}
