import { describe, expect, it } from "vitest";
import { readEntity } from "../../shared/runtime/entity.ts";
import { entityKey } from "../../shared/runtime/keys.ts";
import { logRecord } from "../support/log-record.ts";
import { type ConversionsWorld, conversionsWorld } from "./conversions-play.ts";

const minute = 60_000;
const start = Date.parse("2024-01-01T12:00:00Z");

describe("the state of a user", () => {
  it("keeps what lies within the lateness, and one older click of each campaign, however much there was", async () => {
    const world = conversionsWorld({ partitions: 1 });
    const [records, perDelivery, campaigns, every] = [10_000, 50, 7, 500];
    let [mostClicks, mostConversions, mostSettled, mostLists] = [0, 0, 0, 0];
    for (let i = 0; i < records; i += perDelivery) {
      await world.deliver(
        Array.from({ length: perDelivery }, (_, n) => {
          return (i + n) % 10 === 9 ? conversionAt(i + n, (i + n) * every) : clickAt(i + n, (i + n) * every, campaigns);
        }),
      );
      await world.close();
      const { state, settled } = await entityOf(world);
      mostClicks = Math.max(mostClicks, state.touches.length);
      mostConversions = Math.max(mostConversions, state.outcomes.length);
      mostSettled = Math.max(mostSettled, settled.split("\n").length - 1);
      mostLists = Math.max(mostLists, await world.dueLists());
    }
    const withinLateness = (5 * minute) / every;
    // The floor that prunes a delivery's keys is that of the delivery before.
    expect(mostClicks).toBeLessThanOrEqual(0.9 * (withinLateness + 2 * perDelivery) + campaigns);
    expect(mostClicks).toBeGreaterThan(0.9 * withinLateness);
    expect(mostConversions).toBeLessThanOrEqual(0.1 * (withinLateness + 2 * perDelivery) + 1);
    expect(mostSettled).toBeLessThanOrEqual((0.1 * 5 * minute) / every + 0.1 * perDelivery + 1);
    expect(mostSettled).toBeGreaterThan(0);
    expect(mostLists).toBeLessThanOrEqual((10 * minute) / (every * perDelivery) + 4);
    world.end();
  });

  it("keeps no click that is out of reach of all that may still come", async () => {
    const world = conversionsWorld({ partitions: 1, attributionWindow: 60 * minute });
    const shoes = [0, 1, 2].map((i) => clickAt(i, i * 10 * minute, 3));
    const later = [3, 4, 5].map((i) => clickAt(i, 70 * minute + i, 1));
    for (const record of [...shoes, ...later]) await world.deliver([record]);
    const { state } = await entityOf(world);
    expect(state.touches.map(({ id }) => id)).toEqual(["click_1", "click_2", "click_3", "click_4", "click_5"]);
    world.end();
  });
});

describe("a state that fills up with clicks of many campaigns", () => {
  it("refuses the same clicks, however the records are cut into deliveries", async () => {
    const refused: unknown[] = [];
    for (const batch of [1, 10, 100, 500]) {
      const world = conversionsWorld({ partitions: 1, stateBytesMax: 16_384, attributionWindow: 20 * minute });
      for (let i = 0; i < 1_000; i += batch) {
        await world.deliver(Array.from({ length: batch }, (_, n) => clickAt(i + n, (i + n) * 3_000, 10_000)));
      }
      refused.push((await world.rejections()).map(({ reason, offset }) => `${reason} ${offset}`));
      world.end();
    }
    expect(refused).toEqual(Array.from(refused, () => refused[0]));
    // From 25 min on, the 500th click, one click after the other gets out of reach and makes room.
    expect(refused[0]).toContain("oversized 499");
    expect(refused[0]).not.toContain("oversized 600");
  });
});

function clickAt(offset: number, after: number, campaigns: number) {
  return eventAt(offset, after, {
    ...{ event_type: "click", event_id: `click_${offset}`, campaign_id: `campaign_${offset % campaigns}` },
    ...{ ad_id: "ad_1", source: "search" },
  });
}

function conversionAt(offset: number, after: number) {
  return eventAt(offset, after, {
    ...{ event_type: "conversion", event_id: `conversion_${offset}`, campaign_id: "campaign_0" },
    ...{ type: "purchase", value: 1, source: "shop" },
  });
}

function eventAt(offset: number, after: number, fields: object) {
  const payload = JSON.stringify({ ...fields, user_id: "user_1", timestamp: start + after });
  return logRecord({ topic: "raw-events", partition: 0, offset, ts: start + after, key: "user_1", payload });
}

async function entityOf({ engine: { pipeline }, store }: ConversionsWorld) {
  const of = { key: "user_1", partition: 0 };
  const name = entityKey(pipeline, of);
  return readEntity(pipeline, of, (await store.entities.read([name])).get(name));
}
