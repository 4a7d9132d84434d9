import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from "aws-cdk-lib/aws-s3";
import { RemovalPolicy, Stack, type StackProps, Validations } from "aws-cdk-lib/core";
import type { Construct } from "constructs";

/**
 * The bucket of the connector's plugin. It comes before the capture, as MSK Connect reads the plugin when it is told of it: deploy this,
 * upload the ZIP, deploy `CaptureStack` with its key.
 */
export class CapturePluginStack extends Stack {
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    this.bucket = new Bucket(this, "Plugins", {
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      versioned: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    Validations.of(this.bucket).acknowledge({
      id: "AwsSolutions::AwsSolutions-S1",
      reason: "it holds a plugin that anybody can download, and MSK Connect reads it once",
    });
  }
}
