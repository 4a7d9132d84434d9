import type { Meter } from "../ports/meter.ts";

/**
 * A meter that writes each count as a line in CloudWatch's embedded metric format: metrics without a request per metric.
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function logMeter(namespace: string, write: (line: string) => void = writeLine): Meter {
  return {
    count(name, amount, dimensions) {
      if (amount === 0) return;
      const metrics = [
        { Namespace: namespace, Dimensions: [Object.keys(dimensions)], Metrics: [{ Name: name, Unit: "Count" }] },
      ];
      write(
        JSON.stringify({ _aws: { Timestamp: Date.now(), CloudWatchMetrics: metrics }, ...dimensions, [name]: amount }),
      );
    },
  };
}

function writeLine(line: string): void {
  process.stdout.write(`${line}\n`);
}
