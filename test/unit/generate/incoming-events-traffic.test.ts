import { describe, expect, it } from "vitest";
import { dedupePlan, windowsPlan } from "../../../localstack/generate/incoming-events-traffic.ts";
import { recordedTraffic } from "../../../localstack/generate/recorded-traffic.ts";
import type { RecordLine } from "../../../localstack/record-file/record-line.ts";
import type { Fate } from "../../support/oracle/judge-records.ts";
import { idIn, objectIn, timeIn } from "../../support/oracle/oracle-json.ts";
import { judged, percentages, toldFate } from "./judged.ts";

const start = Date.parse("2024-01-01T12:00:00Z");
const minute = 60_000;
const options = { records: 20_000, seed: 3, partitions: 3, users: 5_000, start, ratePerSecond: 10 };

/** A record that can be read, and what the oracle says of it. */
interface Told {
  readonly line: RecordLine;
  readonly fate: string;
  readonly watermark: number | null;
  readonly id: string;
  readonly user: string;
  readonly time: number;
  readonly amount: unknown;
  readonly hasAmount: boolean;
}

function tell(lines: readonly RecordLine[], fates: readonly Fate[]): Told[] {
  return lines.flatMap((line, at) => {
    const fate = fates[at];
    const fields = objectIn(line.payload ?? "");
    if (!fate || !fields || fate.reason === "malformed") return [];
    const read = {
      id: idIn(fields.eventId) ?? "",
      user: idIn(fields.userId) ?? "",
      time: timeIn(fields.eventTime) ?? 0,
    };
    const amount = { amount: fields.amount, hasAmount: "amount" in fields };
    return [{ line, fate: toldFate(fate), watermark: fate.watermark, ...read, ...amount }];
  });
}

describe("traffic of incoming-events for dedupe", () => {
  const lines = [...recordedTraffic(dedupePlan, options)];
  const { fates } = judged.dedupe(lines);
  const told = tell(lines, fates);
  const first = new Map(told.toReversed().map((event) => [event.id, event]));
  const duplicates = told.filter(({ fate }) => fate === "duplicate");

  it("has the shares that its docstring says", () => {
    expect(percentages(fates)).toEqual({
      accepted: 93.8,
      duplicate: 4.4,
      ignored: 0.1,
      late: 1.1,
      malformed: 0.5,
      future: 0.1,
    });
  });

  it("has duplicates in the same partition and in others, the same and changed", () => {
    const isElsewhere = ({ id, line }: Told) => line.partition !== first.get(id)?.line.partition;
    const isChanged = ({ id, line }: Told) => line.payload !== first.get(id)?.line.payload;
    expect(duplicates.filter(isElsewhere).length / duplicates.length).toBeCloseTo(0.2, 1);
    expect(duplicates.filter(isChanged).length / duplicates.length).toBeCloseTo(0.14, 1);
  });

  it("has duplicates that would be late if they weren't known", () => {
    const late = duplicates.filter(({ time, watermark }) => time < (watermark ?? 0));
    expect(late.length).toBeGreaterThan(20);
  });

  it("has events that are a little ahead of the clock, and accepted", () => {
    const ahead = told.filter(({ line, time, fate }) => time > line.ts && fate === "accepted");
    expect(ahead.length / told.length).toBeGreaterThan(0.1);
    expect(Math.max(...ahead.map(({ line, time }) => time - line.ts))).toBe(500);
  });

  it("has values with white space, which must come out as they came", () => {
    const spaced = told.filter(({ line }) => line.payload?.includes('",\n "'));
    expect(spaced.length / told.length).toBeCloseTo(0.05, 2);
  });

  it("is read one partition after the other, what comes in five seconds at a time", () => {
    const runs = lines.filter(({ partition }, at) => partition !== lines[at - 1]?.partition);
    expect(lines.length / runs.length).toBeCloseTo(50 / 3, 0);
  });
});

describe("traffic of incoming-events for windows", () => {
  const lines = [...recordedTraffic(windowsPlan, options)];
  const { fates, rows } = judged.windows(lines);
  const told = tell(lines, fates);
  const accepted = told.filter(({ fate }) => fate === "accepted");

  it("has the shares that its docstring says", () => {
    expect(percentages(fates)).toEqual({
      accepted: 93.9,
      duplicate: 4.2,
      ignored: 0.1,
      late: 1.2,
      malformed: 0.5,
      future: 0.1,
    });
  });

  it("has windows whose events come from several partitions", () => {
    const windows = Map.groupBy(accepted, ({ user, time }) => `${user} ${Math.floor(time / (5 * minute))}`);
    const partitions = Array.from(windows.values(), (events) => new Set(events.map(({ line }) => line.partition)).size);
    expect(partitions.filter((count) => count === 3).length).toBeGreaterThan(100);
  });

  it("has events of the first and of the last millisecond of a window", () => {
    const places = accepted.map(({ time }) => time % (5 * minute));
    expect(places.filter((place) => place === 0).length).toBeGreaterThan(30);
    expect(places.filter((place) => place === 5 * minute - 1).length).toBeGreaterThan(30);
  });

  it("has events behind the watermark whose window is still open", () => {
    const behind = accepted.filter(({ time, watermark }) => time < (watermark ?? 0));
    expect(behind.length).toBeGreaterThan(30);
  });

  it("has amounts that are null, and events without any", () => {
    expect(accepted.filter(({ amount }) => amount === null).length / accepted.length).toBeCloseTo(0.05, 2);
    expect(accepted.filter(({ hasAmount }) => !hasAmount).length / accepted.length).toBeCloseTo(0.05, 2);
  });

  it("has amounts below zero, and of as many digits as there may be", () => {
    expect(rows.filter(({ minAmount }) => minAmount.startsWith("-")).length).toBeGreaterThan(300);
    const extremes = new Set(rows.flatMap(({ minAmount, maxAmount }) => [minAmount, maxAmount]));
    for (const amount of ["999999999999.999999", "-123456789012345678", "0.000001"]) expect(extremes).toContain(amount);
  });
});
