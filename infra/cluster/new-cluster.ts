import { CfnCluster, CfnConfiguration, CfnServerlessCluster } from "aws-cdk-lib/aws-msk";
import { RemovalPolicy } from "aws-cdk-lib/core";
import type { Construct } from "constructs";
import type { System } from "../../shared/settings/system.ts";
import { type LogGroups, logGroup } from "../log-group.ts";
import type { BrokerNetwork } from "./network.ts";

/** Brokers that answer to nobody but IAM, over TLS. @returns the ARN. */
export function newCluster(scope: Construct, system: System, network: BrokerNetwork, logs: LogGroups): string {
  return system.cluster.kind === "serverless"
    ? serverlessCluster(scope, system, network)
    : provisionedCluster(scope, system, network, logs);
}

function serverlessCluster(scope: Construct, { name }: System, { subnets, brokers }: BrokerNetwork): string {
  const cluster = new CfnServerlessCluster(scope, "Cluster", {
    clusterName: name,
    clientAuthentication: { sasl: { iam: { enabled: true } } },
    vpcConfigs: [{ subnetIds: subnets.map(({ subnetId }) => subnetId), securityGroups: [brokers.securityGroupId] }],
  });
  cluster.applyRemovalPolicy(RemovalPolicy.DESTROY);
  return cluster.attrArn;
}

/** By default: what a broker of each kind begins with. */
const smallest = { standard: "kafka.t3.small", express: "express.m7g.large" } as const;

function provisionedCluster(scope: Construct, system: System, network: BrokerNetwork, logs: LogGroups): string {
  const { name, cluster: settings } = system;
  const isExpress = settings.kind === "express";
  const cluster = new CfnCluster(scope, "Cluster", {
    clusterName: name,
    kafkaVersion: settings.kafkaVersion,
    numberOfBrokerNodes: settings.brokerCount,
    brokerNodeGroupInfo: {
      clientSubnets: network.subnets.map(({ subnetId }) => subnetId),
      instanceType: settings.instanceType ?? smallest[isExpress ? "express" : "standard"],
      securityGroups: [network.brokers.securityGroupId],
      // Express brokers bring their own storage.
      ...(!isExpress && { storageInfo: { ebsStorageInfo: { volumeSize: settings.storageGb } } }),
    },
    clientAuthentication: { sasl: { iam: { enabled: true } }, unauthenticated: { enabled: false } },
    encryptionInfo: {
      encryptionAtRest: { dataVolumeKmsKeyId: logs.key.keyArn },
      encryptionInTransit: { clientBroker: "TLS", inCluster: true },
    },
    // Express brokers keep three copies and want two of them, and can't be told otherwise.
    ...(!isExpress && { configurationInfo: { arn: configuration(scope, name), revision: 1 } }),
    loggingInfo: {
      brokerLogs: {
        cloudWatchLogs: {
          enabled: true,
          logGroup: logGroup(scope, "BrokerLogs", { ...logs, name: "brokers" }).logGroupName,
        },
      },
    },
  });
  cluster.applyRemovalPolicy(RemovalPolicy.DESTROY);
  return cluster.attrArn;
}

/** A record that was taken is on two of three brokers, and a topic that nobody declared doesn't come to be by a typing error. */
function configuration(scope: Construct, name: string): string {
  const properties = [
    "auto.create.topics.enable=false",
    "default.replication.factor=3",
    "min.insync.replicas=2",
    "unclean.leader.election.enable=false",
    "log.retention.hours=168",
  ];
  const resource = new CfnConfiguration(scope, "Configuration", { name, serverProperties: properties.join("\n") });
  return resource.attrArn;
}
