import { describe, expect, it } from "vitest";
import { purchasesPlan } from "../../../localstack/generate/purchases-traffic.ts";
import { recordedTraffic } from "../../../localstack/generate/recorded-traffic.ts";
import { decimalIn } from "../../support/oracle/oracle-decimal.ts";
import { idIn, objectIn } from "../../support/oracle/oracle-json.ts";
import { judged, percentages } from "./judged.ts";

const start = Date.parse("2024-01-01T12:00:00Z");
const options = { records: 20_000, seed: 3, partitions: 3, users: 5_000, start, ratePerSecond: 10 };

describe("traffic of purchases", () => {
  const lines = [...recordedTraffic(purchasesPlan, options)];
  const { fates, rows, views } = judged.purchases(lines);

  it("has the shares that its docstring says", () => {
    expect(percentages(fates)).toEqual({ accepted: 95.2, duplicate: 4.2, ignored: 0.1, malformed: 0.5 });
  });

  it("has exact totals: each is its value times its quantity, to the millionth", () => {
    const wrong = rows.filter(({ value, quantity, total }) => {
      return (decimalIn(value) ?? 0n) * BigInt(quantity) !== decimalIn(total);
    });
    expect(wrong).toEqual([]);
    expect(new Set(rows.map(({ quantity }) => quantity))).toEqual(new Set([1, 2, 3, 4, 5, 1_000]));
  });

  it("has values from nothing to 18 digits", () => {
    const totals = new Set(rows.map(({ total }) => total));
    for (const total of ["0", "0.000003", "617283945061.72839", "999999999999999999"]) expect(totals).toContain(total);
  });

  it("has the same total as a number and as text, with zeros at the end and with an exponent", () => {
    const totals = lines.map(({ payload }) => /"total": ?("?[\d.]+(e-2)?"?)/.exec(payload ?? "")?.[1] ?? "");
    for (const form of [/^\d+\.\d+$/, /^"\d+\.\d\d"$/, /^\d+\.\d0$/, /^"\d+\.\d{6}"$/, /^\d+e-2$/]) {
      expect(totals.filter((total) => form.test(total)).length).toBeGreaterThan(100);
    }
  });

  it("has duplicates in other partitions than the first", () => {
    const partitions = new Map<string, Set<number>>();
    for (const { payload, partition } of lines) {
      const id = idIn(objectIn(payload ?? "")?.purchaseId);
      if (id !== undefined) partitions.set(id, (partitions.get(id) ?? new Set()).add(partition));
    }
    const elsewhere = [...partitions.values()].filter(({ size }) => size > 1);
    expect(elsewhere.length).toBeGreaterThan(100);
  });

  it("has duplicates that come more than six minutes after the first", () => {
    const firstSent = new Map<string, number>();
    const ages = lines.flatMap(({ payload, ts }, at) => {
      const id = idIn(objectIn(payload ?? "")?.purchaseId) ?? "";
      if (fates[at]?.fate === "accepted") firstSent.set(id, ts);
      return fates[at]?.fate === "duplicate" ? [ts - (firstSent.get(id) ?? ts)] : [];
    });
    expect(ages.filter((age) => age > 360_000).length).toBeGreaterThan(30);
    expect(ages.filter((age) => age < 20_000).length).toBeGreaterThan(500);
  });

  it("has users with many purchases and users with one", () => {
    const counts = Object.values(views).map(({ purchaseCount }) => purchaseCount);
    expect(Math.max(...counts)).toBeGreaterThan(60);
    expect(counts.filter((count) => count === 1).length).toBeGreaterThan(10);
  });
});
