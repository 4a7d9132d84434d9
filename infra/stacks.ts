import type { App, Environment, StackProps } from "aws-cdk-lib/core";
import { Tags } from "aws-cdk-lib/core";
import type { System } from "../shared/settings/system.ts";
import { CaptureStack } from "./capture/capture-stack.ts";
import { CapturePluginStack } from "./capture/plugin-stack.ts";
import { ClusterStack } from "./cluster/cluster-stack.ts";
import { EdgeStack } from "./edge/edge-stack.ts";
import { PipelinesStack } from "./pipelines/pipelines-stack.ts";
import { StateStack } from "./state/state-stack.ts";
import { WatchStack } from "./watch/watch-stack.ts";

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
  const watch = new WatchStack(app, `${name}-watch`, {
    watched: {
      ...{ system, mappings: pipelines.mappings, apiId: edge?.apiId },
      tables: { entities: state.entities.tableName, progress: state.progress.tableName },
    },
    key: state.key,
    ...about("watch", "alarms and dashboards"),
  });
  addCapture(app, system, cluster, about);
  Tags.of(app).add("tidemark", name);
  return { state, cluster, pipelines, edge, watch };
}

type About = (part: string, description: string) => StackProps;

/** The bucket for the connector's plugin; with the plugin in it, the connector. */
function addCapture(app: App, system: System, cluster: ClusterStack, about: About): void {
  const { name, capture, pipelines } = system;
  if (!capture) return;
  const { bucket } = new CapturePluginStack(
    app,
    `${name}-capture-plugin`,
    about("capture-plugin", "the connector's plugin"),
  );
  const { network } = cluster;
  if (!capture.pluginKey || !network) return;
  new CaptureStack(app, `${name}-capture`, {
    cluster: { arn: cluster.clusterArn, bootstrapBrokers: cluster.brokers },
    network: {
      subnetIds: network.subnets.map(({ subnetId }) => subnetId),
      securityGroupIds: network.securityGroups.map(({ securityGroupId }) => securityGroupId),
    },
    database: {
      ...{ host: capture.host, port: capture.port, name: capture.database },
      secret: { secretArn: capture.secretArn, secretName: secretName(capture.secretArn) },
    },
    plugin: { bucket, key: capture.pluginKey },
    includeSnapshot: pipelines.engagement?.includeSnapshot ?? false,
    ...about("capture", "changes of PostgreSQL into topics"),
  });
}

/** `arn:…:secret:NAME-AbCdEf`: Secrets Manager adds the last six characters. */
function secretName(arn: string): string {
  return arn.replace(/^.*:secret:/, "").replace(/-[A-Za-z0-9]{6}$/, "");
}
