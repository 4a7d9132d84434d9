import type { IKey } from "aws-cdk-lib/aws-kms";
import { LogGroup, type RetentionDays } from "aws-cdk-lib/aws-logs";
import { RemovalPolicy } from "aws-cdk-lib/core";
import type { Construct } from "constructs";
import type { System } from "../shared/settings/system.ts";

/** What all log groups of a deployment have in common. */
export interface LogGroups {
  readonly system: Pick<System, "name" | "functions">;
  readonly key: IKey;
}

/** A log group below `/tidemark/` (or what else the deployment is called): encrypted, kept for as long as the settings say. */
export function logGroup(scope: Construct, id: string, { system, key, name }: LogGroups & { name: string }): LogGroup {
  return new LogGroup(scope, id, {
    logGroupName: `/${system.name}/${name}`,
    encryptionKey: key,
    // CloudWatch's days are the enum's values, and the settings take no others.
    retention: system.functions.logRetentionDays as RetentionDays,
    removalPolicy: RemovalPolicy.DESTROY,
  });
}
