import { AttributeType, BillingMode, StreamViewType, Table, TableEncryption } from "aws-cdk-lib/aws-dynamodb";
import type { Key } from "aws-cdk-lib/aws-kms";
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from "aws-cdk-lib/aws-s3";
import { Duration, RemovalPolicy, Stack, type StackProps } from "aws-cdk-lib/core";
import type { Construct } from "constructs";
import type { System } from "../../shared/settings/system.ts";
import { addLake, queryResultsPrefix } from "./lake.ts";
import { stateKey } from "./state-key.ts";

export interface StateStackProps extends StackProps {
  readonly system: System;
}

/** What must never be lost. Nothing here goes when the stack does. */
export class StateStack extends Stack {
  readonly key: Key;
  /** State, facts, totals, lists and the outbox. */
  readonly entities: Table;
  /** How far partitions are, due lists, closings. */
  readonly progress: Table;
  /** Results, rejected records and dead letters. */
  readonly output: Bucket;
  /** What event source mappings gave up on, with its payload. */
  readonly failures: Bucket;
  readonly #accessLogs: Bucket;

  constructor(scope: Construct, id: string, { system, ...props }: StateStackProps) {
    super(scope, id, props);
    this.key = stateKey(this, system.name);
    this.entities = this.#table("Entities");
    this.progress = this.#table("Progress");
    this.#accessLogs = this.#bucketOfAccessLogs();
    this.output = this.#bucket("Output");
    this.failures = this.#bucket("Failures");
    addLake(this, { system, output: this.output, key: this.key });
  }

  /**
   * No index: due lists make them needless. The stream carries new versions only; nobody reads the old ones. No global table: the stream of
   * one bears a single reader, and here two functions read.
   */
  #table(id: string): Table {
    return new Table(this, id, {
      partitionKey: { name: "pk", type: AttributeType.STRING },
      sortKey: { name: "sk", type: AttributeType.STRING },
      timeToLiveAttribute: "ttl",
      billingMode: BillingMode.PAY_PER_REQUEST,
      stream: StreamViewType.NEW_IMAGE,
      encryption: TableEncryption.CUSTOMER_MANAGED,
      encryptionKey: this.key,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
  }

  /**
   * Versioned: objects are created once and never replaced, so versions cost nothing, and what somebody deletes by mistake can be had
   * back for a month.
   */
  #bucket(id: string): Bucket {
    return new Bucket(this, id, {
      encryption: BucketEncryption.KMS,
      encryptionKey: this.key,
      bucketKeyEnabled: true,
      ...closed,
      versioned: true,
      serverAccessLogsBucket: this.#accessLogs,
      serverAccessLogsPrefix: `${id.toLowerCase()}/`,
      lifecycleRules: [
        { abortIncompleteMultipartUploadAfter: Duration.days(1), noncurrentVersionExpiration: Duration.days(30) },
        { prefix: queryResultsPrefix, expiration: Duration.days(7) },
      ],
    });
  }

  /** The service that writes access logs knows no customer's key, and nobody needs to replace or recover a log. */
  #bucketOfAccessLogs(): Bucket {
    return new Bucket(this, "AccessLogs", {
      encryption: BucketEncryption.S3_MANAGED,
      ...closed,
      lifecycleRules: [{ expiration: Duration.days(90), abortIncompleteMultipartUploadAfter: Duration.days(1) }],
    });
  }
}

const closed = {
  enforceSSL: true,
  minimumTLSVersion: 1.2,
  blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
  objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
  removalPolicy: RemovalPolicy.RETAIN,
} as const;
