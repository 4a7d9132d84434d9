import type { Deployment } from "./deployment.ts";
import { sourceTopics } from "./pipeline-definitions.ts";
import { type PipelineName, pipelineNames } from "./settings.ts";

/** A topic that a deployment needs. */
export interface NeededTopic {
  readonly name: string;
  readonly partitions: number;
  /** `source`: a pipeline reads it. `output`: a pipeline's results go there. `internal`: the capture of changes needs it to get on. */
  readonly role: "source" | "output" | "internal";
  /** `compact`: the last record of each key is kept for ever. Only of tables: events of one key are more than the last of them. */
  readonly cleanup: "delete" | "compact";
}

/** Where Debezium says that it still runs: one record every ten seconds. Without it the capture stands still. */
const heartbeatTopic = "__debezium-heartbeat.dbserver1";

/** Those that hold a table. */
const compacted: readonly string[] = ["dbserver1.public.content"];

/**
 * The topics that a deployment reads and writes, each once: sources, outputs, then what the capture of changes needs. An output topic has
 * as many partitions as its pipeline's sources.
 */
export function topicsOf({ pipelines }: Deployment): readonly NeededTopic[] {
  const deployed = pipelineNames.flatMap((name) => {
    const settings = pipelines[name];
    return settings ? [{ name, ...settings }] : [];
  });
  const sources = deployed.flatMap(({ name, partitions }) =>
    sourceTopics[name].map((topic): NeededTopic => {
      return { name: topic, partitions, role: "source", cleanup: compacted.includes(topic) ? "compact" : "delete" };
    }),
  );
  const outputs = deployed
    .filter(({ sinks }) => sinks.includes("kafka"))
    .map(({ outputTopic, partitions }): NeededTopic => {
      return { name: outputTopic, partitions, role: "output", cleanup: "delete" };
    });
  return [...eachOnce(sources), ...outputs, ...internalTopics(pipelines)];
}

/** Pipelines that read one topic agree on its partitions: `readDeployment` refuses others. */
function eachOnce(topics: readonly NeededTopic[]): NeededTopic[] {
  return [...new Map(topics.map((topic) => [topic.name, topic])).values()];
}

function internalTopics(pipelines: Partial<Record<PipelineName, unknown>>): NeededTopic[] {
  return pipelines.engagement ? [{ name: heartbeatTopic, partitions: 1, role: "internal", cleanup: "delete" }] : [];
}
