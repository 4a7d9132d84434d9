import { sourceTopics } from "../../shared/settings/pipeline-definitions.ts";
import { pipelineNames } from "../../shared/settings/settings.ts";
import type { System } from "../../shared/settings/system.ts";
import { topicsOf } from "../../shared/settings/topics.ts";
import { assumptions } from "./assumptions.ts";
import { type Price, prices } from "./prices.ts";
import { gigabytesIn, gigabytesKept, type Load, secondsPerMonth } from "./workload.ts";

const { hoursPerMonth, replicas } = assumptions;

type Lines = readonly (readonly [what: string, dollars: number])[];

const brokerPrices: Readonly<Record<string, Price>> = {
  "kafka.t3.small": prices.standardSmallBroker,
  "kafka.m7g.large": prices.standardLargeBroker,
  "express.m7g.large": prices.expressBroker,
};

/**
 * What the cluster itself costs; nothing where it is there already.
 * @throws {Error} there is no price for its brokers.
 */
export function clusterLines(system: System, load: Load): Lines {
  switch (system.cluster.kind) {
    case "existing":
      return [];
    case "standard":
      return standardLines(system, load);
    case "express":
      return expressLines(system, load);
    case "serverless":
      return serverlessLines(system, load);
  }
}

function standardLines(system: System, load: Load): Lines {
  const { brokerCount, storageGb } = system.cluster;
  const kept = gigabytesKept(gigabytesIn(system, load, topicSets(system))) * replicas;
  const disks = Math.max(brokerCount * storageGb, kept);
  return [
    ["MSK: brokers", brokersDollars(system, "kafka.t3.small")],
    ["MSK: storage", disks * prices.standardStorage.dollars],
  ];
}

function expressLines(system: System, load: Load): Lines {
  const written = gigabytesIn(system, load, topicSets(system));
  return [
    ["MSK: brokers", brokersDollars(system, "express.m7g.large")],
    ["MSK: data written", written * prices.expressIngest.dollars],
    ["MSK: storage", gigabytesKept(written) * prices.expressStorage.dollars],
  ];
}

function serverlessLines(system: System, load: Load): Lines {
  const written = gigabytesIn(system, load, topicSets(system));
  const read = (load.recordsPerSecond * secondsPerMonth * load.bytesPerRecord * readers(system)) / 1e9;
  const partitions = topicsOf(system).reduce((sum, topic) => sum + topic.partitions, 0);
  return [
    ["MSK: cluster", hoursPerMonth * prices.serverlessCluster.dollars],
    ["MSK: partitions", partitions * hoursPerMonth * prices.serverlessPartition.dollars],
    ["MSK: data written and read", written * prices.serverlessIn.dollars + read * prices.serverlessOut.dollars],
    ["MSK: storage", gigabytesKept(written) * prices.serverlessStorage.dollars],
  ];
}

function brokersDollars({ cluster: { instanceType, brokerCount } }: System, byDefault: string): number {
  const type = instanceType ?? byDefault;
  const price = brokerPrices[type];
  if (!price) throw new Error(`no price of ${type} is known; give it to infra/cost/prices.ts and cluster-lines.ts`);
  return brokerCount * hoursPerMonth * price.dollars;
}

/** Pipelines that read the same topics read the same records. */
function topicSets(system: System): number {
  return new Set(pipelineNames.filter((name) => system.pipelines[name]).map((name) => sourceTopics[name].join())).size;
}

function readers(system: System): number {
  return Object.keys(system.pipelines).length;
}
