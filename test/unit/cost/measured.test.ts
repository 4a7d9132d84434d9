import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { measuredAt } from "../../../infra/cost/measured.ts";
import { pipelineNames } from "../../../shared/settings/settings.ts";

describe("measuredAt", () => {
  it("is what was measured, at the same rate per partition", () => {
    const at200 = { writeUnits: 2.15, readUnits: 1.36, requests: 1.28, objects: 0.0103, recordsPerBatch: 17 };
    expect(measuredAt("attribution", 200, 4)).toEqual(at200);
    expect(measuredAt("attribution", 300, 6)).toEqual(at200);
    expect(measuredAt("attribution", 50, 1)).toEqual(at200);
  });

  it("lies between two rates in proportion to their logarithms", () => {
    // In the middle of 200 and 1,000.
    const { writeUnits, recordsPerBatch } = measuredAt("attribution", Math.sqrt(200 * 1_000), 4);
    expect(writeUnits).toBeCloseTo((2.15 + 1.59) / 2, 10);
    expect(recordsPerBatch).toBeCloseTo((17 + 83) / 2, 10);
  });

  it.each([
    ["below the least rate", 0.001, 2],
    ["just below it", 1.999_999, 2],
    ["above the greatest rate", 1_000_000, 4_000],
    ["just above it", 4_000.001, 4_000],
  ])("is that of the last rate %s", (_, rate, last) => {
    for (const name of pipelineNames) expect(measuredAt(name, rate, 4)).toEqual(measuredAt(name, last, 4));
  });

  it("agrees with the README, which shows two of the rates", () => {
    const text = readFileSync("README.md", "utf8");
    const rows = Array.from(
      text.matchAll(/^\| (\w+) \| ([\d.]+), ([\d.]+), ([\d.]+) \| ([\d.]+), ([\d.]+), ([\d.]+) \|/gm),
    );
    const said = rows.map(([, name, ...numbers]) => [name, numbers.map(Number)]);
    expect(said.length).toBeGreaterThan(4);
    const ours = pipelineNames.map((name) => [
      name,
      [200, 4_000].flatMap((rate) => {
        const { writeUnits, readUnits, objects } = measuredAt(name, rate, 4);
        return [writeUnits, readUnits, Math.round(objects * 1_000) / 1_000];
      }),
    ]);
    expect(ours).toEqual(expect.arrayContaining(said));
  });
});
