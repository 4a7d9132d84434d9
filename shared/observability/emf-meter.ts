import type { WallTimeMs } from "../core/units.ts";
import type { Meter } from "../ports/meter.ts";
import { type MetricName, metrics } from "../ports/metrics.ts";

/** A meter that gathers, and writes when it is told to. */
export interface EmfMeter extends Meter {
  /**
   * Writes what was gathered since the last time: one line for each set of dimensions. Invocations may share a meter. What one of them has
   * gathered so far may leave with another's lines; nothing is written twice or left out.
   *
   * @param namespace where CloudWatch keeps it
   */
  flush(namespace: string): void;
}

/** What goes into one line. */
interface Gathered {
  readonly dimensions: Readonly<Record<string, string>>;
  readonly values: Map<MetricName, number>;
}

/**
 * Writes lines in CloudWatch's embedded metric format, which makes metrics of them without a request.
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function emfMeter(
  write: (line: string) => void = writeLine,
  now: () => WallTimeMs = () => Date.now(),
): EmfMeter {
  let gathered = new Map<string, Gathered>();
  const valuesOf = (dimensions: Gathered["dimensions"]) => {
    const key = JSON.stringify(dimensions);
    const found = gathered.get(key) ?? { dimensions, values: new Map() };
    gathered.set(key, found);
    return found.values;
  };
  return {
    count(name, amount, dimensions) {
      if (amount === 0) return;
      const values = valuesOf(dimensions);
      values.set(name, (values.get(name) ?? 0) + amount);
    },
    raise(name, value, dimensions) {
      const values = valuesOf(dimensions);
      values.set(name, Math.max(values.get(name) ?? value, value));
    },
    flush(namespace) {
      const leaving = gathered;
      gathered = new Map();
      for (const one of leaving.values()) write(lineOf(namespace, one, now()));
    },
  };
}

function lineOf(namespace: string, { dimensions, values }: Gathered, timestamp: WallTimeMs): string {
  const directive = {
    Namespace: namespace,
    Dimensions: [Object.keys(dimensions)],
    Metrics: Array.from(values.keys(), (name) => ({ Name: name, Unit: metrics[name].unit })),
  };
  const _aws = { Timestamp: timestamp, CloudWatchMetrics: [directive] };
  return JSON.stringify({ _aws, ...dimensions, ...Object.fromEntries(values) });
}

/** Not by `console`, which Lambda wraps into a line of its own. */
function writeLine(line: string): void {
  process.stdout.write(`${line}\n`);
}
