import { expect, it } from "vitest";
import { logMeter } from "../../../shared/observability/log-meter.ts";

it("writes a count as one line that CloudWatch takes for a metric, and nothing for a count of 0", () => {
  const lines: string[] = [];
  const meter = logMeter("tidemark", (line) => lines.push(line));
  meter.count("records_accepted_total", 0, { pipeline: "attribution" });
  meter.count("records_rejected_total", 3, { pipeline: "attribution", reason: "late" });
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    {
      _aws: {
        Timestamp: expect.any(Number),
        CloudWatchMetrics: [
          {
            Namespace: "tidemark",
            Dimensions: [["pipeline", "reason"]],
            Metrics: [{ Name: "records_rejected_total", Unit: "Count" }],
          },
        ],
      },
      pipeline: "attribution",
      reason: "late",
      records_rejected_total: 3,
    },
  ]);
});
