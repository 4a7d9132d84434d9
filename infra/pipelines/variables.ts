import { pipelinesText } from "../../shared/settings/deployment.ts";
import type { System } from "../../shared/settings/system.ts";
import { type DeployedFunction, writesToKafka } from "./deployed-functions.ts";

/** What is known of a deployment only once its stacks are. */
export interface Places {
  readonly entitiesTable: string;
  readonly progressTable: string;
  readonly outputBucket: string;
  /** `host:port`, with commas between. Asked for only where a function needs it. */
  brokers(): string;
}

/**
 * The environment of a function: what its row in the manifest names.
 * @throws {Error} it needs a variable that nothing gives: settings that lack it are refused before.
 */
export function variablesOf(row: DeployedFunction, system: System, places: Places): Record<string, string> {
  const known = { ...ofPlaces(row, system, places), ...ofSinks(row, system), ...ofKafka(row, system, places) };
  const given = row.environment.flatMap((name): [string, string][] => {
    const value = known[name];
    if (value !== undefined) return [[name, value]];
    if (row.optionalEnvironment?.includes(name)) return [];
    throw new Error(
      `functions/manifest.ts: ${row.name} needs ${name}, which infra/pipelines/variables.ts doesn't give`,
    );
  });
  return { ...Object.fromEntries(given), METRICS_NAMESPACE: system.name, NODE_OPTIONS: "--enable-source-maps" };
}

type Known = Readonly<Record<string, string | undefined>>;

function ofPlaces({ pipelines }: DeployedFunction, system: System, places: Places): Known {
  return {
    PIPELINES: pipelinesText(system.pipelines, pipelines),
    ENTITIES_TABLE: places.entitiesTable,
    PROGRESS_TABLE: places.progressTable,
    OUTPUT_BUCKET: places.outputBucket,
    // Pollers on demand know no partial batches: there a batch that isn't done fails as a whole.
    BATCH_FAILURES: system.pollers.mode === "provisioned" ? "report" : "throw",
  };
}

function ofKafka(row: DeployedFunction, system: System, places: Places): Known {
  return writesToKafka(row, system) ? { KAFKA_BROKERS: places.brokers(), KAFKA_AUTH: system.kafka.auth } : {};
}

/** Only of sinks that one of its pipelines has. */
function ofSinks({ pipelines }: DeployedFunction, { endpoint, clickhouse, redis, postgres, ...system }: System): Known {
  const sinks = new Set(pipelines.flatMap((name) => system.pipelines[name]?.sinks ?? []));
  return {
    ...(sinks.has("http") &&
      endpoint && {
        ENDPOINT_URL: endpoint.url,
        ENDPOINT_SECRET_ARN: endpoint.secretArn,
        ENDPOINT_BATCH_MAX: String(endpoint.batchMax),
        ENDPOINT_RATE_PER_SECOND: endpoint.ratePerSecond?.toString(),
        ENDPOINT_TIMEOUT_MS: String(endpoint.timeout),
        ENDPOINT_STATUS_ERROR_IS_FAILURE: String(endpoint.statusErrorIsFailure),
      }),
    ...(sinks.has("clickhouse") &&
      clickhouse && {
        CLICKHOUSE_URL: clickhouse.url,
        CLICKHOUSE_SECRET_ARN: clickhouse.secretArn,
        CLICKHOUSE_DATABASE: clickhouse.database,
        CLICKHOUSE_TABLE: clickhouse.table,
      }),
    ...(sinks.has("redis") &&
      redis && {
        REDIS_URL: redis.url,
        REDIS_SECRET_ARN: redis.secretArn,
        REDIS_PREFIX: redis.prefix || undefined,
      }),
    POSTGRES_SECRET_ARN: postgres?.secretArn,
  };
}
