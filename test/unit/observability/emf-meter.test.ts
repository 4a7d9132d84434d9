import { describe, expect, it, vi } from "vitest";
import { emfMeter } from "../../../shared/observability/emf-meter.ts";

function setUp() {
  const written: string[] = [];
  const meter = emfMeter(
    (line) => written.push(line),
    () => 1_704_110_400_000,
  );
  /** What a flush writes. */
  const flush = (): unknown[] => {
    written.length = 0;
    meter.flush("tidemark-test");
    return written.map((line) => JSON.parse(line));
  };
  return { meter, flush };
}

/** A line with these values, all of them counts. */
function lineOf(dimensions: Readonly<Record<string, string>>, values: Readonly<Record<string, number>>) {
  const Metrics = Object.keys(values).map((Name) => ({ Name, Unit: "Count" }));
  const directive = { Namespace: "tidemark-test", Dimensions: [Object.keys(dimensions)], Metrics };
  return { _aws: { Timestamp: 1_704_110_400_000, CloudWatchMetrics: [directive] }, ...dimensions, ...values };
}

const attribution = { pipeline: "attribution" };

describe("emfMeter", () => {
  it("writes one line for each set of dimensions, as CloudWatch takes it for metrics", () => {
    const { meter, flush } = setUp();
    meter.count("records_read_total", 3, attribution);
    meter.count("dead_letters_total", 1, { pipeline: "attribution", sink: "http" });
    meter.count("records_late_total", 1, attribution);
    meter.count("records_read_total", 2, { pipeline: "dedupe" });
    meter.raise("watermark_lag_ms", 120_000, attribution);
    expect(flush()).toEqual([
      {
        _aws: {
          Timestamp: 1_704_110_400_000,
          CloudWatchMetrics: [
            {
              Namespace: "tidemark-test",
              Dimensions: [["pipeline"]],
              Metrics: [
                { Name: "records_read_total", Unit: "Count" },
                { Name: "records_late_total", Unit: "Count" },
                { Name: "watermark_lag_ms", Unit: "Milliseconds" },
              ],
            },
          ],
        },
        pipeline: "attribution",
        records_read_total: 3,
        records_late_total: 1,
        watermark_lag_ms: 120_000,
      },
      lineOf({ pipeline: "attribution", sink: "http" }, { dead_letters_total: 1 }),
      lineOf({ pipeline: "dedupe" }, { records_read_total: 2 }),
    ]);
  });

  it("adds counts up, and keeps the greatest of heights, also where all lie below 0", () => {
    const { meter, flush } = setUp();
    for (const amount of [1, 0.5, 2]) meter.count("read_units_total", amount, attribution);
    for (const value of [5, 7, 6]) meter.raise("watermark_lag_ms", value, attribution);
    for (const value of [-8, -9]) meter.raise("watermark_lag_ms", value, { pipeline: "windows" });
    expect(flush()).toMatchObject([{ read_units_total: 3.5, watermark_lag_ms: 7 }, { watermark_lag_ms: -8 }]);
  });

  it("writes a height of 0, and nothing for a count of 0", () => {
    const { meter, flush } = setUp();
    meter.count("records_late_total", 0, { pipeline: "windows" });
    meter.raise("watermark_lag_ms", 0, attribution);
    expect(flush()).toMatchObject([{ pipeline: "attribution", watermark_lag_ms: 0 }]);
  });

  it("writes nothing where nothing was counted, and nothing twice", () => {
    const { meter, flush } = setUp();
    expect(flush()).toEqual([]);
    meter.count("records_read_total", 1, attribution);
    expect(flush()).toHaveLength(1);
    expect(flush()).toEqual([]);
  });

  it("writes what two invocations have counted once in all, whoever ends first", () => {
    const { meter, flush } = setUp();
    meter.count("records_read_total", 1, attribution);
    meter.count("records_read_total", 10, attribution);
    const first = flush();
    meter.count("records_read_total", 100, attribution);
    expect([...first, ...flush()]).toEqual([
      lineOf(attribution, { records_read_total: 11 }),
      lineOf(attribution, { records_read_total: 100 }),
    ]);
  });

  it("writes lines to standard output, by itself, with the time of writing", () => {
    const written = vi.spyOn(process.stdout, "write").mockReturnValue(true);
    const meter = emfMeter();
    meter.count("records_read_total", 1, attribution);
    const before = Date.now();
    meter.flush("tidemark-test");
    const lines = written.mock.calls.map(([line]) => String(line));
    written.mockRestore();
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^\{[^\n]*\}\n$/);
    const { _aws } = JSON.parse(lines[0] ?? "") as { _aws: { Timestamp: number } };
    expect(_aws.Timestamp).toBeGreaterThanOrEqual(before);
    expect(_aws.Timestamp).toBeLessThanOrEqual(Date.now());
  });
});
