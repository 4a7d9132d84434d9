import { CfnStage, HttpApi } from "aws-cdk-lib/aws-apigatewayv2";
import { HttpIamAuthorizer } from "aws-cdk-lib/aws-apigatewayv2-authorizers";
import { HttpLambdaIntegration } from "aws-cdk-lib/aws-apigatewayv2-integrations";
import { ManagedPolicy } from "aws-cdk-lib/aws-iam";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import { CfnOutput, Stack, type StackProps } from "aws-cdk-lib/core";
import type { Construct } from "constructs";
import type { System } from "../../shared/settings/system.ts";
import { acknowledgeWildcards, allow, statementOf } from "../iam/permissions.ts";
import { type LogGroups, logGroup } from "../log-group.ts";

export interface EdgeStackProps extends StackProps {
  readonly system: System;
  readonly logs: LogGroups;
  readonly api: IFunction;
}

/** The HTTP API over the views. Every request is signed by somebody whom IAM allows it. */
export class EdgeStack extends Stack {
  readonly apiId: string;

  constructor(scope: Construct, id: string, { system, logs, api, ...props }: EdgeStackProps) {
    super(scope, id, props);
    const http = new HttpApi(this, "Api", {
      apiName: system.name,
      description: `results of ${system.name}`,
      // The function answers for every path, also for those that don't exist.
      defaultIntegration: new HttpLambdaIntegration("Function", api),
      defaultAuthorizer: new HttpIamAuthorizer(),
      createDefaultStage: false,
    });
    this.apiId = http.apiId;
    const stage = new CfnStage(this, "Stage", {
      apiId: http.apiId,
      stageName: "$default",
      autoDeploy: true,
      defaultRouteSettings: {
        throttlingRateLimit: system.api.ratePerSecond,
        throttlingBurstLimit: system.api.burst,
        detailedMetricsEnabled: true,
      },
      accessLogSettings: {
        destinationArn: logGroup(this, "AccessLogs", { ...logs, name: "api-access" }).logGroupArn,
        format: JSON.stringify(accessLogFormat),
      },
    });
    stage.node.addDependency(http);
    this.#addCallers(http);
    new CfnOutput(this, "ApiUrl", {
      value: http.apiEndpoint,
      description: "sign requests for the service execute-api",
    });
  }

  /** A policy to give to whoever may ask. */
  #addCallers(http: HttpApi): void {
    const { partition, region, account } = this;
    const anyPath = `arn:${partition}:execute-api:${region}:${account}:${http.apiId}/$default/*`;
    const permissions = allow(["execute-api:Invoke"], [anyPath], { because: "who may ask may ask for every path" });
    const callers = new ManagedPolicy(this, "Callers", {
      description: "may ask the API",
      statements: permissions.map(statementOf),
    });
    acknowledgeWildcards(callers, permissions);
    new CfnOutput(this, "CallersPolicy", { value: callers.managedPolicyArn, description: "attach it to who may ask" });
  }
}

/** Who asked for what, and what came of it. No query: that may hold what isn't meant for a log. */
const accessLogFormat = {
  requestId: "$context.requestId",
  caller: "$context.identity.userArn",
  ip: "$context.identity.sourceIp",
  time: "$context.requestTimeEpoch",
  method: "$context.httpMethod",
  path: "$context.path",
  status: "$context.status",
  bytes: "$context.responseLength",
  latency: "$context.responseLatency",
  error: "$context.integrationErrorMessage",
};
