import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import { Stack, Validations } from "aws-cdk-lib/core";
import { AwsCustomResource, AwsCustomResourcePolicy, PhysicalResourceId } from "aws-cdk-lib/custom-resources";
import { Construct } from "constructs";
import { type LogGroups, logGroup } from "../log-group.ts";

/** The addresses of a cluster's brokers: CloudFormation doesn't know them, the API of MSK does. Asked for at deployment. */
export class BrokerAddresses extends Construct {
  /** `host:port` of the listeners for IAM, with commas between. */
  readonly forIam: string;

  constructor(scope: Construct, id: string, clusterArn: string, logs: LogGroups) {
    super(scope, id);
    const resource = new AwsCustomResource(this, "Get", {
      onUpdate: {
        service: "Kafka",
        action: "GetBootstrapBrokers",
        parameters: { ClusterArn: clusterArn },
        physicalResourceId: PhysicalResourceId.of(clusterArn),
        outputPaths: [forIamPath],
      },
      policy: AwsCustomResourcePolicy.fromStatements([
        new PolicyStatement({ actions: ["kafka:GetBootstrapBrokers"], resources: [clusterArn] }),
      ]),
      installLatestAwsSdk: false,
      logGroup: logGroup(this, "Logs", { ...logs, name: "broker-addresses" }),
    });
    this.#acknowledgeProvider();
    this.forIam = resource.getResponseField(forIamPath);
  }

  /** The CDK has one function for all resources of this kind in a stack, which it makes as it thinks right. */
  #acknowledgeProvider(): void {
    const prefix = `AWS${AwsCustomResource.PROVIDER_FUNCTION_UUID.replaceAll("-", "")}`;
    const provider = Stack.of(this).node.children.find(({ node }) => node.id.startsWith(prefix));
    if (!provider) return;
    const policy = "arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole";
    Validations.of(provider).acknowledge(
      {
        id: `AwsSolutions::AwsSolutions-IAM4[Policy::${policy}]`,
        reason: "it lets the function write its log, and no more",
      },
      { id: "AwsSolutions::AwsSolutions-L1", reason: "the CDK chooses the runtime of its own function" },
    );
  }
}

const forIamPath = "BootstrapBrokerStringSaslIam";
