import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { conversions } from "../../../../shared/pipelines/conversions/conversions.ts";
import type { ClickRecord, ConversionRecord } from "../../../../shared/pipelines/conversions/records.ts";
import { storedConversions } from "../../../../shared/pipelines/conversions/state.ts";
import { countBytes } from "../../../../shared/pipelines/last-touch-join/size.ts";

const pipeline = conversions({ attributionWindow: 1_000, allowedLateness: 100, finalInterval: 100 });
const context = { partition: 0, watermark: undefined, stateBytesMax: 262_144, settledBytes: 0 };
type State = typeof pipeline.emptyState;

const click = (id: string, time: number, campaign = "shoes"): ClickRecord => {
  return { kind: "click", key: "u1", id, time, campaign, ad: `ad_${id}`, source: "search" };
};
const conversion = (id: string, time: number, campaign = "shoes", value = "9.90"): ConversionRecord => {
  return { kind: "conversion", key: "u1", id, time, campaign, type: "purchase", value, source: "shop" };
};
const stateOf = (records: readonly (ClickRecord | ConversionRecord)[], state = pipeline.emptyState): State =>
  records.reduce((before, record) => {
    const result = pipeline.step(before, record, context);
    if (result.kind !== "accepted") throw new Error(`${record.id} is ${result.kind}`);
    return result.state;
  }, state);
const entries = ({ touches, outcomes }: State) => ({ touches, outcomes });

describe("a stored state", () => {
  it("holds of each record what is needed, once: a conversion with a click has its campaign and source from there", () => {
    const state = stateOf([
      click("c1", 5_000),
      conversion("v1", 5_004),
      conversion("v2", 5_006, "hats"),
      click("c2", 5_005),
    ]);
    expect(pipeline.encode(state)).toEqual([
      5_004,
      [
        ["c1", -4, "shoes", "ad_c1", "search"],
        ["c2", 1, "shoes", "ad_c2", "search"],
      ],
      [
        ["v1", 0, 1, "purchase", "9.90", 0],
        ["v2", 2, 1, "purchase", "9.90", "hats", "shop"],
      ],
    ]);
  });

  it("keeps the click of a conversion that is not final as long as the conversion, though no other could get it", () => {
    const state = stateOf([click("c1", 1_000), conversion("v1", 1_900), click("c2", 1_950)]);
    const { state: pruned, settled } = pipeline.prune(state, { closed: undefined, horizon: 2_001 });
    expect([pruned.touches.map(({ id }) => id), pruned.outcomes, settled.length]).toEqual([["c2"], [], 1]);
    const kept = pipeline.prune(state, { closed: undefined, horizon: 1_900 }).state;
    expect(pipeline.encode(kept)).toEqual(pipeline.encode(state));
    expect(pipeline.settledResult(JSON.parse(JSON.stringify(settled[0]?.stored)), of).row).toMatchObject({
      ...{ conversion_id: "v1", click_id: "c1", click_time: 1_000, source: "search", campaign_id: "shoes" },
    });
  });

  it.each([
    [1_899, 1],
    [1_900, 1],
    [1_901, 0],
  ])("hands over no conversion of a bucket that is closed: with closed %i, of the one at 1,900 %i", (closed, count) => {
    const state = stateOf([conversion("v1", 1_900), conversion("v2", 2_001)]);
    const { state: pruned, settled } = pipeline.prune(state, { closed, horizon: 2_001 });
    expect([settled.length, pruned.outcomes.map(({ id }) => id)]).toEqual([count, ["v2"]]);
  });

  const text = fc.oneof(fc.constantFrom("a", "b", "x".repeat(200)), fc.string({ unit: "binary", maxLength: 80 }));
  const record = fc.record({
    isClick: fc.boolean(),
    id: fc.uuid(),
    time: fc.nat(2_000),
    campaign: fc.constantFrom("shoes", "hats", "bags"),
    source: text,
    type: text,
    value: fc.constantFrom("0", "-1.50", "999999999999.999999"),
  });
  const records = fc.array(record, { maxLength: 20 }).map((all) =>
    all.map(({ isClick, source, type, ...one }): ClickRecord | ConversionRecord => {
      return isClick
        ? { ...click(one.id, one.time, one.campaign), source }
        : { ...conversion(one.id, one.time, one.campaign, one.value), source, type };
    }),
  );

  it("is the same state when it is read again", () => {
    fc.assert(
      fc.property(records, fc.option(fc.nat(2_000), { nil: undefined }), (all, horizon) => {
        const state = pipeline.prune(stateOf(all), { closed: undefined, horizon }).state;
        const stored = JSON.stringify(pipeline.encode(state));
        expect(entries(pipeline.decode(JSON.parse(stored), stored.length))).toEqual(entries(state));
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it("takes no more bytes than are counted, and those are never more than its bound", () => {
    fc.assert(
      fc.property(records, (all) => {
        const state = stateOf(all);
        const json = JSON.stringify(pipeline.encode(state));
        const bytes = Buffer.byteLength(json);
        const read = pipeline.decode(JSON.parse(json), bytes);
        const counted = countBytes(storedConversions, state.touches, state.outcomes);
        expect(counted).toBeGreaterThanOrEqual(bytes - "[1000,[],[]]".length);
        expect(counted).toBeLessThanOrEqual(Math.min(read.bytesAtMost, state.bytesAtMost));
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it("makes no difference to what follows", () => {
    fc.assert(
      fc.property(records, records, (first, then) => {
        const json = JSON.stringify(pipeline.encode(stateOf(first)));
        const read = pipeline.decode(JSON.parse(json), Buffer.byteLength(json));
        const unknown = then.filter(({ id }) => !first.some((known) => known.id === id));
        expect(entries(stateOf(unknown, read))).toEqual(entries(stateOf(unknown, stateOf(first))));
      }),
      { seed: 1, numRuns: 300 },
    );
  });
});

const of = { key: "u1", partition: 0 };
