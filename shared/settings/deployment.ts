import { formatDuration } from "../core/duration.ts";
import type { DurationMs } from "../core/units.ts";
import { contradictionsIn, type SomePipelines } from "./contradictions.ts";
import type { Definitions, Sink } from "./definition.ts";
import {
  clickhouseDefinitions,
  endpointDefinitions,
  kafkaDefinitions,
  postgresDefinitions,
  redisDefinitions,
} from "./delivery-definitions.ts";
import { settingDefinitions } from "./pipeline-definitions.ts";
import {
  type CompleteValuesOf,
  type Group,
  type GroupReading,
  isObject,
  readGroup,
  unknownNames,
  type ValuesOf,
} from "./read-group.ts";
import { type PipelineName, type PipelineSettings, pipelineNames, SettingError } from "./settings.ts";
import { shown } from "./shown.ts";

/** The settings of a pipeline that is deployed: nothing that it needs is missing. */
export type DeployedSettings<P extends PipelineName> = PipelineSettings<P> & { readonly partitions: number };
export type DeployedPipelines = { readonly [P in PipelineName]?: DeployedSettings<P> };
export type EndpointSettings = CompleteValuesOf<typeof endpointDefinitions>;
export type KafkaSettings = ValuesOf<typeof kafkaDefinitions>;
export type ClickHouseSettings = CompleteValuesOf<typeof clickhouseDefinitions>;
export type RedisSettings = CompleteValuesOf<typeof redisDefinitions>;
export type PostgresSettings = CompleteValuesOf<typeof postgresDefinitions>;

/** All that is decided about a deployment. */
export interface Deployment {
  /** At least one. */
  readonly pipelines: DeployedPipelines;
  /** There wherever a pipeline has the sink `http`. */
  readonly endpoint?: EndpointSettings;
  readonly kafka: KafkaSettings;
  /** There wherever a pipeline has the sink `clickhouse`. */
  readonly clickhouse?: ClickHouseSettings;
  /** There wherever a pipeline has the sink `redis`. */
  readonly redis?: RedisSettings;
  /** There where a backfill has something to read. */
  readonly postgres?: PostgresSettings;
}

export const deploymentParts = ["pipelines", "endpoint", "kafka", "clickhouse", "redis", "postgres"];

/**
 * Reads the settings of a deployment: what `cdk.json` has in its context under `tidemark`.
 * @throws {SettingError} with all problems at once: what `readSettings` refuses, what is missing, and what contradicts each other.
 */
export function readDeployment(json: unknown): Deployment {
  if (!isObject(json))
    throw new SettingError([`tidemark takes an object of ${deploymentParts.join(", ")}, not ${shown(json)}`]);
  const pipelines = readPipelineGroups(json.pipelines);
  const endpoint = readGiven(groupOf("endpoint", endpointDefinitions), json.endpoint);
  const kafka = readGroup(groupOf("kafka", kafkaDefinitions), json.kafka === undefined ? {} : json.kafka);
  const clickhouse = readGiven(groupOf("clickhouse", clickhouseDefinitions), json.clickhouse);
  const redis = readGiven(groupOf("redis", redisDefinitions), json.redis);
  const postgres = readGiven(groupOf("postgres", postgresDefinitions), json.postgres);
  const problems = [
    ...unknownNames("tidemark has no setting", deploymentParts, json),
    ...pipelines.problems,
    ...(endpoint?.problems ?? missingFor("http", "endpoint", endpointDefinitions, pipelines.values)),
    ...kafka.problems,
    ...(clickhouse?.problems ?? missingFor("clickhouse", "clickhouse", clickhouseDefinitions, pipelines.values)),
    ...(redis?.problems ?? missingFor("redis", "redis", redisDefinitions, pipelines.values)),
    ...plainPasswords(redis?.values),
    ...(postgres?.problems ?? []),
  ];
  if (problems.length > 0) throw new SettingError(problems);
  // Without a problem nothing that a deployment needs is missing.
  return {
    pipelines: pipelines.values as DeployedPipelines,
    ...(endpoint && { endpoint: endpoint.values as EndpointSettings }),
    kafka: kafka.values as KafkaSettings,
    ...(clickhouse && { clickhouse: clickhouse.values as ClickHouseSettings }),
    ...(redis && { redis: redis.values as RedisSettings }),
    ...(postgres && { postgres: postgres.values as PostgresSettings }),
  };
}

/**
 * Reads the pipelines of a deployment from the text of a variable: the same JSON as under `pipelines` in `cdk.json`, with those pipelines
 * that its reader runs.
 * @throws {SettingError} with all problems at once.
 */
export function readPipelines(text: string): DeployedPipelines {
  const json = parseJson(text);
  const { values, problems } = readPipelineGroups(json);
  if (problems.length > 0) throw new SettingError(problems);
  return values as DeployedPipelines;
}

/** The text that `readPipelines` reads back as these pipelines of a deployment; those that it doesn't have are left out. */
export function pipelinesText(pipelines: DeployedPipelines, names: readonly PipelineName[]): string {
  const deployed = names.flatMap((name) => {
    const settings = pipelines[name];
    return settings ? [[name, jsonOf(name, settings)] as const] : [];
  });
  return JSON.stringify(Object.fromEntries(deployed));
}

function jsonOf(name: PipelineName, settings: object): object {
  const definitions: Definitions = settingDefinitions[name];
  const json = Object.entries(settings).map(([setting, value]) => [
    setting,
    definitions[setting]?.kind === "duration" ? formatDuration(value as DurationMs) : value,
  ]);
  return Object.fromEntries(json);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new SettingError([`pipelines are JSON such as {"purchases":{"partitions":3}}, not ${shown(text)}`]);
  }
}

/** Every pipeline as far as it can be read, and all that is wrong. */
function readPipelineGroups(json: unknown): GroupReading<SomePipelines> {
  const known = pipelineNames.join(", ");
  if (!isObject(json)) {
    return { values: {}, problems: [`pipelines takes an object of one or more of ${known}, not ${shown(json)}`] };
  }
  const unknown = unknownNames("there is no pipeline", pipelineNames, json);
  const given = pipelineNames.filter((name) => Object.hasOwn(json, name));
  const none = given.length + unknown.length === 0 ? [`pipelines is empty; name one or more of ${known}`] : [];
  const readings = given.map((name) => [name, readGroup(groupOf(name, settingDefinitions[name]), json[name])] as const);
  const values: SomePipelines = Object.fromEntries(readings.map(([name, reading]) => [name, reading.values]));
  const wrong = readings.flatMap(([, reading]) => reading.problems);
  return { values, problems: [...none, ...unknown, ...wrong, ...contradictionsIn(values)] };
}

function readGiven<D extends Definitions>(group: Group<D>, json: unknown): GroupReading<ValuesOf<D>> | undefined {
  return json === undefined ? undefined : readGroup(group, json);
}

/** What is said where a group isn't given that pipelines with this sink need. */
function missingFor(sink: Sink, group: string, definitions: Definitions, pipelines: SomePipelines): string[] {
  const senders = pipelineNames.filter((name) => pipelines[name]?.sinks?.includes(sink));
  if (senders.length === 0) return [];
  const have = senders.length === 1 ? "has" : "have";
  const needed = Object.keys(definitions).filter((name) => definitions[name]?.needed !== undefined);
  const give = needed.map((name) => `${group}.${name}`).join(" and ");
  return [`${group} is missing, but ${senders.join(" and ")} ${have} the sink ${sink}; give ${give}, or other sinks`];
}

/** A password would go over the network as it is. Without one, plain text is the deployment's own decision. */
function plainPasswords({ url, secretArn }: Partial<ValuesOf<typeof redisDefinitions>> = {}): string[] {
  if (secretArn === undefined || !url?.startsWith("redis:")) return [];
  return ["redis.url is without TLS, and the password of redis.secretArn would go in plain text; use rediss://"];
}

function groupOf<D extends Definitions>(name: string, definitions: D): Group<D> {
  return { of: name, prefix: `${name}.`, definitions, isDeployed: true };
}
