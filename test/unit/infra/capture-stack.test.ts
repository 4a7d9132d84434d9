import { Match, Template } from "aws-cdk-lib/assertions";
import { Key } from "aws-cdk-lib/aws-kms";
import { Secret } from "aws-cdk-lib/aws-secretsmanager";
import { App, Fn } from "aws-cdk-lib/core";
import type { Construct } from "constructs";
import { describe, expect, it } from "vitest";
import { CaptureStack, type CaptureStackProps, pluginName } from "../../../infra/capture/capture-stack.ts";
import { connectorConfig, type Lookup } from "../../../infra/capture/connector.ts";
import { CapturePluginStack } from "../../../infra/capture/plugin-stack.ts";

const env = { account: "123456789012", region: "eu-west-1" };
const ofCluster = (kind: string, name: string) =>
  `arn:aws:kafka:eu-west-1:123456789012:${kind}/tidemark/0a1b2c3d-1111-2222-3333-444455556666-7${name}`;
const subnetIds = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"];
const securityGroupIds = ["sg-0123456789abcdef0"];
const secretArn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:tidemark/capture-AbCdEf";

/** A field of the secret, by its name, as its ARN is full of colons. */
const fieldOfSecret = (field: string): Lookup => `\${secretsmanager:tidemark/capture:${field}}`;

type Settings = Pick<CaptureStackProps, "cluster" | "database" | "includeSnapshot">;

const cluster = { arn: ofCluster("cluster", ""), bootstrapBrokers: "b-1.example.com:9098,b-2.example.com:9098" };
const database = { host: "db.example.com", port: 5432, name: "shop" };

/** Each takes about a second, so there are few. */
function templateOf(settingsIn: (scope: Construct) => Settings): Template {
  const app = new App();
  const plugins = new CapturePluginStack(app, "Plugins", { env });
  const stack = new CaptureStack(app, "Capture", {
    env,
    ...settingsIn(plugins),
    network: { subnetIds, securityGroupIds },
    plugin: { bucket: plugins.bucket, key: "debezium-3.6.3.zip", version: "3sL4kqtJlcpXroDTDmJ" },
  });
  return Template.fromStack(stack);
}

/** The only resource of a type. */
function onlyOne(template: Template, type: string): Record<string, unknown> {
  const found = Object.values(template.findResources(type));
  expect(found.length).toBe(1);
  return (found[0] as { Properties: Record<string, unknown> }).Properties;
}

describe("the stack of the capture", () => {
  const template = templateOf((scope) => ({
    cluster,
    database: { ...database, secret: Secret.fromSecretCompleteArn(scope, "Secret", secretArn) },
    includeSnapshot: false,
  }));
  const connector = onlyOne(template, "AWS::KafkaConnect::Connector");

  it("configures the connector as everywhere, with a user and a password that the worker looks up", () => {
    expect(connector.ConnectorConfiguration).toEqual(
      connectorConfig({
        database: {
          host: "db.example.com",
          port: "5432",
          name: "shop",
          user: fieldOfSecret("username"),
          password: fieldOfSecret("password"),
          sslMode: "require",
        },
        includeSnapshot: false,
      }),
    );
  });

  it("runs one worker, as a slot has one reader, that reaches the cluster by TLS and IAM", () => {
    expect(connector).toMatchObject({
      Capacity: { ProvisionedCapacity: { McuCount: 1, WorkerCount: 1 } },
      KafkaConnectVersion: "3.7.x",
      KafkaClusterClientAuthentication: { AuthenticationType: "IAM" },
      KafkaClusterEncryptionInTransit: { EncryptionType: "TLS" },
      KafkaCluster: {
        ApacheKafkaCluster: {
          BootstrapServers: "b-1.example.com:9098,b-2.example.com:9098",
          Vpc: { Subnets: subnetIds, SecurityGroups: securityGroupIds },
        },
      },
    });
  });

  it("lets the worker write to three topics, keep its own, join its group and read one secret; nothing else", () => {
    const { PolicyDocument } = onlyOne(template, "AWS::IAM::Policy") as {
      PolicyDocument: { Statement: { Action: unknown; Resource: unknown; Effect: string }[] };
    };
    expect(PolicyDocument.Statement.map(({ Effect, Action, Resource }) => [Effect, Action, Resource])).toEqual([
      ["Allow", ["kafka-cluster:Connect", "kafka-cluster:DescribeCluster"], ofCluster("cluster", "")],
      [
        "Allow",
        ["kafka-cluster:DescribeTopic", "kafka-cluster:WriteData"],
        [
          ofCluster("topic", "/dbserver1.public.content"),
          ofCluster("topic", "/dbserver1.public.engagement_events"),
          ofCluster("topic", "/__debezium-heartbeat.dbserver1"),
        ],
      ],
      [
        "Allow",
        [
          "kafka-cluster:CreateTopic",
          "kafka-cluster:DescribeTopic",
          "kafka-cluster:ReadData",
          "kafka-cluster:WriteData",
        ],
        [
          ofCluster("topic", "/__amazon_msk_connect_configs_tidemark-capture_*"),
          ofCluster("topic", "/__amazon_msk_connect_status_tidemark-capture_*"),
          ofCluster("topic", "/tidemark-capture-offsets"),
        ],
      ],
      [
        "Allow",
        ["kafka-cluster:AlterGroup", "kafka-cluster:DescribeGroup"],
        ofCluster("group", "/__amazon_msk_connect_*"),
      ],
      ["Allow", "secretsmanager:GetSecretValue", secretArn],
    ]);
  });

  it("lets only connectors of this account and name take the worker's role, and gives it no managed policy", () => {
    const role = onlyOne(template, "AWS::IAM::Role");
    expect(role.ManagedPolicyArns).toBeUndefined();
    const source = [
      "arn:",
      { Ref: "AWS::Partition" },
      ":kafkaconnect:eu-west-1:123456789012:connector/tidemark-capture/*",
    ];
    expect(role.AssumeRolePolicyDocument).toEqual({
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Action: "sts:AssumeRole",
          Principal: { Service: "kafkaconnect.amazonaws.com" },
          Condition: {
            StringEquals: { "aws:SourceAccount": "123456789012" },
            ArnLike: { "aws:SourceArn": { "Fn::Join": ["", source] } },
          },
        },
      ],
    });
  });

  it("keeps the position in a topic that outlives the connector, and looks secrets up in its own region", () => {
    const { PropertiesFileContent } = onlyOne(template, "AWS::KafkaConnect::WorkerConfiguration") as {
      PropertiesFileContent: { "Fn::Base64": string };
    };
    const lines = PropertiesFileContent["Fn::Base64"].split("\n");
    expect(lines).toContain("offset.storage.topic=tidemark-capture-offsets");
    expect(lines).toContain("config.providers.secretsmanager.param.region=eu-west-1");
  });

  it("keeps the log for a month", () => {
    expect(onlyOne(template, "AWS::Logs::LogGroup")).toMatchObject({ RetentionInDays: 30 });
  });

  it("takes the plugin at the key and the version that it is given", () => {
    expect(onlyOne(template, "AWS::KafkaConnect::CustomPlugin")).toMatchObject({
      Name: pluginName("debezium-3.6.3.zip", "3sL4kqtJlcpXroDTDmJ"),
      ContentType: "ZIP",
      Location: { S3Location: { FileKey: "debezium-3.6.3.zip", ObjectVersion: "3sL4kqtJlcpXroDTDmJ" } },
    });
  });

  it("names a plugin after its ZIP, as another ZIP has to be another plugin", () => {
    const names = [
      pluginName("a.zip"),
      pluginName("b.zip"),
      pluginName("a.zip", "v1"),
      pluginName("a.zip", "v2"),
      pluginName("a.zipv1"),
    ];
    expect(new Set(names).size).toBe(names.length);
    expect(names[0]).toMatch(/^tidemark-debezium-[0-9a-f]{8}$/);
  });
});

describe("the stack of a capture whose cluster is made with it, whose secret has a key, and whose snapshot includes events", () => {
  const keyArn = "arn:aws:kms:eu-west-1:123456789012:key/11112222-3333-4444-5555-666677778888";
  const template = templateOf((scope) => {
    const encryptionKey = Key.fromKeyArn(scope, "Key", keyArn);
    return {
      cluster: { ...cluster, arn: Fn.importValue("ClusterArn") },
      database: {
        ...database,
        secret: Secret.fromSecretAttributes(scope, "Secret", { secretCompleteArn: secretArn, encryptionKey }),
      },
      includeSnapshot: true,
    };
  });

  it("names topics by a cluster's ARN that is known at deployment only", () => {
    const parts = { "Fn::Split": [":cluster/", { "Fn::ImportValue": "ClusterArn" }] };
    const topic = (name: string) => {
      return { "Fn::Join": ["", [{ "Fn::Select": [0, parts] }, ":topic/", { "Fn::Select": [1, parts] }, `/${name}`]] };
    };
    template.hasResourceProperties("AWS::IAM::Policy", {
      PolicyDocument: {
        Statement: Match.arrayWith([
          {
            Effect: "Allow",
            Action: ["kafka-cluster:DescribeTopic", "kafka-cluster:WriteData"],
            Resource: [
              topic("dbserver1.public.content"),
              topic("dbserver1.public.engagement_events"),
              topic("__debezium-heartbeat.dbserver1"),
            ],
          },
        ]),
      },
    });
  });

  it("lets the worker decrypt with the secret's key", () => {
    template.hasResourceProperties("AWS::IAM::Policy", {
      PolicyDocument: { Statement: Match.arrayWith([{ Effect: "Allow", Action: "kms:Decrypt", Resource: keyArn }]) },
    });
  });

  it("has the snapshot read the events", () => {
    template.hasResourceProperties("AWS::KafkaConnect::Connector", {
      ConnectorConfiguration: { "snapshot.include.collection.list": "public.content,public.engagement_events" },
    });
  });
});

describe("the stack of the plugin's bucket", () => {
  const template = Template.fromStack(new CapturePluginStack(new App(), "Plugins", { env }));

  it("keeps a bucket that is encrypted, versioned and not public", () => {
    template.hasResource("AWS::S3::Bucket", {
      DeletionPolicy: "Retain",
      UpdateReplacePolicy: "Retain",
      Properties: {
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" } }],
        },
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
        VersioningConfiguration: { Status: "Enabled" },
      },
    });
  });

  it("refuses requests without TLS 1.2", () => {
    const { PolicyDocument } = onlyOne(template, "AWS::S3::BucketPolicy") as {
      PolicyDocument: { Statement: { Effect: string; Action: string; Condition: unknown }[] };
    };
    expect(PolicyDocument.Statement.map(({ Effect, Action, Condition }) => [Effect, Action, Condition])).toEqual([
      ["Deny", "s3:*", { Bool: { "aws:SecureTransport": "false" } }],
      ["Deny", "s3:*", { NumericLessThan: { "s3:TlsVersion": 1.2 } }],
    ]);
  });
});
