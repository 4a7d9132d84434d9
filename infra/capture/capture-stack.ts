import { createHash } from "node:crypto";
import { CfnConnector, CfnCustomPlugin, CfnWorkerConfiguration } from "aws-cdk-lib/aws-kafkaconnect";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import type { IBucket } from "aws-cdk-lib/aws-s3";
import { Fn, RemovalPolicy, Stack, type StackProps } from "aws-cdk-lib/core";
import type { Construct } from "constructs";
import { connectorConfig, type Lookup } from "./connector.ts";
import { type CaptureSecret, workerRole } from "./worker-role.ts";

export interface CaptureStackProps extends StackProps {
  readonly cluster: {
    /** `arn:aws:kafka:REGION:ACCOUNT:cluster/NAME/UUID` */
    readonly arn: string;
    /** The listeners for IAM, on port 9098. */
    readonly bootstrapBrokers: string;
  };
  /** Where the worker runs: it has to reach the brokers, the database and Secrets Manager from there. */
  readonly network: { readonly subnetIds: readonly string[]; readonly securityGroupIds: readonly string[] };
  readonly database: {
    readonly host: string;
    readonly port: number;
    readonly name: string;
    /** Holds JSON with `username` and `password`, of the role that `publication.sql` makes. */
    readonly secret: CaptureSecret;
  };
  /** The ZIP of the plugin, uploaded beforehand. Another key or version makes a new plugin. */
  readonly plugin: {
    readonly bucket: Pick<IBucket, "bucketArn">;
    readonly key: string;
    readonly version?: string;
  };
  readonly includeSnapshot: boolean;
}

/** The stored position belongs to this name. */
const connectorName = "tidemark-capture";
/** The position outlives the connector: a new one of the same name goes on where the old one stopped. */
const offsetTopic = "tidemark-capture-offsets";
/** The newest version of MSK Connect; it runs on Java 17, which Debezium 3 asks for. */
const kafkaConnectVersion = "3.7.x";

/** Captures the changes of a PostgreSQL database, by Debezium in MSK Connect. */
export class CaptureStack extends Stack {
  constructor(scope: Construct, id: string, props: CaptureStackProps) {
    super(scope, id, props);
    const logGroup = new LogGroup(this, "Log", {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const { secret } = props.database;
    const role = workerRole(this, "WorkerRole", {
      clusterArn: props.cluster.arn,
      connectorName,
      offsetTopic,
      secret,
    });
    const plugin = this.#plugin(props.plugin);
    const worker = this.#workerConfiguration();
    const connector = new CfnConnector(this, "Connector", {
      connectorName,
      kafkaConnectVersion,
      connectorConfiguration: connectorConfig({
        database: {
          host: props.database.host,
          port: String(props.database.port),
          name: props.database.name,
          user: fromSecret(secret, "username"),
          password: fromSecret(secret, "password"),
          sslMode: "require",
        },
        includeSnapshot: props.includeSnapshot,
      }),
      // One task is all that a replication slot can feed, so more workers would be idle.
      capacity: { provisionedCapacity: { mcuCount: 1, workerCount: 1 } },
      kafkaCluster: {
        apacheKafkaCluster: {
          bootstrapServers: props.cluster.bootstrapBrokers,
          vpc: { subnets: [...props.network.subnetIds], securityGroups: [...props.network.securityGroupIds] },
        },
      },
      kafkaClusterClientAuthentication: { authenticationType: "IAM" },
      kafkaClusterEncryptionInTransit: { encryptionType: "TLS" },
      plugins: [{ customPlugin: { customPluginArn: plugin.attrCustomPluginArn, revision: plugin.attrRevision } }],
      workerConfiguration: {
        workerConfigurationArn: worker.attrWorkerConfigurationArn,
        revision: worker.attrRevision,
      },
      serviceExecutionRoleArn: role.roleArn,
      logDelivery: {
        workerLogDelivery: { cloudWatchLogs: { enabled: true, logGroup: logGroup.logGroupName } },
      },
    });
    // The connector is refused what the role may not do yet.
    connector.node.addDependency(role);
  }

  #plugin({ bucket, key, version }: CaptureStackProps["plugin"]): CfnCustomPlugin {
    return new CfnCustomPlugin(this, "Plugin", {
      name: pluginName(key, version),
      contentType: "ZIP",
      location: {
        s3Location: { bucketArn: bucket.bucketArn, fileKey: key, ...(version ? { objectVersion: version } : {}) },
      },
    });
  }

  #workerConfiguration(): CfnWorkerConfiguration {
    const properties = [
      "key.converter=org.apache.kafka.connect.json.JsonConverter",
      "value.converter=org.apache.kafka.connect.json.JsonConverter",
      `offset.storage.topic=${offsetTopic}`,
      "config.providers=secretsmanager",
      "config.providers.secretsmanager.class=com.amazonaws.kafka.config.providers.SecretsManagerConfigProvider",
      `config.providers.secretsmanager.param.region=${this.region}`,
    ].join("\n");
    return new CfnWorkerConfiguration(this, "Worker", {
      // After its content, as with a plugin.
      name: `tidemark-capture-${shortHash(JSON.stringify(this.resolve(properties)))}`,
      propertiesFileContent: Fn.base64(properties),
    });
  }
}

/** After its ZIP: a plugin can't be changed, and a new one needs a name of its own. */
export function pluginName(key: string, version = ""): string {
  return `tidemark-debezium-${shortHash(JSON.stringify([key, version]))}`;
}

/** A field of a secret, which the worker reads. By its name, as colons part the expression. */
function fromSecret(secret: CaptureSecret, field: string): Lookup {
  return `\${secretsmanager:${secret.secretName}:${field}}`;
}

function shortHash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 8);
}
