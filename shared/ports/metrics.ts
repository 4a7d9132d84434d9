/** Where CloudWatch keeps them, unless the variable METRICS_NAMESPACE says otherwise: deployments of one account need one each. */
export const metricsNamespace = "tidemark";

interface Metric {
  readonly unit: "Count" | "Milliseconds";
  /** What is left of the values that one line stands for: their sum, or the greatest. The same statistic is the one to ask CloudWatch for. */
  readonly keeps: "sum" | "greatest";
  /** Each set of their values is a metric of its own, at $0.30 a month: never a partition, a user or an id. */
  readonly dimensions: readonly ("pipeline" | "sink")[];
  readonly meaning: string;
}

const ofPipeline = { unit: "Count", keeps: "sum", dimensions: ["pipeline"] } as const;

/** Every metric there is. Functions write them; alarms and dashboards are made out of them. A count of 0 is not written. */
export const metrics = {
  records_read_total: { ...ofPipeline, meaning: "records that the pipeline is done with, whatever became of them" },
  records_accepted_total: { ...ofPipeline, meaning: "records that took effect" },
  records_duplicate_total: { ...ofPipeline, meaning: "records whose id was known" },
  records_ignored_total: { ...ofPipeline, meaning: "tombstones, and records of a kind that the pipeline doesn't take" },
  records_late_total: { ...ofPipeline, meaning: "records rejected as they came after the watermark" },
  records_malformed_total: { ...ofPipeline, meaning: "records rejected as they can't be read" },
  records_future_total: {
    ...ofPipeline,
    meaning: "records rejected as their event time is too far ahead of the clock",
  },
  records_oversized_total: {
    ...ofPipeline,
    meaning: "records rejected as they, or the state of their key, are too large",
  },
  watermark_lag_ms: {
    ...{ unit: "Milliseconds", keeps: "greatest", dimensions: ["pipeline"] },
    meaning: "how far the watermark is behind the clock after a batch, in the partition where it is furthest behind",
  },
  write_conflicts_total: {
    ...ofPipeline,
    meaning: "conditional writes of state that lost a race, and were paid for and made again",
  },
  write_units_total: { ...ofPipeline, meaning: "write units that DynamoDB bills for what the pipeline writes" },
  read_units_total: { ...ofPipeline, meaning: "read units that DynamoDB bills for what the pipeline reads" },
  sink_failures_total: {
    ...{ unit: "Count", keeps: "sum", dimensions: ["sink"] },
    meaning: "sends that the other side didn't take and may take later, after all retries; they come again",
  },
  dead_letters_total: {
    ...{ unit: "Count", keeps: "sum", dimensions: ["pipeline", "sink"] },
    meaning: "results put aside with their payload, as the other side won't ever take them, or hasn't for 20 hours",
  },
} as const satisfies Readonly<Record<string, Metric>>;

export type MetricName = keyof typeof metrics;

type Kept<K extends Metric["keeps"]> = {
  [N in MetricName]: (typeof metrics)[N]["keeps"] extends K ? N : never;
}[MetricName];

export type SumName = Kept<"sum">;
export type GreatestName = Kept<"greatest">;

/** The dimensions of a metric, all of them. */
export type DimensionsOf<N extends MetricName> = Readonly<Record<(typeof metrics)[N]["dimensions"][number], string>>;
