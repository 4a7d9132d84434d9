import { describe, expect, it } from "vitest";
import { sampleData } from "../../../localstack/generate/sample-data.ts";
import { judged, pipelines, toldFate } from "./judged.ts";

const clock = (time: number | null) => (time === null ? "-" : new Date(time).toISOString().slice(8, -1));

describe.each(pipelines)("the sample of %s", (pipeline) => {
  const { plan, sample } = sampleData[pipeline];

  it("is a dozen records of its topics, or 32 changes of tables, in the order of sending", () => {
    expect(sample).toHaveLength(pipeline === "engagement" ? 32 : 12);
    expect(new Set(sample.map(({ topic }) => topic))).toEqual(new Set(plan.topics));
    const times = sample.map(({ ts }) => ts);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(clock(times[0] ?? null).slice(0, 5)).toBe("01T12");
  });
});

describe("the sample of conversions", () => {
  const { fates, rows } = judged.conversions(sampleData.conversions.sample);

  it("holds one duplicate; all else counts", () => {
    expect(fates.flatMap((fate, at) => (fate.fate === "accepted" ? [] : [`${at} ${toldFate(fate)}`]))).toEqual([
      "3 duplicate",
    ]);
  });

  it("gives each conversion the last click of its user and campaign within 24 hours", () => {
    const shown = rows.map((row) => {
      const { conversion_id, click_id, campaign_id, value, conversion_time, source } = row;
      return [conversion_id, click_id, campaign_id, value, clock(conversion_time), source]
        .join(" ")
        .replace("  ", " - ");
    });
    expect(shown).toEqual([
      "conv_1 click_1 campaign_A 99.99 01T12:00:05.000 search",
      "conv_2 click_3 campaign_B 0 01T12:00:06.000 search",
      "conv_3 - campaign_A 25.5 01T12:02:01.000 shop",
      "conv_4 - campaign_A 50 01T12:03:00.000 shop",
      "conv_5 click_4 campaign_A 12.34 02T12:01:00.000 search",
      "conv_6 - campaign_A 12.34 02T12:01:01.000 shop",
    ]);
  });
});

describe("the sample of dedupe", () => {
  const { sample } = sampleData.dedupe;
  const { fates, rows } = judged.dedupe(sample);

  it("tells duplicates in all places, one at the watermark, one late", () => {
    const shown = fates.map((fate) => [fate.partition, toldFate(fate), clock(fate.watermark)].join(" "));
    expect(shown).toEqual([
      "1 accepted -",
      "0 accepted -",
      "2 accepted -",
      "1 duplicate 01T11:55:00.000",
      "0 duplicate 01T11:55:00.000",
      "0 duplicate 01T11:55:00.000",
      "2 accepted 01T11:55:00.000",
      "1 accepted 01T11:55:00.000",
      "0 accepted 01T11:55:01.000",
      "1 accepted 01T12:05:00.000",
      "1 late 01T12:05:00.000",
      "1 duplicate 01T12:05:00.000",
    ]);
  });

  it("gives seven events, each as it came first", () => {
    expect(rows.map(({ eventId }) => eventId).sort()).toEqual(["ev_1", "ev_2", "ev_3", "ev_4", "ev_5", "ev_6", "ev_7"]);
    expect(rows.filter(({ body }) => !body.includes('"first"'))).toEqual([]);
  });
});

describe("the sample of windows", () => {
  const { fates, rows } = judged.windows(sampleData.windows.sample);

  it("holds one duplicate and one late event", () => {
    expect(fates.flatMap((fate, at) => (fate.fate === "accepted" ? [] : [`${at} ${toldFate(fate)}`]))).toEqual([
      "4 duplicate",
      "10 late",
    ]);
  });

  it("gives four windows", () => {
    const shown = rows.map(({ userId, windowStart, windowEnd, eventCount, totalAmount, minAmount, maxAmount }) => {
      const times = [windowStart, windowEnd].map((time) => clock(time).slice(3, 8)).join(" to ");
      return `${userId} ${times}: ${eventCount} of ${totalAmount}, ${minAmount} to ${maxAmount}`;
    });
    expect(shown).toEqual([
      "user_1 12:00 to 12:05: 3 of 1.8, 0.1 to 1.5",
      "user_2 12:00 to 12:05: 2 of 100, 0 to 100",
      "user_1 12:05 to 12:10: 2 of 7.25, 2.25 to 5",
      "user_3 12:15 to 12:20: 3 of 3, 1 to 1",
    ]);
  });
});

describe("the sample of purchases", () => {
  const { sample } = sampleData.purchases;
  const { fates, views } = judged.purchases(sample);

  it("tells what counts, what is sent again and what can't be", () => {
    const shown = fates.map((fate) => `${fate.partition} ${toldFate(fate)}`);
    expect(shown).toEqual([
      "0 accepted",
      "0 duplicate",
      "0 duplicate",
      "0 duplicate",
      "0 duplicate",
      "1 accepted",
      "1 accepted",
      "0 duplicate",
      "0 malformed",
      "0 malformed",
      "0 malformed",
      "0 accepted",
    ]);
  });

  it("makes one debt of 100.00, with one entry, of the purchase that was produced five times", () => {
    const debts = Object.entries(views).map(([user, { totalDebt, purchaseCount }]) => [user, totalDebt, purchaseCount]);
    expect(debts).toEqual([
      ["user_1", "100", 1],
      ["user_2", "60.27", 2],
      ["user_3", "10", 1],
    ]);
  });

  it("has its amounts as JSON numbers, with the zeros that people write", () => {
    expect(sample[0]?.payload).toBe(
      '{"purchaseId":"purchase_1","userId":"user_1","productName":"Laptop","productType":"Electronics","value":50.00,"quantity":2,"total":100.00}',
    );
  });
});
