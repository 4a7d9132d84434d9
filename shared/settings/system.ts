import { formatDuration } from "../core/duration.ts";
import {
  captureDefinitions,
  clusterDefinitions,
  pollerDefinitions,
  registryDefinitions,
} from "./cluster-definitions.ts";
import { databaseSinks } from "./definition.ts";
import { type Deployment, deploymentParts, readDeployment } from "./deployment.ts";
import {
  apiDefinitions,
  functionDefinitions,
  networkDefinitions,
  watchDefinitions,
} from "./infrastructure-definitions.ts";
import { type CompleteValuesOf, type Group, isObject, readGroup, unknownNames, type ValuesOf } from "./read-group.ts";
import { SettingError } from "./settings.ts";
import { shown } from "./shown.ts";

const groups = {
  cluster: clusterDefinitions,
  pollers: pollerDefinitions,
  registry: registryDefinitions,
  functions: functionDefinitions,
  network: networkDefinitions,
  api: apiDefinitions,
  watch: watchDefinitions,
} as const;

type Groups = typeof groups;

/** What a deployment stands on, beside what it does. */
export type Infrastructure = { readonly [G in keyof Groups]: ValuesOf<Groups[G]> } & {
  /** What the names of stacks and functions begin with: so one account can hold several. */
  readonly name: string;
  /** Missing where something else captures the changes. */
  readonly capture?: CaptureSettings;
};

export type CaptureSettings = CompleteValuesOf<typeof captureDefinitions>;

/** All that `cdk.json` says under `tidemark`. */
export type System = Deployment & Infrastructure;

export const infrastructureGroups = { ...groups, capture: captureDefinitions } as const;

const nameForm = /^[a-z][a-z0-9-]{0,23}$/;

/** What CloudWatch takes. @see https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html */
const retentions = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

/**
 * Reads all settings of a deployment: those of `readDeployment`, and what it stands on.
 * @throws {SettingError} with all problems at once.
 */
export function readSystem(json: unknown): System {
  const parts = ["name", ...deploymentParts, ...Object.keys(infrastructureGroups)];
  if (!isObject(json)) throw new SettingError([`tidemark takes an object of ${parts.join(", ")}, not ${shown(json)}`]);
  const { values, problems } = readInfrastructure(json);
  const of = Object.fromEntries(deploymentParts.filter((part) => Object.hasOwn(json, part)).map((p) => [p, json[p]]));
  const deployment = problemsOr(() => readDeployment(of));
  const unknown = unknownNames("tidemark has no setting", parts, json);
  const wrong = [...unknown, ...deployment.problems, ...problems];
  if (wrong.length > 0 || !deployment.value) throw new SettingError(wrong);
  const system: System = { ...deployment.value, ...values };
  const contradictions = contradictionsOf(system);
  if (contradictions.length > 0) throw new SettingError(contradictions);
  return system;
}

function readInfrastructure(json: Readonly<Record<string, unknown>>): { values: Infrastructure; problems: string[] } {
  const { name = "tidemark" } = json;
  const problems: string[] = [];
  if (typeof name !== "string" || !nameForm.test(name)) {
    problems.push(`name takes at most 24 small letters, digits and hyphens, a letter first, not ${shown(name)}`);
  }
  const read = Object.entries(groups).map(([group, definitions]) => {
    const of: Group<typeof definitions> = { of: group, prefix: `${group}.`, definitions, isDeployed: true };
    const reading = readGroup(of, json[group] === undefined ? {} : json[group]);
    problems.push(...reading.problems);
    return [group, reading.values] as const;
  });
  const capture = json.capture === undefined ? undefined : readGroup(captureGroup, json.capture);
  problems.push(...(capture?.problems ?? []));
  // Each group was read by its own definitions; where a value is missing, there is a problem.
  const values = { name, ...Object.fromEntries(read), ...(capture && { capture: capture.values }) } as Infrastructure;
  return { values, problems };
}

const captureGroup: Group<typeof captureDefinitions> = {
  ...{ of: "capture", prefix: "capture.", definitions: captureDefinitions, isDeployed: true },
};

function problemsOr<T>(read: () => T): { readonly value?: T; readonly problems: readonly string[] } {
  try {
    return { value: read(), problems: [] };
  } catch (error) {
    if (error instanceof SettingError) return { problems: error.problems };
    throw error;
  }
}

/** What can't be had together, though each value by itself could be. */
function contradictionsOf(system: System): string[] {
  return [
    ...clusterProblems(system),
    ...networkProblems(system),
    ...pollerProblems(system),
    ...functionProblems(system),
    ...watchProblems(system),
    ...captureProblems(system),
  ];
}

function clusterProblems({ cluster }: System): string[] {
  const { kind, arn, instanceType, brokerCount } = cluster;
  const problems: string[] = [];
  if (kind === "existing" && !arn) problems.push("cluster.arn is missing; give the ARN of the existing cluster");
  if (kind !== "existing" && arn) problems.push(`cluster.arn is given, but cluster.kind is ${kind}; use existing`);
  const family = kind === "express" ? "express." : "kafka.";
  if ((kind === "express" || kind === "standard") && instanceType && !instanceType.startsWith(family)) {
    problems.push(`cluster.instanceType is ${instanceType}, but ${kind} brokers have types that begin with ${family}`);
  }
  if (brokerCount % 3 !== 0) problems.push(`cluster.brokerCount is ${brokerCount}; make it a multiple of 3`);
  return problems;
}

/** Functions that talk to Kafka, or to databases, stand in the cluster's network; of an existing one nobody else knows it. */
function networkProblems({ cluster, network, ...system }: System): string[] {
  const { availabilityZones: zones } = network;
  const problems: string[] = [];
  if (zones.length !== 0 && new Set(zones).size !== 3) {
    problems.push(`network.availabilityZones has ${new Set(zones).size}; name three different ones`);
  }
  if (cluster.kind !== "existing") return problems;
  const inNetwork = ["kafka", ...databaseSinks].filter((sink) =>
    Object.values(system.pipelines).some(({ sinks }) => sinks.some((one) => one === sink)),
  );
  if (system.postgres) inNetwork.push("postgres");
  if (system.api.producesSamples && system.pipelines.purchases) inNetwork.push("the topic of api.producesSamples");
  const missing = [
    ...(cluster.vpcId ? [] : ["cluster.vpcId"]),
    ...(cluster.subnetIds.length ? [] : ["cluster.subnetIds"]),
    ...(cluster.securityGroupIds.length ? [] : ["cluster.securityGroupIds"]),
  ];
  if (inNetwork.length > 0 && missing.length > 0) {
    problems.push(`${missing.join(", ")}: missing, but ${inNetwork.join(" and ")} can only be reached from there`);
  }
  return problems;
}

function pollerProblems({ pollers, registry }: System): string[] {
  const problems: string[] = [];
  if (pollers.max !== undefined && pollers.max < pollers.min) {
    problems.push(`pollers.max is ${pollers.max}, less than pollers.min ${pollers.min}`);
  }
  if (registry.uri && pollers.mode !== "provisioned") {
    problems.push("registry.uri is given, but pollers.mode is onDemand, which can't decode; use provisioned");
  }
  if (registry.secretArn && !registry.uri?.startsWith("https:")) {
    problems.push("registry.secretArn is given, but registry.uri is no Confluent registry's; leave it out");
  }
  return problems;
}

function functionProblems({ functions: { tracing, adotLayerArn, logRetentionDays } }: System): string[] {
  const problems: string[] = [];
  if (tracing === "adot" && !adotLayerArn) {
    problems.push("functions.adotLayerArn is missing, but functions.tracing is adot; give the ARN of the layer");
  }
  if (!retentions.includes(logRetentionDays)) {
    problems.push(`functions.logRetentionDays takes one of ${retentions.join(", ")}, not ${logRetentionDays}`);
  }
  return problems;
}

/** A watermark lags by the allowed lateness always. */
function watchProblems({ pipelines, watch }: System): string[] {
  const lateness = Object.entries(pipelines).flatMap(([name, settings]) =>
    "allowedLateness" in settings ? [{ name, allowed: settings.allowedLateness }] : [],
  );
  return lateness
    .filter(({ allowed }) => allowed >= watch.watermarkLagMax)
    .map(
      ({ name, allowed }) =>
        `watch.watermarkLagMax is ${formatDuration(watch.watermarkLagMax)}, but ${name}.allowedLateness is ${formatDuration(allowed)}: the alarm would never end; make it longer`,
    );
}

function captureProblems({ capture, cluster, pipelines }: System): string[] {
  if (!capture) return [];
  const problems: string[] = [];
  if (!pipelines.engagement)
    problems.push("capture is given, but no pipeline reads it; add engagement, or leave it out");
  if (cluster.kind === "existing" && (cluster.subnetIds.length === 0 || cluster.securityGroupIds.length === 0)) {
    problems.push(
      "capture needs cluster.subnetIds and cluster.securityGroupIds, from where the connector reaches the brokers",
    );
  }
  return problems;
}
