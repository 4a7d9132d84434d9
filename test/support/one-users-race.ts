import { expect } from "vitest";
import type { LogRecord } from "../../shared/core/record.ts";
import type { World } from "./world.ts";

const noon = Date.UTC(2024, 0, 1, 12);
const at = (minutes: number) => noon + minutes * 60_000;

function record(topic: string, offset: number, minutes: number, fields: object): LogRecord {
  const value = JSON.stringify({ user_id: "u", event_time: at(minutes), ...fields });
  return { topic, partition: 0, offset, timestamp: at(minutes), key: Buffer.from("u"), value: Buffer.from(value) };
}
const click = (offset: number, minutes: number, id: string) =>
  record("ad_clicks", offset, minutes, { click_id: id, campaign_id: `campaign of ${id}` });
const view = (offset: number, minutes: number, id: string) => record("page_views", offset, minutes, { event_id: id });

export const clicks = [click(0, 1, "c1"), click(1, 4, "c2")];
export const views = [view(0, 2, "v1"), view(1, 5, "v2")];

/** Whatever came of the race: what is left is sent again, the stream ends, and everything must be as if there had been no race. */
export async function expectNoHarm(world: World): Promise<void> {
  expect(await world.deliver(clicks)).toEqual([]);
  expect(await world.deliver(views)).toEqual([]);
  await world.settle("end");
  const finals = await world.finals();
  const attributed = finals.map((row) => `${row.page_view_id} <- ${row.attributed_click_id}`).sort();
  expect(attributed).toEqual(["v1 <- c1", "v2 <- c2"]);
  const revisions = world.revisions();
  for (const final of finals) {
    const ofView = revisions.filter(({ entity }) => entity === final.page_view_id).map(({ revision }) => revision);
    expect(ofView).toEqual(Array.from({ length: final.revision as number }, (_, i) => i + 1));
  }
  const counts = await world.counts();
  expect([counts.ad_clicks?.read, counts.page_views?.read]).toEqual([2, 2]);
}
