import { Metric } from "aws-cdk-lib/aws-cloudwatch";
import { Duration } from "aws-cdk-lib/core";
import { type DimensionsOf, type MetricName, metrics } from "../../shared/ports/metrics.ts";

/** What is looked at: five minutes at a time. */
export const period = Duration.minutes(5);

/** A metric that functions write themselves. */
export function ownMetric<N extends MetricName>(namespace: string, name: N, dimensions: DimensionsOf<N>): Metric {
  const statistic = metrics[name].keeps === "sum" ? "Sum" : "Maximum";
  return new Metric({ namespace, metricName: name, dimensionsMap: { ...dimensions }, statistic, period });
}

type LambdaSum = "Invocations" | "Errors" | "Throttles";
type LambdaMaximum = "OffsetLag" | "IteratorAge" | "ConcurrentExecutions";

export function lambdaMetric(functionName: string, name: LambdaSum | LambdaMaximum | "Duration"): Metric {
  const sums: readonly string[] = ["Invocations", "Errors", "Throttles"] satisfies LambdaSum[];
  const statistic = name === "Duration" ? "p99" : sums.includes(name) ? "Sum" : "Maximum";
  return new Metric({
    ...{ namespace: "AWS/Lambda", metricName: name, statistic, period },
    dimensionsMap: { FunctionName: functionName },
  });
}

/** @see https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html#event-source-mapping-metrics */
export function mappingMetric(uuid: string, name: "FailedInvokeEventCount" | "DroppedEventCount"): Metric {
  return new Metric({
    ...{ namespace: "AWS/Lambda", metricName: name, statistic: "Sum", period },
    dimensionsMap: { EventSourceMappingUUID: uuid },
  });
}

export function tableMetric(tableName: string, name: "ReadThrottleEvents" | "WriteThrottleEvents"): Metric {
  return new Metric({
    ...{ namespace: "AWS/DynamoDB", metricName: name, statistic: "Sum", period },
    dimensionsMap: { TableName: tableName },
  });
}

export function apiMetric(apiId: string, name: "5xx" | "4xx" | "Count"): Metric {
  return new Metric({
    ...{ namespace: "AWS/ApiGateway", metricName: name, statistic: "Sum", period },
    dimensionsMap: { ApiId: apiId },
  });
}
