import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { formatDuration } from "../../shared/core/duration.ts";
import type { Definitions, SettingDefinition } from "../../shared/settings/definition.ts";
import {
  clickhouseDefinitions,
  endpointDefinitions,
  kafkaDefinitions,
  postgresDefinitions,
  redisDefinitions,
} from "../../shared/settings/delivery-definitions.ts";
import { settingDefinitions, sourceTopics } from "../../shared/settings/pipeline-definitions.ts";
import { pipelineNames } from "../../shared/settings/settings.ts";
import { infrastructureGroups } from "../../shared/settings/system.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
export const settingsReference = join(root, "docs/reference/settings.md");

/** The page about all settings, made from their definitions and the settings that `cdk.json` holds. */
export function settingsPage(cdkJson = readFileSync(join(root, "cdk.json"), "utf8")): string {
  const { context } = JSON.parse(cdkJson) as { context: { tidemark: unknown } };
  return `<!-- Written by \`npm run reference\` from the definitions in shared/settings. Don't edit: change those. -->

# Settings

${introduction}
## In cdk.json

What \`cdk.json\` holds here, to begin with. [Deploying](../guide/deploy.md) tells how it is changed, there or on the command line.

${shownAsJson(context.tidemark)}
The sink \`http\` needs an endpoint, \`kafka\` may name its cluster, \`clickhouse\` and \`redis\` need their servers, and a backfill needs the
database that it reads. All of them stand beside \`pipelines\`, and so do \`name\` (\`tidemark\` where it isn't given: what names of stacks and functions begin
with, so that an account can hold several deployments) and the groups from [cluster](#cluster) on, which have defaults for everything:

${shownAsJson(besidePipelines)}
${betweenSettings}
## Fixed for the life of a state

${fixedSettings()} can't change while the state lives: what is stored follows from them. Another value
needs fresh state.

${pipelineNames.map(pipelineSection).join("\n")}
## endpoint

Where all pipelines with the sink \`http\` send their results. A deployment without that sink needs none.

${tableOf(endpointDefinitions)}
## kafka

The cluster that takes the results of all pipelines with the sink \`kafka\`.

${tableOf(kafkaDefinitions)}
## clickhouse

The ClickHouse that takes the results of pipelines with the sink \`clickhouse\`, out of their output topic.

${tableOf(clickhouseDefinitions)}
## redis

The Redis that takes the results of pipelines with the sink \`redis\`, out of their output topic.

${tableOf(redisDefinitions)}
## postgres

The database that a backfill reads. A deployment without it has no function for that.

${tableOf(postgresDefinitions)}
${Object.entries(infrastructureGroups)
  .map(
    ([name, definitions]) => `## ${name}\n\n${aboutGroup[name as keyof typeof aboutGroup]}\n\n${tableOf(definitions)}`,
  )
  .join("\n")}`;
}

/** What a deployment stands on. Beside these there is `name`. */
const aboutGroup: Readonly<Record<keyof typeof infrastructureGroups, string>> = {
  cluster: "Where the topics live.",
  pollers:
    "What brings records from topics to functions. All topics of a deployment share one group of provisioned pollers.",
  registry: "The schema registry of the topics, where their values aren't JSON.",
  functions: "What all functions have in common. Time and memory of each stand in `functions/manifest.ts`.",
  network: "The network of a new cluster.",
  api: "The HTTP API.",
  watch: "Alarms and dashboards; [what the alarms mean](../guide/runbook.md).",
  capture:
    "The [capture](../guide/capture.md) of PostgreSQL for the pipeline engagement. A deployment without these settings has none.",
};

const introduction = `One model for all: the same names, values, bounds and messages wherever a setting is read.

| settings of | in \`cdk.json\`, under \`context.tidemark\` | in the variables of a function | on the command line |
| --- | --- | --- | --- |
| a pipeline | \`pipelines.NAME\` | \`PIPELINES\`: JSON as under \`pipelines\`, with those pipelines that the function runs | \`--set NAME=VALUE\`, as often as needed |
| the endpoint | \`endpoint\` | \`ENDPOINT_URL\`, \`ENDPOINT_SECRET_ARN\`, \`ENDPOINT_BATCH_MAX\`, \`ENDPOINT_RATE_PER_SECOND\`, \`ENDPOINT_TIMEOUT_MS\`, \`ENDPOINT_STATUS_ERROR_IS_FAILURE\` | no: commands bring an endpoint of their own |
| Kafka | \`kafka\` | \`KAFKA_BROKERS\`, \`KAFKA_AUTH\` | no: commands write topics as files |
| ClickHouse | \`clickhouse\` | \`CLICKHOUSE_URL\`, \`CLICKHOUSE_SECRET_ARN\`, \`CLICKHOUSE_DATABASE\`, \`CLICKHOUSE_TABLE\` | no |
| Redis | \`redis\` | \`REDIS_URL\`, \`REDIS_SECRET_ARN\`, \`REDIS_PREFIX\` | no |
| Postgres | \`postgres\` | \`POSTGRES_SECRET_ARN\`; in a shell \`POSTGRES_URL\` may stand in its place | no |

What is not given has its default. What is unknown, can't be read or lies out of bounds is refused, and a deployment is refused with
everything that is wrong at once.

- **Durations** are written \`500ms\`, \`90s\`, \`2m\`, \`24h\`, \`7d\`, or as ISO 8601: \`PT5M\`, \`P1DT12H\`. Always with a unit: a bare number is
  refused.
- **Numbers** are whole, as JSON numbers or as text.
- **Flags** are \`true\` or \`false\`, as JSON or as text.
- **Lists** are JSON lists, or text with commas between: \`s3,http\`.
`;

/** Settings beside `pipelines`, as an example. */
const besidePipelines = {
  endpoint: {
    url: "https://example.com/events",
    secretArn: "arn:aws:secretsmanager:eu-west-1:123456789012:secret:tidemark-AbCdEf",
    batchMax: 100,
    ratePerSecond: 50,
  },
  kafka: { brokers: ["b-1.example.com:9098", "b-2.example.com:9098"], auth: "iam" },
  clickhouse: {
    url: "https://clickhouse.example.com:8443",
    secretArn: "arn:aws:secretsmanager:eu-west-1:123456789012:secret:clickhouse-AbCdEf",
    table: "events_enriched",
  },
  redis: { url: "rediss://cache.example.com:6379", prefix: "{tidemark}:" },
  postgres: { secretArn: "arn:aws:secretsmanager:eu-west-1:123456789012:secret:media-AbCdEf" },
};

const betweenSettings = `A deployment is also refused where settings contradict each other:

- Each pipeline has \`partitions\`, and pipelines that read the same topic have the same number.
- A pipeline with the sink \`http\` needs \`endpoint.url\` and \`endpoint.secretArn\`.
- A pipeline with the sink \`clickhouse\` needs \`clickhouse.url\` and \`clickhouse.secretArn\`, and one with \`redis\` needs \`redis.url\`. Both
  are fed from the output topic, so the pipeline needs the sink \`kafka\` too.
- With the sink \`kafka\`, \`outputTopic\` is no topic that the pipeline or another one of the deployment reads, and no two pipelines have the
  same. Names that differ in \`.\` and \`_\` only are the same: Kafka would not create both.
- \`dedupeRetention\` is at least \`allowedLateness\` + \`maxFutureSkew\`. Otherwise an id would be forgotten whose event can still come.
- \`stateRetention\` is at least \`allowedLateness\` + \`maxFutureSkew\` + the longest of \`attributionWindow\`, \`finalInterval\` and
  \`windowSize\`, as far as the pipeline has them. Otherwise a click would be forgotten that still counts, or a result before its final
  row is written.

On the command line only the rule about the pipeline's own topics applies: nothing expires there.
`;

function fixedSettings(): string {
  const all = pipelineNames.flatMap((name) => Object.entries<SettingDefinition>(settingDefinitions[name]));
  const fixed = new Set(all.filter(([, { isFixed }]) => isFixed).map(([name]) => `\`${name}\``));
  return new Intl.ListFormat("en", { type: "conjunction" }).format(fixed);
}

function pipelineSection(name: (typeof pipelineNames)[number]): string {
  const topics = sourceTopics[name].map((topic) => `\`${topic}\``).join(" and ");
  return `## ${name}\n\nReads ${topics}.\n\n${tableOf(settingDefinitions[name])}`;
}

function tableOf(definitions: Definitions): string {
  const rows = Object.entries(definitions).map(
    ([name, definition]) =>
      `| \`${name}\` | ${defaultOf(definition)} | ${allowedFor(definition)} | ${definition.meaning}${definition.isFixed ? "; fixed for the life of a state" : ""} |\n`,
  );
  return `| setting | default | allowed | meaning |\n| --- | --- | --- | --- |\n${rows.join("")}`;
}

function defaultOf(definition: SettingDefinition): string {
  if (definition.default === "") return "empty";
  if (definition.default === undefined) return definition.needed ? "none: a deployment needs it" : "none";
  switch (definition.kind) {
    case "duration":
      return formatDuration(definition.default);
    case "bytes":
    case "count":
      return String(definition.default);
    case "flag":
      return codes([String(definition.default)], "");
    case "sinks":
      return codes(definition.default, ", ");
    case "texts":
      return definition.default.length === 0 ? "none" : codes(definition.default, ", ");
    default:
      return codes([definition.default], "");
  }
}

function allowedFor(definition: SettingDefinition): string {
  switch (definition.kind) {
    case "duration":
      return `${formatDuration(definition.min)} to ${formatDuration(definition.max)}`;
    case "bytes":
    case "count":
      return `${definition.min} to ${definition.max}`;
    case "flag":
      return codes(["true", "false"], " or ");
    case "sinks":
      return `one or more of ${codes(definition.known, ", ")}`;
    case "topic":
      return "a Kafka topic's name";
    case "url":
    case "server":
      return "an https URL";
    case "redis":
      return "`redis://HOST[:PORT][/DATABASE]`, or `rediss://`";
    case "secret":
      return "an ARN";
    case "brokers":
      return "a list of `HOST:PORT`";
    case "choice":
      return codes(definition.known, " or ");
    case "text":
      return definition.takes;
    case "texts":
      return `a list of ${definition.takes}`;
    case "identifier":
      return "letters, digits and `_`";
    case "prefix":
      return "visible ASCII characters";
  }
}

function codes(names: readonly string[], between: string): string {
  return names.map((name) => `\`${name}\``).join(between);
}

/** JSON over several lines, with short lists and objects on one. */
function shownAsJson(value: unknown): string {
  const text = JSON.stringify(value, null, 2).replace(/\[\s+([^[\]{}]*?)\s+\]/g, (_, items: string) => {
    return `[${items.split(/\s*\n\s*/).join(" ")}]`;
  });
  return `\`\`\`json\n${text}\n\`\`\`\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(settingsReference, settingsPage());
