import type { Deployment } from "../../shared/settings/deployment.ts";
import { sourceTopics } from "../../shared/settings/pipeline-definitions.ts";
import { pipelineNames } from "../../shared/settings/settings.ts";
import type { MskCluster } from "../topics/msk-cluster.ts";
import type { TopicFinding } from "../topics/topic-host.ts";

/** The cluster in two lines, and one of nothing behind them. */
export function clusterText({ name, kind, state, hasIam, brokers }: MskCluster): string[] {
  const iam = hasIam ? "IAM" : "no IAM";
  return [`cluster ${name}: ${kind}, ${state}, ${iam}`, `brokers ${brokers.join(",") || "not known"}`, ""];
}

/** What of the cluster itself keeps a deployment from running on it. */
export function clusterProblems({ name, state, hasIam, brokers }: MskCluster): string[] {
  if (state !== "ACTIVE") return [`the cluster ${name} is ${state}; wait until it is ACTIVE`];
  if (!hasIam) return [`the cluster ${name} doesn't take AWS roles; switch SASL/IAM on, which functions come with`];
  return brokers.length > 0 ? [] : [`the cluster ${name} names no brokers for SASL/IAM; ask again in a while`];
}

/** A line per topic. */
export function topicText(topics: readonly TopicFinding[]): string[] {
  const width = Math.max(...topics.map(({ name }) => name.length));
  return topics.map((topic) => {
    return `${topic.name.padEnd(width)}  ${topic.role.padEnd(8)}  ${count(topic).padStart(15)}  ${fate(topic)}`;
  });
}

/** What is wrong with topics, each in one sentence with its mend. */
export function complaintOf(
  topics: readonly TopicFinding[],
  deployment: Deployment,
  cluster: MskCluster | undefined,
): string[] {
  const missing = topics.filter(({ status }) => status === "missing").map(({ name }) => name);
  const differing = topics.filter(({ status }) => status === "differs");
  const hindered = differing.length > 0 ? ", once the others are as they should be" : "";
  return [
    ...differing.map((topic) => differenceText(topic, deployment, cluster)),
    ...(missing.length > 0 ? [`missing: ${missing.join(", ")}; tidemark topics create makes them${hindered}`] : []),
  ];
}

function count({ partitions }: TopicFinding): string {
  return partitions === 1 ? "1 partition" : `${partitions} partitions`;
}

function fate({ found, partitions, status }: TopicFinding): string {
  switch (status) {
    case "ok":
      return found === partitions ? "is there" : `is there, with ${found}`;
    case "missing":
      return "is missing";
    case "differs":
      return `has ${found}`;
    case "created":
      return "created";
    case "taken":
      return "is there by now";
  }
}

/** Never grown in silence: the keys of a topic that grows move to other partitions, away from their state. */
function differenceText(topic: TopicFinding, deployment: Deployment, cluster: MskCluster | undefined): string {
  const { name, partitions, found, role } = topic;
  const grow = cluster
    ? `aws kafka update-topic --cluster-arn ${cluster.arn} --topic-name ${name} --partition-count ${partitions}`
    : `kafka-topics.sh --alter --topic ${name} --partitions ${partitions}`;
  const says = `${name} has ${found} partitions, and needs ${partitions}`;
  if (role !== "source") return `${says}: ${grow}`;
  const setting = readersOf(name, deployment)
    .map((pipeline) => `pipelines.${pipeline}.partitions`)
    .join(" and ");
  const adopt = `${says}: set ${setting} to ${found} before the first deployment`;
  return (found ?? 0) > partitions
    ? `${adopt}; Kafka takes no partitions away`
    : `${adopt}, or, as long as it has no records, ${grow}`;
}

function readersOf(topic: string, { pipelines }: Deployment): string[] {
  return pipelineNames.filter((name) => pipelines[name] && sourceTopics[name].some((source) => source === topic));
}
