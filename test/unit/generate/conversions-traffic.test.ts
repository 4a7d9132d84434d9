import { describe, expect, it } from "vitest";
import { conversionsPlan } from "../../../localstack/generate/conversions-traffic.ts";
import { recordedTraffic } from "../../../localstack/generate/recorded-traffic.ts";
import type { TrafficShares } from "../../../localstack/generate/traffic-plan.ts";
import type { RecordLine } from "../../../localstack/record-file/record-line.ts";
import { decimalIn } from "../../support/oracle/oracle-decimal.ts";
import { objectIn, timeIn } from "../../support/oracle/oracle-json.ts";
import { judged, percentages } from "./judged.ts";

const start = Date.parse("2024-01-01T12:00:00Z");
const day = 86_400_000;
const records = 20_000;

/** Recorded at a rate, and judged. */
function run(ratePerSecond: number, more: Partial<TrafficShares> = {}) {
  const lines = [
    ...recordedTraffic(conversionsPlan, {
      records,
      seed: 3,
      partitions: 3,
      users: 5_000,
      start,
      ratePerSecond,
      ...more,
    }),
  ];
  return { lines, ...judged.conversions(lines) };
}

describe("traffic of raw-events", () => {
  const { lines, fates, rows } = run(10);

  it("has the shares that its docstring says", () => {
    expect(percentages(fates)).toEqual({
      accepted: 95.7,
      duplicate: 1.9,
      ignored: 0.6,
      late: 1.3,
      malformed: 0.5,
      future: 0.1,
    });
    expect(rows.filter(({ attributed }) => attributed).length / rows.length).toBeCloseTo(0.59, 2);
  });

  it("has six clicks to four conversions", () => {
    const ofType = (type: string) => lines.filter(({ payload }) => objectIn(payload ?? "")?.event_type === type).length;
    expect(ofType("click") / ofType("conversion")).toBeCloseTo(1.5, 1);
    expect(ofType("impression")).toBeGreaterThan(60);
  });

  it("has conversions that a click wins which arrives after them", () => {
    const firstSeen = new Map<unknown, number>();
    lines.forEach(({ payload }, at) => {
      const id = objectIn(payload ?? "")?.event_id;
      if (typeof id === "string" && !firstSeen.has(id)) firstSeen.set(id, at);
    });
    const won = rows.filter(({ conversion_id, click_id }) => {
      return (firstSeen.get(click_id) ?? 0) > (firstSeen.get(conversion_id) ?? records);
    });
    expect(won.length).toBeGreaterThan(100);
  });

  it("has conversions at the very time of their click, and several clicks of one user, campaign and time", () => {
    const same = rows.filter(({ click_time, conversion_time }) => click_time === conversion_time);
    expect(same.length).toBeGreaterThan(5);
    const times = timesBy(lines);
    const idsAt = new Map<string, Set<string>>();
    lines.forEach(({ payload }, at) => {
      const { event_type, event_id, user_id, campaign_id } = objectIn(payload ?? "") ?? {};
      if (event_type !== "click" || typeof event_id !== "string" || typeof user_id !== "string") return;
      const moment = `${user_id} ${campaign_id} ${times[at]}`;
      idsAt.set(moment, (idsAt.get(moment) ?? new Set()).add(event_id));
    });
    expect([...idsAt.values()].filter(({ size }) => size > 1).length).toBeGreaterThan(5);
  });

  it("has users with conversions of several campaigns", () => {
    const campaigns = Map.groupBy(rows, ({ user_id }) => user_id).values();
    const several = [...campaigns].filter((rows) => new Set(rows.map(({ campaign_id }) => campaign_id)).size > 1);
    expect(several.length).toBeGreaterThan(100);
  });

  it("has users whose integer names only differ beyond what a floating-point number holds", () => {
    const users = new Set(rows.map(({ user_id }) => user_id));
    expect(users).toContain("9007199254740999");
    expect(users).toContain("9007199254741000");
  });

  it("has records exactly at the watermark, and 1 ms before it", () => {
    const times = timesBy(lines);
    const beside = fates.flatMap((fate, at) => {
      const behind = (fate.watermark ?? Number.NaN) - (times[at] ?? Number.NaN);
      return behind === 0 || behind === 1 ? [`${behind} ${fate.fate}`] : [];
    });
    expect(beside.filter((found) => found === "0 accepted").length).toBeGreaterThan(15);
    expect(beside.filter((found) => found === "1 rejected").length).toBeGreaterThan(15);
  });

  it("has values of nothing, and of as many digits as there may be", () => {
    const values = new Set(lines.map(({ payload }) => String(decimalIn(objectIn(payload ?? "")?.value))));
    for (const value of ["0", "1", "999999999999999999", "123456789012345678000000"]) expect(values).toContain(value);
  });
});

describe("traffic of raw-events over more than a day", () => {
  it("has conversions exactly at the end of the attribution window, and 1 ms after it", () => {
    const { lines, rows } = run(0.2, { boundaries: 0.1 });
    const ofJourney = new Map<string, number[]>();
    const times = timesBy(lines);
    lines.forEach(({ payload }, at) => {
      const { event_type, user_id, campaign_id } = objectIn(payload ?? "") ?? {};
      const journey = `${typeof user_id === "string" ? user_id : ""} ${campaign_id}`;
      if (event_type === "click") ofJourney.set(journey, [...(ofJourney.get(journey) ?? []), times[at] ?? 0]);
    });
    const ages = rows.flatMap(({ user_id, campaign_id, conversion_time }) => {
      return (ofJourney.get(`${user_id} ${campaign_id}`) ?? []).map((time) => conversion_time - time);
    });
    expect(ages.filter((age) => age === day).length).toBeGreaterThan(5);
    expect(ages.filter((age) => age === day + 1).length).toBeGreaterThan(5);
  });
});

/** The event times of clicks and conversions, NaN where there is none to be read. */
function timesBy(lines: readonly RecordLine[]): number[] {
  return lines.map(({ payload }) => {
    const { timestamp } = objectIn(payload ?? "") ?? {};
    return timeIn(timestamp) ?? Number.NaN;
  });
}
