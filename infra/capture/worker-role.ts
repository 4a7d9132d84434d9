import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import type { ISecret } from "aws-cdk-lib/aws-secretsmanager";
import { Stack } from "aws-cdk-lib/core";
import type { Construct } from "constructs";
import { withinCluster } from "../cluster/cluster-arns.ts";
import { acknowledgeWildcards, allow, statementOf } from "../iam/permissions.ts";
import { changeTopics, heartbeatTopic } from "./connector.ts";

/** What of a secret is needed here. `Secret` itself is no `ISecret` to a compiler that is exact about optional properties. */
export interface CaptureSecret extends Pick<ISecret, "secretArn" | "secretName"> {
  readonly encryptionKey?: IKey | undefined;
}

export interface WorkerRoleProps {
  /** `arn:aws:kafka:REGION:ACCOUNT:cluster/NAME/UUID` */
  readonly clusterArn: string;
  readonly connectorName: string;
  /** The topic that keeps the connector's position. */
  readonly offsetTopic: string;
  readonly secret: CaptureSecret;
}

/**
 * What the worker of MSK Connect may do: write to the topics of changes, keep its own topics, and read the password. It writes with
 * neither idempotence nor transactions, creates none of the topics that it captures into, and its log is delivered by the service itself.
 *
 * @see https://docs.aws.amazon.com/msk/latest/developerguide/msk-connect-service-execution-role.html
 */
export function workerRole(scope: Construct, id: string, props: WorkerRoleProps): Role {
  const { clusterArn, connectorName, offsetTopic, secret } = props;
  const topic = (name: string) => withinCluster(clusterArn, "topic", name);
  const role = new Role(scope, id, { assumedBy: connectorsOf(Stack.of(scope), connectorName) });
  const internal = ["configs", "status"].map((kind) => topic(`__amazon_msk_connect_${kind}_${connectorName}_*`));
  const own = ["CreateTopic", "DescribeTopic", "ReadData", "WriteData"].map((action) => `kafka-cluster:${action}`);
  const because = "these names end in an id that MSK Connect draws";
  const permissions = [
    ...allow(["kafka-cluster:Connect", "kafka-cluster:DescribeCluster"], [clusterArn]),
    ...allow(["kafka-cluster:DescribeTopic", "kafka-cluster:WriteData"], [...changeTopics, heartbeatTopic].map(topic)),
    ...allow(own, [...internal, topic(offsetTopic)], { because }),
    ...allow(
      ["kafka-cluster:AlterGroup", "kafka-cluster:DescribeGroup"],
      [withinCluster(clusterArn, "group", "__amazon_msk_connect_*")],
      { because },
    ),
    ...allow(["secretsmanager:GetSecretValue"], [secret.secretArn]),
    ...allow(["kms:Decrypt"], secret.encryptionKey ? [secret.encryptionKey.keyArn] : []),
  ];
  for (const permission of permissions) role.addToPolicy(statementOf(permission));
  acknowledgeWildcards(role, permissions);
  return role;
}

/** MSK Connect, on behalf of this account's connectors of that name. */
function connectorsOf({ partition, region, account }: Stack, name: string): ServicePrincipal {
  const connectors = `arn:${partition}:kafkaconnect:${region}:${account}:connector/${name}/*`;
  return new ServicePrincipal("kafkaconnect.amazonaws.com", {
    conditions: { StringEquals: { "aws:SourceAccount": account }, ArnLike: { "aws:SourceArn": connectors } },
  });
}
