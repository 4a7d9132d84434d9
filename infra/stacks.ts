import type { App, Environment } from "aws-cdk-lib/core";
import { Tags } from "aws-cdk-lib/core";
import type { System } from "../shared/settings/system.ts";
import { ClusterStack } from "./cluster/cluster-stack.ts";
import { EdgeStack } from "./edge/edge-stack.ts";
import { PipelinesStack } from "./pipelines/pipelines-stack.ts";
import { StateStack } from "./state/state-stack.ts";

/**
 * The stacks of a deployment, each with a life of its own: what is stored outlives everything, the cluster outlives the functions, and
 * those can go and come again at any time.
 *
 * @param codeOf the directory with the bundle of a folder of `functions/`
 */
export function addStacks(app: App, system: System, codeOf: (folder: string) => string, env: Environment = {}) {
  const { name } = system;
  const about = (part: string, description: string) => ({
    env,
    stackName: `${name}-${part}`,
    description: `${name}: ${description}`,
  });
  const state = new StateStack(app, `${name}-state`, {
    system,
    ...about("state", "tables, bucket and key; they outlive the stack"),
  });
  const logs = { system, key: state.key };
  const cluster = new ClusterStack(app, `${name}-cluster`, {
    system,
    logs,
    ...about("cluster", "Kafka and its topics"),
  });
  const pipelines = new PipelinesStack(app, `${name}-pipelines`, {
    resources: {
      ...{ system, logs, state, codeOf, clusterArn: cluster.clusterArn, network: cluster.network },
      brokers: () => cluster.brokers,
    },
    ...about("pipelines", "functions and what starts them"),
  });
  // Also where no value of the cluster's is used: a mapping needs its topic.
  pipelines.addStackDependency(cluster);
  const api = pipelines.functions.get("api");
  const edge = api && new EdgeStack(app, `${name}-edge`, { system, logs, api, ...about("edge", "the HTTP API") });
  for (const stack of [state, cluster, pipelines, ...(edge ? [edge] : [])]) Tags.of(stack).add("tidemark", name);
  return { state, cluster, pipelines, edge };
}
