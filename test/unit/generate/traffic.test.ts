import { describe, expect, it } from "vitest";
import { liveTraffic } from "../../../localstack/generate/live-traffic.ts";
import { seededRandom } from "../../../localstack/generate/random.ts";
import { recordedTraffic } from "../../../localstack/generate/recorded-traffic.ts";
import { RunIds } from "../../../localstack/generate/run-ids.ts";
import { sampleData } from "../../../localstack/generate/sample-data.ts";
import type { TrafficShares } from "../../../localstack/generate/traffic-plan.ts";
import { parseRecordLine } from "../../../localstack/record-file/parse-line.ts";
import type { RecordLine } from "../../../localstack/record-file/record-line.ts";
import { partitionOf } from "../../../shared/kafka/partitioner.ts";
import { judged, pipelines, toldFate } from "./judged.ts";

const start = Date.parse("2026-03-01T12:00:00Z");
const options = { seed: 7, partitions: 3, users: 1_000, start, ratePerSecond: 20 };
const noTrouble: TrafficShares = {
  outOfOrder: 0,
  duplicates: 0,
  late: 0,
  malformed: 0,
  tombstones: 0,
  future: 0,
  foreign: 0,
  boundaries: 0,
  lateDuplicates: 0,
};

describe.each(pipelines)("recorded traffic for %s", (pipeline) => {
  const { plan } = sampleData[pipeline];
  const traffic = (records: number, more: Partial<Parameters<typeof recordedTraffic>[1]> = {}): RecordLine[] => [
    ...recordedTraffic(plan, { ...options, records, ...more }),
  ];

  it("is the same for the same seed, and another for another", () => {
    expect(traffic(2_000)).toEqual(traffic(2_000));
    expect(traffic(200, { seed: 8 })).not.toEqual(traffic(200));
  });

  it("begins the same way however many records are asked for", () => {
    expect(traffic(1_000).slice(0, 500)).toEqual(traffic(500));
  });

  it("is made as it is read", () => {
    const first = recordedTraffic(plan, { ...options, records: Number.MAX_SAFE_INTEGER }).next();
    expect(first.value?.offset).toBe(0);
  });

  it("puts each record where Kafka would, at offsets without holes, in the order of sending", () => {
    const next = new Map<string, { offset: number; ts: number }>();
    for (const { topic, partition, offset, key, ts } of traffic(5_000)) {
      if (key !== null) expect(partition).toBe(partitionOf(new TextEncoder().encode(key), 3));
      const before = next.get(`${topic}-${partition}`) ?? { offset: 0, ts: start };
      expect(offset).toBe(before.offset);
      expect(ts).toBeGreaterThanOrEqual(before.ts);
      next.set(`${topic}-${partition}`, { offset: offset + 1, ts });
    }
    expect(next.size).toBe(3 * plan.topics.length);
  });

  it("is read back from a record file as it was made", () => {
    for (const line of traffic(3_000)) {
      const read = parseRecordLine({ number: 1, bytes: Buffer.from(JSON.stringify(line)) });
      const { key, value, ...place } = read ?? { key: null, value: null };
      const { topic, partition, offset, ts } = line;
      expect({ ...place, key: key?.toString() ?? null, payload: value?.toString() ?? null }).toEqual({
        ...{ topic, partition, offset, ts },
        ...{ key: line.key, payload: line.payload },
      });
    }
  });

  it("is all on time and in use when no trouble is asked for", () => {
    const { fates } = judged[pipeline](traffic(3_000, noTrouble));
    expect(fates.filter(({ fate }) => fate !== "accepted")).toEqual([]);
  });

  it("is on time where it is out of order or sent again, at any rate", () => {
    for (const ratePerSecond of [1, 20, 2_000]) {
      const { outOfOrder, duplicates } = plan.shares;
      const { fates } = judged[pipeline](traffic(5_000, { ...noTrouble, outOfOrder, duplicates, ratePerSecond }));
      expect(new Set(fates.map(toldFate))).toEqual(new Set(["accepted", "duplicate"]));
    }
  });

  it("never uses an id again in a run that differs in start or seed", () => {
    const runs = [options, { ...options, start: start + 1 }, { ...options, seed: 8 }];
    const lines = runs.flatMap((run, at) => {
      return traffic(500, { ...noTrouble, ...run }).map((line) => ({ ...line, offset: line.offset + at * 1_000 }));
    });
    const { fates } = judged[pipeline](lines);
    expect(fates.filter(({ fate }) => fate === "duplicate")).toEqual([]);
  });

  it("has as malformed what the oracle calls malformed: every fault, of every kind of record", () => {
    const random = seededRandom(1);
    const source = plan.source({ random, ids: new RunIds(options), rank: () => random.integer(1, 50) });
    const spoilt = Array.from({ length: 100 }, () => source.subject(start)).flatMap((subject) => {
      const fields = source.fields(subject, start, start);
      return source.faults(subject).map((fault) => ({ topic: subject.topic, payload: fault(fields) }));
    });
    const lines = spoilt.map(({ topic, payload }, offset): RecordLine => {
      return { topic, partition: 0, offset, tstype: "create", ts: start, key: null, payload };
    });
    const { fates } = judged[pipeline](lines);
    expect(lines.filter((_, at) => fates[at]?.reason !== "malformed")).toEqual([]);
    expect(new Set(spoilt.map(({ payload }) => payload)).size).toBeGreaterThan(500);
  });

  it("is just as live: what has happened since it was asked last", () => {
    const live = liveTraffic(plan, { ...options, ratePerSecond: 2_000 });
    const lines = [1, 2, 3].flatMap((second) => live(start + second * 1_000));
    expect(lines).toHaveLength(6_000);
    expect(new Set(lines.map(({ topic }) => topic))).toEqual(new Set(plan.topics));
    expect(new Set(judged[pipeline](lines).fates.map(toldFate))).toContain("duplicate");
  });
});

describe("what a consumer takes at once", () => {
  const partitionsOf = (records: number, ratePerSecond: number) => {
    const { plan } = sampleData.purchases;
    return [...recordedTraffic(plan, { ...options, records, ratePerSecond })].map(({ partition }) => partition);
  };
  const turns = (partitions: readonly number[]) => {
    return partitions.flatMap((partition, at) => (partition < (partitions[at - 1] ?? 3) ? [at] : []));
  };

  it("is what comes in five seconds, one partition after the other", () => {
    expect(turns(partitionsOf(2_000, 100))).toEqual([0, 500, 1_000, 1_500]);
  });

  it("is 100,000 records at most: what is held in memory has a limit at any rate", () => {
    expect(turns(partitionsOf(200_000, 1_000_000))).toEqual([0, 100_000]);
  });
});
