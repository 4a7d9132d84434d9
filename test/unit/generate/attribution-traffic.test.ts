import { describe, expect, it } from "vitest";
import { attributionTraffic } from "../../../localstack/generate/attribution-traffic.ts";
import type { RecordLine } from "../../../localstack/record-file/record-line.ts";
import { judgeAttribution } from "../../support/oracle/attribution-oracle.ts";

const start = Date.parse("2026-03-01T12:00:00Z");
const options = { seed: 7, partitions: 3, users: 1_000, start, ratePerSecond: 20 };
const oracleSettings = { allowedLateness: 120_000, attributionWindow: 1_800_000, maxFutureSkew: 300_000 };

function traffic(records: number, more: Partial<Parameters<typeof attributionTraffic>[0]> = {}): RecordLine[] {
  return [...attributionTraffic({ ...options, records, ...more })];
}

describe("recorded attribution traffic", () => {
  it("comes at its rate, polled topic by topic once a second", () => {
    const lines = traffic(201);
    const times = lines.map(({ ts }) => ts).toSorted((a, b) => a - b);
    expect(times).toEqual(times.map((_, i) => start + 50 * i));
    const polls = lines.map(({ topic, ts }) => `${Math.floor((ts - start) / 1_000)} ${topic}`);
    expect(polls).toEqual(polls.toSorted((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10)));
    expect(polls.filter((poll, i) => poll !== polls[i - 1])).toEqual([...new Set(polls)]);
  });

  it("goes on at the offsets that it is told", () => {
    const lines = traffic(200, { firstOffset: (topic, partition) => (topic === "ad_clicks" ? 100 : 200) + partition });
    const firsts = Object.fromEntries(
      lines.toReversed().map(({ topic, partition, offset }) => [`${topic}-${partition}`, offset]),
    );
    expect(firsts).toEqual({
      "ad_clicks-0": 100,
      "ad_clicks-1": 101,
      "ad_clicks-2": 102,
      "page_views-0": 200,
      "page_views-1": 201,
      "page_views-2": 202,
    });
  });

  it("holds the shares of trouble that it is asked for, as the oracle counts them", () => {
    const { fates } = judgeAttribution(traffic(30_000), oracleSettings);
    const share = (wanted: string) =>
      fates.filter(({ fate, reason }) => (reason ?? fate) === wanted).length / fates.length;
    expect(share("duplicate")).toBeCloseTo(0.02, 2);
    expect(share("late")).toBeCloseTo(0.01, 2);
    expect(share("malformed")).toBeGreaterThan(0.0005);
    expect(share("malformed")).toBeLessThan(0.002);
    expect(share("ignored")).toBeGreaterThan(0);
    expect(share("future")).toBe(0);
  });

  it("has about two clicks to three page views, and page views of all three kinds", () => {
    const { counts, rows } = judgeAttribution(traffic(20_000), oracleSettings);
    expect((counts.ad_clicks?.read ?? 0) / (counts.page_views?.read ?? 1)).toBeCloseTo(2 / 3, 1);
    expect(new Set(rows.map(({ reason }) => reason))).toEqual(new Set(["click", "no-click", "better-click"]));
  });
});
