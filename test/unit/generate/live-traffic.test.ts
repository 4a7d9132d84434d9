import { describe, expect, it } from "vitest";
import { liveTraffic } from "../../../localstack/generate/live-traffic.ts";
import { sampleData } from "../../../localstack/generate/sample-data.ts";

const start = Date.parse("2026-03-01T12:00:00Z");
const options = { seed: 7, partitions: 3, users: 1_000, start, ratePerSecond: 20 };
const { plan } = sampleData.attribution;

describe("live traffic", () => {
  it("comes at its rate, however often it is asked", () => {
    const live = liveTraffic(plan, { ...options, ratePerSecond: 25 });
    const ticks = Array.from({ length: 40 }, (_, i) => live(start + (i + 1) * 100));
    expect(ticks.flat()).toHaveLength(100);
    expect(Math.max(...ticks.map((tick) => tick.length))).toBe(3);
  });

  it("is of now", () => {
    const live = liveTraffic(plan, options);
    live(start + 1_000);
    const times = live(start + 2_000).map(({ ts }) => ts);
    expect(times).toHaveLength(20);
    expect(Math.min(...times)).toBeGreaterThan(start + 1_000);
    expect(Math.max(...times)).toBe(start + 2_000);
  });

  it("doesn't make up for a long sleep, nor stop when the clock is set back", () => {
    const live = liveTraffic(plan, options);
    expect(live(start + 3_600_000)).toHaveLength(100);
    expect(live(start)).toEqual([]);
    expect(live(start + 1_000)).toHaveLength(20);
  });
});
