import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { attribution } from "../../../../shared/pipelines/attribution/attribution.ts";
import { conversions } from "../../../../shared/pipelines/conversions/conversions.ts";
import type { ClickRecord, ConversionRecord } from "../../../../shared/pipelines/conversions/records.ts";

const lateness = 100;
const settings = { attributionWindow: 1_000, allowedLateness: lateness, finalInterval: 100 };
const pipeline = conversions(settings);

interface Arrival {
  readonly record: ClickRecord | ConversionRecord;
  /** As it stands just before the record. */
  readonly watermark: number | undefined;
  /** Whether the state is stored after it and read again, and how far its horizon then lags behind. */
  readonly isCut: boolean;
  readonly lag: number;
}

/** What becomes of each arrival, by a state that is stored and read again where `cut` says so. */
function verdicts(arrivals: readonly Arrival[], stateBytesMax: number, cut: boolean): string[] {
  let state = pipeline.emptyState;
  let stored = state;
  let horizon: number | undefined;
  return arrivals.map(({ record, watermark, isCut, lag }) => {
    const result = pipeline.step(state, record, { partition: 0, watermark, stateBytesMax, settledBytes: 0 });
    if (result.kind === "accepted") state = result.state;
    if (cut && isCut) {
      if (watermark !== undefined) horizon = Math.max(horizon ?? 0, watermark - lag);
      const pruned = pipeline.prune(state, { closed: undefined, horizon });
      const json = JSON.stringify(pipeline.encode(pipeline.seal(stored, pruned.state).state));
      state = pipeline.decode(JSON.parse(json), Buffer.byteLength(json));
      stored = state;
    }
    return result.kind;
  });
}

const draft = fc.record({
  isClick: fc.boolean(),
  id: fc.integer({ min: 0, max: 30 }).map((id) => `id_${id}`),
  ahead: fc.integer({ min: -lateness, max: 60 }),
  campaign: fc.integer({ min: 0, max: 12 }).map((id) => `campaign_${id}`),
  text: fc.oneof(fc.string({ maxLength: 4 }), fc.constantFrom("\u0001".repeat(20), "é".repeat(20), "x".repeat(60))),
  isCut: fc.boolean(),
  lag: fc.nat(200),
});

const arrivals = fc.array(draft, { maxLength: 60 }).map((drafts) => {
  let highest = 10_000;
  return drafts.map(({ isClick, id, ahead, campaign, text, isCut, lag }, i): Arrival => {
    const watermark = i === 0 ? undefined : highest - lateness;
    const time = Math.max(highest + ahead, watermark ?? 0);
    highest = Math.max(highest, time);
    const common = { key: "u1", id, time, campaign, source: text };
    const record: ClickRecord | ConversionRecord = isClick
      ? { ...common, kind: "click", ad: text }
      : { ...common, kind: "conversion", type: text, value: "1.00" };
    return { record, watermark, isCut, lag };
  });
});

describe("the limit of a user's state", () => {
  it("refuses the same records, however often the state is pruned, stored and read again", () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(arrivals, fc.constantFrom(300, 600, 1_200, 2_400), (all, stateBytesMax) => {
        const whole = verdicts(all, stateBytesMax, false);
        for (const verdict of whole) seen.add(verdict);
        expect(verdicts(all, stateBytesMax, true)).toEqual(whole);
      }),
      { seed: 1, numRuns: 2_000 },
    );
    expect([...seen].sort()).toEqual(["accepted", "duplicate", "oversized"]);
  });

  it("counts of each campaign the last click behind the watermark, as it has to be kept", () => {
    const play = (clicks: readonly ClickRecord[]) => {
      const all = clicks.map((record) => ({ record, watermark: record.time - lateness, isCut: true, lag: 0 }));
      return verdicts(all, 1_024, true).filter((verdict) => verdict === "oversized").length;
    };
    const sameCampaign = Array.from({ length: 40 }, (_, i) => clickOf(1, 10_000 + i * (lateness + 1)));
    expect(play(sameCampaign)).toBe(0);
    const withinWindow = Array.from({ length: 40 }, (_, i) => clickOf(i, 10_000 + i * 25));
    expect(play(withinWindow)).toBeGreaterThan(20);
    const acrossWindows = Array.from({ length: 40 }, (_, i) => clickOf(i, 10_000 + i * 250));
    expect(play(acrossWindows)).toBe(0);
  });

  it("does not count the one click behind the watermark that is kept where there are no campaigns to tell apart", () => {
    const joined = attribution(settings);
    const view = { kind: "view", key: "u1", id: "v", time: 1_000, url: "u".repeat(100) } as const;
    const click = { kind: "click", key: "u1", id: "c", campaign: "a".repeat(100) } as const;
    const stepped = (time: number, stateBytesMax: number) => {
      const context = { partition: 0, watermark: 1_000, stateBytesMax, settledBytes: 0 };
      const first = joined.step(joined.emptyState, { ...click, time }, { ...context, stateBytesMax: 1_000_000 });
      return first.kind === "accepted" && joined.step(first.state, view, context).kind;
    };
    const [viewBytes, clickBytes] = [48 + 101, 24 + 101];
    expect([stepped(999, viewBytes), stepped(999, viewBytes - 1)]).toEqual(["accepted", "oversized"]);
    const both = viewBytes + clickBytes;
    expect([stepped(1_000, both), stepped(1_000, both - 1)]).toEqual(["accepted", "oversized"]);
  });
});

describe("the limit of a user's item", () => {
  const itemBytesMax = 360 * 1_024;
  const first = clickOf(1, 10_000);
  const firstBytes = 32 + [first.id, first.campaign, first.ad, first.source].join("").length;

  it.each([
    ["exactly what fits", 0, "accepted"],
    ["a byte more", 1, "oversized"],
  ])("counts what is settled beside the state: %s", (_, more, verdict) => {
    const settledBytes = itemBytesMax - firstBytes + more;
    const context = { partition: 0, watermark: undefined, stateBytesMax: 262_144, settledBytes };
    expect(pipeline.step(pipeline.emptyState, first, context).kind).toBe(verdict);
  });

  it("counts what is behind the watermark too, and is not yet dropped", () => {
    const context = { partition: 0, watermark: undefined, stateBytesMax: 262_144, settledBytes: 0 };
    const before = pipeline.step(pipeline.emptyState, first, context);
    const later = clickOf(1, 20_000);
    const step = (settledBytes: number) =>
      before.kind === "accepted" &&
      pipeline.step(before.state, later, { ...context, watermark: 20_000, stateBytesMax: 1_024, settledBytes }).kind;
    const fits = itemBytesMax - 2 * firstBytes;
    expect([step(fits), step(fits + 1)]).toEqual(["accepted", "oversized"]);
  });
});

function clickOf(campaign: number, time: number): ClickRecord {
  const id = `click_${campaign}_${time}`;
  return { kind: "click", key: "u1", id, time, campaign: `campaign_${campaign}`, ad: "ad", source: "search" };
}
