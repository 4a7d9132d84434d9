import { metrics } from "../../shared/ports/metrics.ts";
import { sourceTopics } from "../../shared/settings/pipeline-definitions.ts";
import type { System } from "../../shared/settings/system.ts";
import { deployedFunctions, triggersOf } from "../pipelines/deployed-functions.ts";
import { assumptions } from "./assumptions.ts";
import { clusterLines } from "./cluster-lines.ts";
import { prices } from "./prices.ts";
import { type FunctionMonth, functionMonths, type Load, type PipelineMonth, pipelineMonths } from "./workload.ts";

export type { Load } from "./workload.ts";

/** What is paid for in a month. */
export interface CostLine {
  /** `cluster`: Kafka itself, which is there with any way to process what is in it. */
  readonly part: "tidemark" | "cluster";
  readonly what: string;
  readonly dollars: number;
}

const { hoursPerMonth, availabilityZones } = assumptions;

/** A month of a deployment under a load that is the same all day, in US dollars. */
export function monthlyCost(system: System, load: Load): CostLine[] {
  const pipelines = pipelineMonths(system, load);
  const functions = functionMonths(system, load);
  return [
    ...tableLines(system, pipelines),
    ...functionLines(system, functions),
    ...pollerLines(system, load),
    ...bucketLines(pipelines),
    ...keyLines(system, pipelines),
    ...watchLines(system, load, functions),
    ...clusterLines(system, load).map(([what, dollars]): CostLine => ({ part: "cluster", what, dollars })),
  ];
}

export function totalOf(lines: readonly CostLine[], part?: CostLine["part"]): number {
  return lines.reduce((sum, line) => sum + (part === undefined || line.part === part ? line.dollars : 0), 0);
}

const line = (what: string, dollars: number): CostLine => ({ part: "tidemark", what, dollars });
const sum = <T>(all: readonly T[], of: (one: T) => number) => all.reduce((total, one) => total + of(one), 0);
const million = 1e6;

function tableLines(system: System, months: readonly PipelineMonth[]): CostLine[] {
  const written = sum(months, ({ records, perRecord }) => records * perRecord.writeUnits);
  const read = sum(months, ({ records, perRecord }) => records * perRecord.readUnits) + scheduledReads(system);
  const stored = sum(months, ({ storedGb }) => storedGb);
  return [
    line("DynamoDB: write units", (written * prices.dynamoWriteUnits.dollars) / million),
    line("DynamoDB: read units", (read * prices.dynamoReadUnits.dollars) / million),
    line("DynamoDB: storage and recovery", stored * (prices.dynamoStorage.dollars + prices.dynamoRecovery.dollars)),
    // What Lambda reads of a change stream, AWS doesn't charge.
    line("DynamoDB: change streams", 0),
  ];
}

/** On its schedule `finalize` looks at every partition row and closing, whether or not anything has come. */
function scheduledReads(system: System): number {
  const rows = deployedFunctions(system).flatMap((row) =>
    triggersOf(row, "schedule").map(({ everyMinutes }) => {
      const perRun = sum(row.pipelines, (name) => {
        const partitions = system.pipelines[name]?.partitions ?? 0;
        return partitions * (sourceTopics[name].length + 1);
      });
      return ((hoursPerMonth * 60) / everyMinutes) * perRun;
    }),
  );
  return sum(rows, (one) => one);
}

function functionLines({ functions: { tracing } }: System, months: readonly FunctionMonth[]): CostLine[] {
  const traced = tracing === "off" ? 0 : sum(months, ({ invocations }) => tracesOf(invocations));
  return [
    line("Lambda: requests", (sum(months, (one) => one.invocations) * prices.lambdaRequests.dollars) / million),
    line("Lambda: time", (sum(months, (one) => one.gbSeconds) * prices.lambdaGbSeconds.dollars) / million),
    line("X-Ray: traces", (traced * prices.traces.dollars) / million),
  ];
}

function tracesOf(invocations: number): number {
  const firsts = Math.min(invocations, hoursPerMonth * 3_600);
  return firsts + (invocations - firsts) * assumptions.tracedPart;
}

/** On demand pollers cost nothing, but for the way that they need to Lambda; provisioned ones cost by the hour, and need none. */
function pollerLines(system: System, load: Load): CostLine[] {
  const { pollers, network, redis, postgres } = system;
  const isOnDemand = pollers.mode === "onDemand";
  const interfaces = (isOnDemand ? 2 : 0) + (redis?.secretArn || postgres ? 1 : 0);
  const payloadBytes = (load.bytesPerRecord * 4) / 3 + assumptions.envelopeBytes;
  const polled = (load.recordsPerSecond * hoursPerMonth * 3_600 * payloadBytes * pipelineCount(system)) / 1e9;
  return [
    line("Interface endpoints", interfaces * availabilityZones * hoursPerMonth * prices.interfaceEndpoint.dollars),
    line("Interface endpoints: data", isOnDemand ? polled * prices.interfaceData.dollars : 0),
    line(
      "Event poller units",
      isOnDemand ? 0 : pollerUnits(system, load) * hoursPerMonth * prices.eventPollerUnit.dollars,
    ),
    line("MSK Connect: capture", system.capture?.pluginKey ? hoursPerMonth * prices.connectUnit.dollars : 0),
    line("NAT gateways", network.natGateways * hoursPerMonth * prices.natGateway.dollars),
  ];
}

function pollerUnits(system: System, { recordsPerSecond, bytesPerRecord }: Load): number {
  const { pollersPerUnit, pollerMegabytesPerSecond, unitMegabytesPerSecond } = assumptions;
  const mappings = deployedFunctions(system).flatMap((row) => [
    ...triggersOf(row, "msk").flatMap(({ topics }) => topics),
    ...triggersOf(row, "results"),
  ]).length;
  const megabytes = (recordsPerSecond * bytesPerRecord * pipelineCount(system)) / 1e6;
  const pollers = Math.max(mappings * system.pollers.min, megabytes / pollerMegabytesPerSecond);
  return Math.ceil(Math.max(pollers / pollersPerUnit, megabytes / unitMegabytesPerSecond));
}

function bucketLines(months: readonly PipelineMonth[]): CostLine[] {
  const objects = sum(months, ({ records, perRecord }) => records * perRecord.objects);
  // In the middle of the first month; each month adds twice as much.
  const stored = (sum(months, ({ records }) => records) * assumptions.parquetBytesPerRecord) / 2 / 1e9;
  return [
    line("S3: objects", (objects * prices.s3Puts.dollars) / million),
    line("S3: storage", stored * prices.s3Storage.dollars),
  ];
}

function keyLines(system: System, months: readonly PipelineMonth[]): CostLine[] {
  const { keyRequestsPerHour, keyRequestsPerObject } = assumptions;
  const objects = sum(months, ({ records, perRecord }) => records * perRecord.objects);
  const askers = deployedFunctions(system).length + 2;
  const requests = askers * keyRequestsPerHour * hoursPerMonth + objects * keyRequestsPerObject;
  return [
    line("KMS: key", prices.kmsKey.dollars),
    line("KMS: requests", (requests * prices.kmsRequests.dollars) / million),
    line("Secrets", secretCount(system) * prices.secret.dollars),
  ];
}

function secretCount({ endpoint, clickhouse, redis, postgres, registry, capture }: System): number {
  const arns = [endpoint, clickhouse, redis, postgres, registry, capture].map((group) => group?.secretArn);
  return new Set(arns.filter((arn) => arn !== undefined)).size;
}

function watchLines(system: System, { recordsPerSecond }: Load, months: readonly FunctionMonth[]): CostLine[] {
  const { logBytesPerInvocation } = assumptions;
  const logged = (sum(months, (one) => (one.isMetered ? one.invocations : 0)) * logBytesPerInvocation) / 1e9;
  const kept = (logged * system.functions.logRetentionDays * 24) / hoursPerMonth;
  const perPipeline = Object.values(metrics).filter(({ dimensions }) => dimensions.join() === "pipeline").length;
  // Where nothing comes, `finalize` still counts what it reads.
  const closed = deployedFunctions(system).find(({ name }) => name === "finalize")?.pipelines.length ?? 0;
  const written = recordsPerSecond > 0 ? perPipeline * pipelineCount(system) : closed;
  const { dashboards } = system.watch;
  return [
    line("CloudWatch: logs", logged * prices.logIngestion.dollars + kept * prices.logStorage.dollars),
    line("CloudWatch: metrics", written * prices.metric.dollars),
    line("CloudWatch: alarms", alarmCount(system) * prices.alarm.dollars),
    line("CloudWatch: dashboards", (dashboards ? pipelineCount(system) : 0) * prices.dashboard.dollars),
  ];
}

/** As many as `infra/watch` makes; a test compares the two. */
export function alarmCount(system: System): number {
  const pipelines = Object.values(system.pipelines);
  const ofFunctions = sum(deployedFunctions(system), (row) => {
    const topics = [...triggersOf(row, "msk").flatMap((trigger) => trigger.topics), ...triggersOf(row, "results")];
    const streams = triggersOf(row, "stream");
    const counted = streams.length + (system.pollers.mode === "provisioned" ? topics.length : 0);
    // Errors, throttles and time; what waits; the age of changes; and two for each mapping that counts.
    return 3 + (topics.length > 0 ? 1 : 0) + (streams.length > 0 ? 1 : 0) + 2 * counted;
  });
  const timed = pipelines.filter((settings) => "allowedLateness" in settings).length;
  const sending = pipelines.flatMap(({ sinks }) => sinks.filter((sink) => sink !== "s3" && sink !== "views"));
  const api = deployedFunctions(system).some(({ name }) => name === "api") ? 1 : 0;
  return timed + ofFunctions + new Set(sending).size + sending.length + 4 + api;
}

function pipelineCount({ pipelines }: System): number {
  return Object.keys(pipelines).length;
}
