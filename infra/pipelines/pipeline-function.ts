import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import {
  Architecture,
  Code,
  Function as LambdaFunction,
  LayerVersion,
  LoggingFormat,
  Runtime,
  SystemLogLevel,
  Tracing,
} from "aws-cdk-lib/aws-lambda";
import { Duration } from "aws-cdk-lib/core";
import type { Construct } from "constructs";
import { policyOf } from "../iam/permissions.ts";
import { logGroup } from "../log-group.ts";
import { type DeployedFunction, isInNetwork, triggersOf } from "./deployed-functions.ts";
import { permissionsOf } from "./function-role.ts";
import type { PipelineResources } from "./resources.ts";
import { variablesOf } from "./variables.ts";

/** A function with a role, and a log group of its own. */
export function pipelineFunction(
  scope: Construct,
  row: DeployedFunction,
  resources: PipelineResources,
): LambdaFunction {
  const { system, state, network } = resources;
  const role = new Role(scope, `Role-${row.name}`, {
    description: `${system.name}: ${row.purpose}`,
    assumedBy: new ServicePrincipal("lambda.amazonaws.com"),
  });
  const policy = policyOf(scope, `Policy-${row.name}`, role, permissionsOf(row, resources));
  const places = {
    entitiesTable: state.entities.tableName,
    progressTable: state.progress.tableName,
    outputBucket: state.output.bucketName,
    brokers: resources.brokers,
  };
  const made = new LambdaFunction(scope, `Function-${row.name}`, {
    functionName: `${system.name}-${row.name}`,
    description: row.purpose,
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    code: Code.fromAsset(resources.codeOf(row.folder)),
    handler: "index.handler",
    memorySize: row.memoryMb,
    timeout: Duration.seconds(row.timeoutSeconds),
    // Frozen: the function's role is what the policy here says, and constructs add nothing to it.
    role: role.withoutPolicyUpdates(),
    environment: variablesOf(row, system, places),
    environmentEncryption: state.key as IKey,
    logGroup: logGroup(scope, `Logs-${row.name}`, { ...resources.logs, name: `functions/${row.name}` }),
    loggingFormat: LoggingFormat.JSON,
    // Start, end and report of each invocation are in Lambda's metrics too, which cost nothing.
    systemLogLevelV2: SystemLogLevel.WARN,
    ...concurrencyOf(row, resources),
    ...tracingOf(scope, row, resources),
    ...(isInNetwork(row, system) && network
      ? { vpc: network.vpc, vpcSubnets: { subnets: [...network.subnets] }, securityGroups: [...network.securityGroups] }
      : {}),
  });
  // Lambda tries out a role when it makes a function or a mapping with it.
  made.node.addDependency(policy);
  return made;
}

/** As many instances as there can be batches at once: one per partition. */
function concurrencyOf(row: DeployedFunction, { system }: PipelineResources) {
  const mappings = [...triggersOf(row, "msk").flatMap(({ topics }) => topics), ...triggersOf(row, "results")].length;
  if (mappings === 0 || !system.functions.reservesConcurrency) return {};
  const partitions = Math.max(...row.pipelines.map((name) => system.pipelines[name]?.partitions ?? 0));
  return { reservedConcurrentExecutions: mappings * partitions };
}

function tracingOf(scope: Construct, { name }: DeployedFunction, { system }: PipelineResources) {
  const { tracing, adotLayerArn } = system.functions;
  if (tracing === "off") return { tracing: Tracing.DISABLED };
  if (tracing === "xray" || !adotLayerArn) return { tracing: Tracing.ACTIVE };
  return { tracing: Tracing.ACTIVE, layers: [LayerVersion.fromLayerVersionArn(scope, `Adot-${name}`, adotLayerArn)] };
}
