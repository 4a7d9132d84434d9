import {
  FlowLogDestination,
  FlowLogTrafficType,
  GatewayVpcEndpointAwsService,
  InterfaceVpcEndpointAwsService,
  IpAddresses,
  type ISecurityGroup,
  type ISubnet,
  Peer,
  Port,
  SecurityGroup,
  SubnetType,
  Vpc,
} from "aws-cdk-lib/aws-ec2";
import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Fn } from "aws-cdk-lib/core";
import type { Construct } from "constructs";
import type { System } from "../../shared/settings/system.ts";
import { type LogGroups, logGroup } from "../log-group.ts";

/** Where functions stand that talk to brokers, and to databases beside them. */
export interface BrokerNetwork {
  readonly vpc: Vpc;
  readonly subnets: readonly ISubnet[];
  /** Of the brokers; event source mappings take it too, so it lets itself in. */
  readonly brokers: ISecurityGroup;
  /** Of functions: the brokers let it in. */
  readonly clients: ISecurityGroup;
}

/** The listener for IAM inside the VPC. @see https://docs.aws.amazon.com/msk/latest/developerguide/port-info.html */
const iamPort = Port.tcp(9_098);

/**
 * A network over three availability zones without a way to the internet (unless there are to be NAT gateways). DynamoDB and S3 are reached
 * by gateways, which cost nothing. Pollers that are not provisioned need Lambda and STS besides, and functions that read a secret need
 * Secrets Manager: an interface in each zone, which costs by the hour.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-msk-cluster-network.html
 */
export function brokerNetwork(scope: Construct, system: System, logs: LogGroups): BrokerNetwork {
  const { natGateways, availabilityZones: named } = system.network;
  const privately = natGateways > 0 ? SubnetType.PRIVATE_WITH_EGRESS : SubnetType.PRIVATE_ISOLATED;
  const vpc = new Vpc(scope, "Vpc", {
    ipAddresses: IpAddresses.cidr("10.64.0.0/16"),
    availabilityZones: named.length > 0 ? [...named] : [0, 1, 2].map((i) => Fn.select(i, Fn.getAzs())),
    natGateways,
    restrictDefaultSecurityGroup: false,
    subnetConfiguration: [
      { name: "brokers", subnetType: privately, cidrMask: 20 },
      ...(natGateways > 0 ? [{ name: "public", subnetType: SubnetType.PUBLIC, cidrMask: 24 }] : []),
    ],
    gatewayEndpoints: {
      dynamodb: { service: GatewayVpcEndpointAwsService.DYNAMODB },
      s3: { service: GatewayVpcEndpointAwsService.S3 },
    },
  });
  addFlowLog(scope, vpc, logs);
  const brokers = new SecurityGroup(scope, "Brokers", { vpc, description: "Kafka brokers and the pollers of topics" });
  const clients = new SecurityGroup(scope, "Clients", { vpc, description: "Functions that write to Kafka" });
  brokers.addIngressRule(brokers, iamPort, "pollers, by IAM over TLS");
  brokers.addIngressRule(clients, iamPort, "functions, by IAM over TLS");
  addInterfaces(vpc, system, [brokers, clients]);
  return { vpc, subnets: vpc.selectSubnets({ subnetType: privately }).subnets, brokers, clients };
}

function addInterfaces(vpc: Vpc, { pollers, redis, postgres }: System, from: readonly ISecurityGroup[]): void {
  const needed = [
    ...(pollers.mode === "onDemand"
      ? [
          ["Lambda", InterfaceVpcEndpointAwsService.LAMBDA] as const,
          ["Sts", InterfaceVpcEndpointAwsService.STS] as const,
        ]
      : []),
    ...(redis?.secretArn || postgres ? [["Secrets", InterfaceVpcEndpointAwsService.SECRETS_MANAGER] as const] : []),
  ];
  for (const [name, service] of needed) {
    const endpoint = vpc.addInterfaceEndpoint(name, { service, open: false });
    for (const group of from) endpoint.connections.allowFrom(Peer.securityGroupId(group.securityGroupId), Port.HTTPS);
  }
}

function addFlowLog(scope: Construct, vpc: Vpc, logs: LogGroups): void {
  vpc.addFlowLog("FlowLog", {
    destination: FlowLogDestination.toCloudWatchLogs(
      logGroup(scope, "FlowLogs", { ...logs, name: "network/flow" }),
      new Role(scope, "FlowLogRole", { assumedBy: new ServicePrincipal("vpc-flow-logs.amazonaws.com") }),
    ),
    // What was let through is the brokers' log to tell.
    trafficType: FlowLogTrafficType.REJECT,
  });
}
