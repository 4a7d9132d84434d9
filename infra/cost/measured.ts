import type { PipelineName } from "../../shared/settings/settings.ts";

/** What a record takes, on average. */
export interface PerRecord {
  readonly writeUnits: number;
  readonly readUnits: number;
  /** Requests to DynamoDB. */
  readonly requests: number;
  readonly objects: number;
  /** Of one partition. */
  readonly recordsPerBatch: number;
}

/** `node test/bench/write-units.ts` had so many partitions and users. */
export const measuredPartitions = 4;
export const measuredUsers = 20_000;

type Row = readonly [
  perSecond: number,
  writeUnits: number,
  readUnits: number,
  requests: number,
  objects: number,
  recordsPerBatch: number,
];

/**
 * Counted over generated traffic, by DynamoDB's rule: 100,000 records at 200/s and more, 20,000 or 40,000 below. The fewer records a batch
 * has, the dearer each. Above 4,000/s batches are full.
 */
const measured: Readonly<Record<PipelineName, readonly Row[]>> = {
  attribution: [
    [2, 3.67, 4.19, 5.78, 0.0173, 1.18],
    [10, 3.16, 3.38, 4.78, 0.0121, 1.48],
    [50, 1.92, 1.82, 2.19, 0.0109, 4.67],
    [200, 2.15, 1.36, 1.28, 0.0103, 17],
    [1_000, 1.59, 0.94, 0.89, 0.0068, 83],
    [4_000, 1.07, 0.68, 0.65, 0.0027, 289],
  ],
  conversions: [
    [2, 3.04, 2.77, 4.77, 0.0251, 1.47],
    [10, 2.95, 2.45, 4.35, 0.0217, 1.64],
    [50, 1.84, 1.37, 1.91, 0.0187, 6.25],
    [200, 2.01, 1.12, 1.15, 0.0148, 25],
    [1_000, 1.44, 0.83, 0.78, 0.0073, 125],
    [4_000, 0.88, 0.54, 0.52, 0.0023, 331],
  ],
  dedupe: [
    [2, 2.0, 2.05, 3.03, 0.5155, 1.96],
    [10, 1.47, 1.0, 1.98, 0.2611, 4.03],
    [50, 1.08, 0.22, 1.2, 0.0645, 19.3],
    [200, 1.0, 0.06, 1.03, 0.0216, 77],
    [1_000, 0.96, 0.02, 0.97, 0.005, 385],
    [4_000, 0.96, 0.02, 0.97, 0.0042, 465],
  ],
  windows: [
    [2, 3.2, 4.35, 4.07, 0.02, 1.96],
    [10, 2.18, 2.8, 2.48, 0.0168, 4.04],
    [50, 1.24, 1.3, 1.29, 0.0129, 19.3],
    [200, 1.1, 1.04, 1.04, 0.0086, 77],
    [1_000, 1.04, 0.92, 0.93, 0.0025, 385],
    [4_000, 1.03, 0.92, 0.93, 0.0021, 465],
  ],
  engagement: [
    [2, 4.08, 4.32, 7.0, 0.5165, 1.3],
    [10, 3.98, 3.99, 6.45, 0.5241, 1.5],
    [50, 2.91, 2.65, 3.51, 0.1618, 4.54],
    [200, 2.62, 2.25, 2.43, 0.0453, 18],
    [1_000, 1.93, 1.71, 1.82, 0.0122, 83],
    [4_000, 1.58, 1.25, 1.54, 0.0048, 275],
  ],
  purchases: [
    [2, 3.91, 1.46, 4.48, 0.5094, 1.96],
    [10, 3.38, 1.19, 3.18, 0.2521, 4.03],
    [50, 2.98, 0.99, 2.18, 0.0568, 19.4],
    [200, 2.86, 0.91, 1.97, 0.0174, 77],
    [1_000, 2.68, 0.76, 1.78, 0.0047, 385],
    [4_000, 2.67, 0.74, 1.76, 0.0041, 465],
  ],
};

/**
 * What a record of a pipeline takes at a rate (above 0, of all its topics together): what was measured at the same rate per partition, and
 * in between along the logarithm of the rate. Beyond both ends it is as at the end.
 */
export function measuredAt(pipeline: PipelineName, recordsPerSecond: number, partitions: number): PerRecord {
  const rate = (recordsPerSecond / partitions) * measuredPartitions;
  const rows = measured[pipeline];
  const above = rows.findIndex(([perSecond]) => perSecond >= rate);
  if (above === -1) return perRecord(rows.at(-1) as Row);
  const [upper, lower] = [rows[above] as Row, rows[Math.max(above - 1, 0)] as Row];
  if (upper === lower) return perRecord(upper);
  const part = Math.log(rate / lower[0]) / Math.log(upper[0] / lower[0]);
  return perRecord(upper.map((value, i) => (lower[i] ?? 0) + part * (value - (lower[i] ?? 0))) as unknown as Row);
}

function perRecord([_, writeUnits, readUnits, requests, objects, recordsPerBatch]: Row): PerRecord {
  return { writeUnits, readUnits, requests, objects, recordsPerBatch };
}
