import { readFileSync } from "node:fs";
import { KafkaClient } from "@aws-sdk/client-kafka";
import { isObject } from "../../shared/core/record.ts";
import { readSystem, type System } from "../../shared/settings/system.ts";
import { topicsOf } from "../../shared/settings/topics.ts";
import { kafkaTopics } from "../topics/kafka-topics.ts";
import { describeMskCluster, type MskCluster, mskTopics } from "../topics/msk-cluster.ts";
import { createMissing, findTopics, type TopicFinding, type TopicHost } from "../topics/topic-host.ts";
import type { CommandIo } from "./io.ts";
import { authKind, authOf, brokersIn, regionIn, regionOf } from "./kafka-access.ts";
import { clusterProblems, clusterText, complaintOf, topicText } from "./topics-text.ts";
import { UsageError } from "./usage-error.ts";

export interface TopicsFlags {
  readonly cluster?: string;
  readonly brokers?: string;
  readonly auth: string;
  readonly config: string;
  readonly json: boolean;
}

interface Target {
  readonly cluster?: MskCluster;
  readonly host: TopicHost;
}

/** `tidemark topics check` and `create`. @returns 1 where a topic, or the cluster, isn't as the deployment needs it. */
export async function topicsCommand(action: "check" | "create", flags: TopicsFlags, io: CommandIo): Promise<number> {
  const system = systemIn(flags.config);
  const { cluster, host } = await openTarget(flags, system);
  try {
    const problems = cluster ? clusterProblems(cluster) : [];
    const found = cluster && cluster.state !== "ACTIVE" ? [] : await findTopics(host, topicsOf(system));
    const topics = action === "create" && problems.length === 0 ? await createMissing(host, found) : found;
    const said = [...problems, ...complaintOf(topics, system, cluster)];
    show({ cluster, topics, problems: said }, flags, io);
    for (const problem of said) io.err(`tidemark: ${problem}`);
    return said.length === 0 ? 0 : 1;
  } finally {
    await host.close();
  }
}

interface Answer {
  readonly cluster: MskCluster | undefined;
  readonly topics: readonly TopicFinding[];
  readonly problems: readonly string[];
}

function show({ cluster, topics, problems }: Answer, { json }: TopicsFlags, io: CommandIo): void {
  if (json) {
    io.out(JSON.stringify({ ...(cluster && { cluster }), topics, problems }));
    return;
  }
  for (const line of [...(cluster ? clusterText(cluster) : []), ...topicText(topics)]) io.out(line);
}

/** @throws {UsageError} the file can't be read, or has no settings. @throws {SettingError} they can't be. */
function systemIn(path: string): System {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, "utf8"));
  } catch {
    throw new UsageError(`${path} is no readable JSON file; give the cdk.json of the deployment with --config`);
  }
  const context = isObject(json) ? json.context : undefined;
  const settings = isObject(context) ? context.tidemark : undefined;
  if (settings === undefined) throw new UsageError(`${path} has no settings under context.tidemark`);
  return readSystem(settings);
}

/** Through MSK's own API where the cluster has one, else over Kafka's protocol. */
async function openTarget(flags: TopicsFlags, system: System): Promise<Target> {
  const auth = authKind(flags.auth);
  const brokers = flags.brokers === undefined ? undefined : brokersIn(flags.brokers);
  const arn = flags.cluster ?? system.cluster.arn;
  if (arn === undefined) {
    if (!brokers) throw new UsageError("no cluster to look at: give --cluster ARN or --brokers HOST:PORT");
    return { host: await kafkaTopics({ brokers, auth: authOf(auth, regionOf(brokers)) }) };
  }
  const region = regionIn(arn);
  const client = new KafkaClient({ region });
  const cluster = await describeMskCluster(client, arn);
  const isServerless = cluster.kind === "serverless";
  if (cluster.state !== "ACTIVE" || !(brokers || isServerless)) return { cluster, host: mskTopics(client, cluster) };
  const asked = { brokers: brokers ?? cluster.brokers, auth: authOf(auth, region), isServerless };
  return { cluster, host: await kafkaTopics(asked) };
}
