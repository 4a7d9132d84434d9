import { describe, expect, it } from "vitest";
import { logRecord } from "../support/log-record.ts";
import { World } from "../support/world.ts";

const minute = 60_000;

describe("the state of a user", () => {
  it("keeps what lies within the lateness and little more, however much there was", async () => {
    const clicks = 10_000;
    const perDelivery = 50;
    const every = (25 * minute) / clicks;
    const world = new World({ settings: { partitions: 1 } });
    let [mostClicks, mostViews, mostSettled, mostLists] = [0, 0, 0, 0];
    for (let i = 0; i < clicks; i += perDelivery) {
      await world.deliver(Array.from({ length: perDelivery }, (_, n) => clickAt(i + n, (i + n) * every)));
      await world.deliver([viewAt(i / perDelivery, (i + perDelivery) * every)]);
      await world.close();
      const state = await world.stateOf("user_1");
      mostClicks = Math.max(mostClicks, state.touches.length);
      mostViews = Math.max(mostViews, state.outcomes.length);
      mostSettled = Math.max(mostSettled, (await world.settledOf("user_1")).split("\n").length - 1);
      mostLists = Math.max(mostLists, await world.dueLists());
    }
    const { allowedLateness, finalInterval } = world.settings;
    // The floor of a topic is stored with its own deliveries, so that both together lag up to two of them behind.
    expect(mostClicks).toBeLessThanOrEqual(allowedLateness / every + 2 * perDelivery + 1);
    expect(mostClicks).toBeGreaterThan(allowedLateness / every);
    const viewEvery = every * perDelivery;
    expect(mostViews).toBeLessThanOrEqual(allowedLateness / viewEvery + 3);
    // Settled page views wait beside the state, each on a line, for their bucket to close; so do the lists of what is due.
    expect(mostLists).toBeLessThanOrEqual((allowedLateness + finalInterval) / viewEvery + 3);
    expect(mostSettled).toBeLessThanOrEqual(finalInterval / viewEvery + 3);
    expect(mostSettled).toBeGreaterThan(0);
    world.end();
  });
});

describe("a state that fills up with page views of one click with a long name", () => {
  it("is full at the same page view, however the records are cut into deliveries", async () => {
    const refused = [];
    for (const batch of [1, 10, 100, 500]) {
      const world = new World({ settings: { partitions: 1, stateBytesMax: 32_768 } });
      const campaign = "c".repeat(1_000);
      const payload = JSON.stringify({ click_id: "c", user_id: "user_1", campaign_id: campaign, event_time: start });
      await world.deliver([
        logRecord({ topic: "ad_clicks", partition: 0, offset: 0, ts: start, key: "user_1", payload }),
      ]);
      for (let i = 0; i < 800; i += batch) {
        await world.deliver(Array.from({ length: Math.min(batch, 800 - i) }, (_, n) => viewAt(i + n, i + n)));
      }
      refused.push((await world.counts()).page_views?.rejected.oversized);
      world.end();
    }
    expect(new Set(refused).size).toBe(1);
    expect(refused[0]).toBeGreaterThan(0);
  });
});

const start = Date.parse("2024-01-01T12:00:00Z");

function clickAt(offset: number, after: number) {
  const payload = JSON.stringify({
    click_id: `click_${offset}`,
    user_id: "user_1",
    campaign_id: "a",
    event_time: start + after,
  });
  return logRecord({ topic: "ad_clicks", partition: 0, offset, ts: start + after, key: "user_1", payload });
}

function viewAt(offset: number, after: number) {
  const payload = JSON.stringify({ event_id: `pv_${offset}`, user_id: "user_1", event_time: start + after });
  return logRecord({ topic: "page_views", partition: 0, offset, ts: start + after, key: "user_1", payload });
}
