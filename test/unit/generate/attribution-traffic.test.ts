import { describe, expect, it } from "vitest";
import { attributionTraffic, liveTraffic } from "../../../localstack/generate/attribution-traffic.ts";
import type { RecordLine } from "../../../localstack/record-file/record-line.ts";
import { partitionOf } from "../../../shared/kafka/partitioner.ts";
import { judgeAttribution } from "../../support/oracle/attribution-oracle.ts";

const start = Date.parse("2026-03-01T12:00:00Z");
const options = { seed: 7, partitions: 3, users: 1_000, start, ratePerSecond: 20 };
const oracleSettings = { allowedLateness: 120_000, attributionWindow: 1_800_000, maxFutureSkew: 300_000 };

function traffic(records: number, more: Partial<Parameters<typeof attributionTraffic>[0]> = {}): RecordLine[] {
  return [...attributionTraffic({ ...options, records, ...more })];
}

describe("recorded attribution traffic", () => {
  it("is the same for the same seed, and another for another", () => {
    expect(traffic(200)).toEqual(traffic(200));
    expect(traffic(200, { seed: 8 })).not.toEqual(traffic(200));
  });

  it("begins the same way however many records are asked for", () => {
    expect(traffic(500).slice(0, 200)).toEqual(traffic(200));
  });

  it("comes at its rate, polled topic by topic once a second", () => {
    const lines = traffic(201);
    const times = lines.map(({ ts }) => ts).toSorted((a, b) => a - b);
    expect(times).toEqual(times.map((_, i) => start + 50 * i));
    const polls = lines.map(({ topic, ts }) => `${Math.floor((ts - start) / 1_000)} ${topic}`);
    expect(polls).toEqual(polls.toSorted((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10)));
    expect(polls.filter((poll, i) => poll !== polls[i - 1])).toEqual([...new Set(polls)]);
  });

  it("puts each record where Kafka would, at offsets without holes", () => {
    const next = new Map<string, number>();
    for (const { topic, partition, offset, key } of traffic(2_000)) {
      expect(partition).toBe(partitionOf(new TextEncoder().encode(key ?? ""), 3));
      expect(offset).toBe(next.get(`${topic}-${partition}`) ?? 0);
      next.set(`${topic}-${partition}`, offset + 1);
    }
    expect(next.size).toBe(6);
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

  it("is all on time and in use when no trouble is asked for", () => {
    const none = { outOfOrder: 0, duplicates: 0, late: 0, malformed: 0, tombstones: 0 };
    const { fates } = judgeAttribution(traffic(3_000, none), oracleSettings);
    expect(fates.filter(({ fate }) => fate !== "accepted")).toEqual([]);
  });

  it("has about two clicks to three page views, and page views of all three kinds", () => {
    const { counts, rows } = judgeAttribution(traffic(20_000), oracleSettings);
    expect((counts.ad_clicks?.read ?? 0) / (counts.page_views?.read ?? 1)).toBeCloseTo(2 / 3, 1);
    expect(new Set(rows.map(({ reason }) => reason))).toEqual(new Set(["click", "no-click", "better-click"]));
  });

  it("is made as it is read", () => {
    const first = attributionTraffic({ ...options, records: Number.MAX_SAFE_INTEGER }).next();
    expect(first.value?.offset).toBe(0);
  });
});

describe("live attribution traffic", () => {
  it("comes at its rate, however often it is asked", () => {
    const live = liveTraffic({ ...options, ratePerSecond: 25 });
    const ticks = Array.from({ length: 40 }, (_, i) => live.next(start + (i + 1) * 100));
    expect(ticks.flat()).toHaveLength(100);
    expect(Math.max(...ticks.map((tick) => tick.length))).toBe(3);
  });

  it("is of now", () => {
    const live = liveTraffic(options);
    live.next(start + 1_000);
    const times = live.next(start + 2_000).map(({ ts }) => ts);
    expect(times).toHaveLength(20);
    expect(Math.min(...times)).toBeGreaterThan(start + 1_000);
    expect(Math.max(...times)).toBe(start + 2_000);
  });

  it("doesn't make up for a long sleep, nor stop when the clock is set back", () => {
    const live = liveTraffic(options);
    expect(live.next(start + 3_600_000)).toHaveLength(100);
    expect(live.next(start)).toEqual([]);
    expect(live.next(start + 1_000)).toHaveLength(20);
  });

  it("never uses an id again in a run that starts at another time", () => {
    const ids = [start, start + 1].flatMap((at) => {
      const shares = { start: at, duplicates: 0, malformed: 0, tombstones: 0 };
      return traffic(100, shares).map(({ payload }) => /"(?:click|event)_id":"([^"]+)"/.exec(payload ?? "")?.[1]);
    });
    expect(new Set(ids).size).toBe(200);
  });
});
