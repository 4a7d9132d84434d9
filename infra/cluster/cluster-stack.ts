import { type ISecurityGroup, type ISubnet, type IVpc, SecurityGroup, Vpc } from "aws-cdk-lib/aws-ec2";
import { CfnTopic } from "aws-cdk-lib/aws-msk";
import { Fn, Stack, type StackProps, Validations } from "aws-cdk-lib/core";
import type { Construct } from "constructs";
import type { System } from "../../shared/settings/system.ts";
import { topicsOf } from "../../shared/settings/topics.ts";
import type { LogGroups } from "../log-group.ts";
import { BrokerAddresses } from "./broker-addresses.ts";
import { brokerNetwork } from "./network.ts";
import { newCluster } from "./new-cluster.ts";

/** Where functions stand that talk to brokers. */
export interface ClientNetwork {
  readonly vpc: IVpc;
  readonly subnets: readonly ISubnet[];
  readonly securityGroups: readonly ISecurityGroup[];
}

export interface ClusterStackProps extends StackProps {
  readonly system: System;
  readonly logs: LogGroups;
}

/** The Kafka cluster, a new one or one that is there, and its topics. */
export class ClusterStack extends Stack {
  readonly clusterArn: string;
  /** Missing where the cluster is another's and its network isn't told: then nothing that is deployed needs it. */
  readonly network?: ClientNetwork;
  readonly #logs: LogGroups;
  #brokers: string | undefined;

  constructor(scope: Construct, id: string, { system, logs, ...props }: ClusterStackProps) {
    super(scope, id, props);
    this.#logs = logs;
    if (system.cluster.kind === "existing") {
      // Settings without it are refused.
      this.clusterArn = system.cluster.arn as string;
      const network = this.#existingNetwork(system);
      if (network) this.network = network;
    } else {
      const network = brokerNetwork(this, system, logs);
      this.clusterArn = newCluster(this, system, network, logs);
      this.network = { vpc: network.vpc, subnets: network.subnets, securityGroups: [network.clients] };
    }
    if (system.cluster.createsTopics && system.cluster.kind !== "serverless") this.#addTopics(system);
    if (system.kafka.brokers) this.#brokers = system.kafka.brokers.join(",");
  }

  /** `host:port` of the brokers' listeners for IAM, with commas between. */
  get brokers(): string {
    this.#brokers ??= new BrokerAddresses(this, "BrokerAddresses", this.clusterArn, this.#logs).forIam;
    return this.#brokers;
  }

  #addTopics(system: System): void {
    for (const { name, partitions, cleanup } of topicsOf(system)) {
      new CfnTopic(this, `Topic-${name}`, {
        clusterArn: this.clusterArn,
        topicName: name,
        partitionCount: partitions,
        replicationFactor: 3,
        // The API takes the properties of a topic as a file, in base 64.
        configs: Buffer.from(`cleanup.policy=${cleanup}`).toString("base64"),
      });
    }
  }

  #existingNetwork({ cluster: { vpcId, subnetIds, securityGroupIds } }: System): ClientNetwork | undefined {
    if (!vpcId || subnetIds.length === 0 || securityGroupIds.length === 0) return undefined;
    const zones = subnetIds.map((_, i) => Fn.select(i, Fn.getAzs()));
    Validations.of(this).acknowledge({
      id: "Annotation::@aws-cdk/aws-ec2:noSubnetRouteTableId",
      reason: "nothing here asks for the routes of a network that is another's",
    });
    const vpc = Vpc.fromVpcAttributes(this, "Vpc", {
      ...{ vpcId, availabilityZones: zones, privateSubnetIds: [...subnetIds] },
    });
    return {
      vpc,
      subnets: vpc.privateSubnets,
      securityGroups: securityGroupIds.map((id) => SecurityGroup.fromSecurityGroupId(this, id, id, { mutable: false })),
    };
  }
}
