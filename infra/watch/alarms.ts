import type { Metric } from "aws-cdk-lib/aws-cloudwatch";
import { formatDuration } from "../../shared/core/duration.ts";
import type { Sink } from "../../shared/settings/definition.ts";
import { type PipelineName, pipelineNames } from "../../shared/settings/settings.ts";
import type { System } from "../../shared/settings/system.ts";
import { deployedFunctions, triggersOf } from "../pipelines/deployed-functions.ts";
import type { DeployedMapping } from "../pipelines/pipelines-stack.ts";
import { apiMetric, lambdaMetric, mappingMetric, ownMetric, tableMetric } from "./signals.ts";

/** Sections of docs/guide/runbook.md: what an alarm means and what to do. */
export type RunbookSection =
  | "watermark-lag"
  | "offset-lag"
  | "failed-invocations"
  | "dropped-records"
  | "iterator-age"
  | "dead-letters"
  | "sink-down"
  | "throttles"
  | "errors"
  | "near-timeout"
  | "table-throttles"
  | "api-errors";

export interface AlarmPlan {
  /** Unique in a deployment, and the end of its name. */
  readonly id: string;
  readonly section: RunbookSection;
  readonly says: string;
  readonly metric: Metric;
  /** It goes off above this. */
  readonly threshold: number;
  /** Of five minutes each, one after another. */
  readonly periods: number;
}

/** What alarms are about, as far as it is known only once other stacks are. */
export interface Watched {
  readonly system: System;
  readonly mappings: readonly DeployedMapping[];
  readonly tables: Readonly<Record<string, string>>;
  readonly apiId: string | undefined;
}

/** How old a change may be before its function gets it. The stream keeps it for 24 hours. */
const iteratorAgeMax = 15 * 60_000;

/** Every alarm that a deployment has. What goes away by itself within a quarter of an hour raises none, unless something is lost by then. */
export function alarmsFor(watched: Watched): AlarmPlan[] {
  return [
    ...ofPipelines(watched),
    ...ofFunctions(watched),
    ...ofMappings(watched),
    ...ofSinks(watched),
    ...ofTables(watched),
    ...ofApi(watched),
  ];
}

function ofPipelines({ system }: Watched): AlarmPlan[] {
  const { watermarkLagMax } = system.watch;
  return deployedPipelines(system)
    .filter((name) => "allowedLateness" in (system.pipelines[name] ?? {}))
    .map((name) => ({
      ...{ id: `watermark-lag-${name}`, section: "watermark-lag" as const, threshold: watermarkLagMax, periods: 3 },
      says: `the watermark of ${name} lags behind the clock by more than ${formatDuration(watermarkLagMax)}`,
      metric: ownMetric(system.name, "watermark_lag_ms", { pipeline: name }),
    }));
}

function ofFunctions({ system }: Watched): AlarmPlan[] {
  return deployedFunctions(system).flatMap((row) => {
    const { name, timeoutSeconds } = row;
    const of = (metric: Parameters<typeof lambdaMetric>[1]) => lambdaMetric(`${system.name}-${name}`, metric);
    const plans: AlarmPlan[] = [
      {
        ...{ id: `errors-${name}`, section: "errors", threshold: 0, periods: 3 },
        ...{ says: `${name} has failed in each of three periods`, metric: of("Errors") },
      },
      {
        ...{ id: `throttles-${name}`, section: "throttles", threshold: 0, periods: 3 },
        ...{ says: `${name} was refused for want of concurrency in each of three periods`, metric: of("Throttles") },
      },
      {
        ...{ id: `near-timeout-${name}`, section: "near-timeout", threshold: 800 * timeoutSeconds, periods: 2 },
        ...{ says: `one in a hundred of ${name} takes four fifths of its ${timeoutSeconds} s`, metric: of("Duration") },
      },
    ];
    if (triggersOf(row, "msk").length + triggersOf(row, "results").length > 0) {
      plans.push({
        ...{ id: `offset-lag-${name}`, section: "offset-lag", threshold: system.watch.offsetLagMax, periods: 3 },
        ...{ says: `more than ${system.watch.offsetLagMax} records wait for ${name}`, metric: of("OffsetLag") },
      });
    }
    if (triggersOf(row, "stream").length > 0) {
      plans.push({
        ...{ id: `iterator-age-${name}`, section: "iterator-age", threshold: iteratorAgeMax, periods: 2 },
        ...{ says: `${name} gets changes ${formatDuration(iteratorAgeMax)} late`, metric: of("IteratorAge") },
      });
    }
    return plans;
  });
}

function ofMappings({ mappings }: Watched): AlarmPlan[] {
  return mappings
    .filter(({ isCounted }) => isCounted)
    .flatMap(({ functionName, source, uuid }): AlarmPlan[] => [
      {
        ...{
          id: `failed-invocations-${functionName}-${source}`,
          section: "failed-invocations",
          threshold: 0,
          periods: 3,
        },
        says: `records of ${source} fail in ${functionName} and are tried again`,
        metric: mappingMetric(uuid, "FailedInvokeEventCount"),
      },
      {
        ...{ id: `dropped-records-${functionName}-${source}`, section: "dropped-records", threshold: 0, periods: 1 },
        says: `records of ${source} were given up on before ${functionName} could take them`,
        metric: mappingMetric(uuid, "DroppedEventCount"),
      },
    ]);
}

const senders: readonly Sink[] = ["http", "kafka", "clickhouse", "redis"];

function ofSinks({ system }: Watched): AlarmPlan[] {
  const pairs = deployedPipelines(system).flatMap((pipeline) =>
    senders.filter((sink) => has(system, pipeline, sink)).map((sink) => ({ pipeline, sink })),
  );
  const sinks = senders.filter((sink) => pairs.some((pair) => pair.sink === sink));
  return [
    ...sinks.map(
      (sink): AlarmPlan => ({
        ...{ id: `sink-down-${sink}`, section: "sink-down", threshold: 0, periods: 3 },
        ...{ says: `${sink} takes no results`, metric: ownMetric(system.name, "sink_failures_total", { sink }) },
      }),
    ),
    ...pairs.map(
      ({ pipeline, sink }): AlarmPlan => ({
        ...{ id: `dead-letters-${pipeline}-${sink}`, section: "dead-letters", threshold: 0, periods: 1 },
        says: `results of ${pipeline} were put aside, as ${sink} won't take them`,
        metric: ownMetric(system.name, "dead_letters_total", { pipeline, sink }),
      }),
    ),
  ];
}

function ofTables({ tables }: Watched): AlarmPlan[] {
  return Object.entries(tables).flatMap(([table, tableName]) =>
    (["ReadThrottleEvents", "WriteThrottleEvents"] as const).map(
      (name): AlarmPlan => ({
        ...{ id: `table-throttles-${table}-${name}`, section: "table-throttles", threshold: 0, periods: 3 },
        ...{ says: `DynamoDB throttles the table of ${table}`, metric: tableMetric(tableName, name) },
      }),
    ),
  );
}

function ofApi({ apiId }: Watched): AlarmPlan[] {
  if (!apiId) return [];
  const says = "the API answers with errors of its own";
  return [{ id: "api-errors", section: "api-errors", says, metric: apiMetric(apiId, "5xx"), threshold: 0, periods: 2 }];
}

export function deployedPipelines({ pipelines }: System): PipelineName[] {
  return pipelineNames.filter((name) => pipelines[name]);
}

function has({ pipelines }: System, name: PipelineName, sink: Sink): boolean {
  return pipelines[name]?.sinks.some((one) => one === sink) ?? false;
}
