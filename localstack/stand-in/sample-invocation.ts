import { readFileSync } from "node:fs";
import type { FunctionRow } from "../../functions/function-row.ts";

const events = new URL("../../test/events/", import.meta.url);

/** What each function is sent. The others begin their work at a server that only a deployment has. */
const sampleNames: Readonly<Record<string, string>> = {
  attribution: "msk-page-views",
  conversions: "msk-raw-events",
  windows: "msk-incoming-events",
  dedupe: "msk-incoming-events",
  engagement: "msk-engagement-events",
  content: "msk-content",
  purchases: "msk-purchases",
  finalize: "schedule",
  deliver: "dynamodb-stream-entities",
  clickhouse: "clickhouse",
  api: "http-api-total",
};

/** An event for a function, if it can answer one where AWS is empty. */
export function sampleEvent(name: string): unknown {
  const sample = sampleNames[name];
  return sample && JSON.parse(readFileSync(new URL(`${sample}.json`, events), "utf8"));
}

/** The variables that make a function's initialization succeed. Everything it calls is at `url`, and no broker or database is there. */
export function sampleEnvironment(row: FunctionRow, url: string): Readonly<Record<string, string>> {
  const values: Readonly<Record<string, string>> = {
    PIPELINES: JSON.stringify(Object.fromEntries(row.pipelines.map((pipeline) => [pipeline, { partitions: 6 }]))),
    ENTITIES_TABLE: "entities",
    PROGRESS_TABLE: "progress",
    OUTPUT_BUCKET: "bucket",
    BATCH_FAILURES: "report",
    ENDPOINT_URL: url,
    ENDPOINT_SECRET_ARN: "endpoint",
    ENDPOINT_BATCH_MAX: "100",
    ENDPOINT_STATUS_ERROR_IS_FAILURE: "false",
    ENDPOINT_TIMEOUT_MS: "5000",
    KAFKA_BROKERS: "127.0.0.1:9",
    KAFKA_AUTH: "iam",
    CLICKHOUSE_URL: url,
    CLICKHOUSE_SECRET_ARN: "login",
    CLICKHOUSE_DATABASE: "default",
    CLICKHOUSE_TABLE: "events_enriched",
    REDIS_URL: "redis://127.0.0.1:9",
    POSTGRES_SECRET_ARN: "postgres",
  };
  const given = row.environment.flatMap((name) => (values[name] === undefined ? [] : [[name, values[name]]]));
  return { AWS_ENDPOINT_URL: url, ...Object.fromEntries(given) };
}
