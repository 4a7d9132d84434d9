import { Rule, Schedule } from "aws-cdk-lib/aws-events";
import { LambdaFunction as LambdaTarget } from "aws-cdk-lib/aws-events-targets";
import type { Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import { Duration, Stack, type StackProps } from "aws-cdk-lib/core";
import type { Construct } from "constructs";
import { type DeployedFunction, deployedFunctions, triggersOf } from "./deployed-functions.ts";
import { kafkaMapping, kafkaMappingsOf } from "./kafka-mapping.ts";
import { pipelineFunction } from "./pipeline-function.ts";
import type { PipelineResources } from "./resources.ts";
import { streamMapping } from "./stream-mapping.ts";

export interface PipelinesStackProps extends StackProps {
  readonly resources: Omit<PipelineResources, "logGroupArn">;
}

export interface DeployedMapping {
  readonly functionName: string;
  /** The topic, or the table whose stream it is. */
  readonly source: string;
  readonly uuid: string;
  /** Whether it tells what became of its records. Pollers on demand of Kafka don't: there a function's errors do. */
  readonly isCounted: boolean;
}

/** All functions that the settings call for, and what starts them. It holds no state: it can go and come again. */
export class PipelinesStack extends Stack {
  readonly functions = new Map<string, LambdaFunction>();
  readonly mappings: DeployedMapping[] = [];
  readonly #resources: PipelineResources;

  constructor(scope: Construct, id: string, { resources, ...props }: PipelinesStackProps) {
    super(scope, id, props);
    const { partition, region, account } = this;
    const logGroupArn = (name: string) =>
      `arn:${partition}:logs:${region}:${account}:log-group:/${resources.system.name}/functions/${name}`;
    this.#resources = { ...resources, logGroupArn };
    for (const row of deployedFunctions(resources.system)) {
      const made = pipelineFunction(this, row, this.#resources);
      this.functions.set(row.name, made);
      this.#addKafkaMappings(row, made);
      this.#addStreamMappings(row, made);
      for (const { everyMinutes } of triggersOf(row, "schedule")) {
        const schedule = Schedule.rate(Duration.minutes(everyMinutes));
        new Rule(this, `Schedule-${row.name}`, { schedule, targets: [new LambdaTarget(made, { retryAttempts: 2 })] });
      }
    }
  }

  #addKafkaMappings(row: DeployedFunction, made: LambdaFunction): void {
    const { system } = this.#resources;
    for (const mapping of kafkaMappingsOf(row, system)) {
      const { attrId } = kafkaMapping(this, made, mapping, this.#resources);
      this.mappings.push({
        functionName: row.name,
        source: mapping.topic,
        uuid: attrId,
        isCounted: system.pollers.mode === "provisioned",
      });
    }
  }

  #addStreamMappings(row: DeployedFunction, made: LambdaFunction): void {
    for (const trigger of triggersOf(row, "stream")) {
      const { attrId } = streamMapping(this, made, row, trigger, this.#resources);
      this.mappings.push({ functionName: row.name, source: trigger.table, uuid: attrId, isCounted: true });
    }
  }
}
