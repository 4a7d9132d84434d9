import { adClicks, pageViews } from "../../shared/pipelines/attribution/records.ts";
import type { RecordLine } from "../record-file/record-line.ts";
import { RecordedLog } from "./recorded-log.ts";

type Sample = readonly [topic: string, id: string, user: string, detail: string, happened: string, arrived: string];

/** What happens at `happened` (event time) arrives at `arrived`; minutes and seconds after the first of January 2024, 12:00 UTC. */
const samples: readonly Sample[] = [
  [adClicks, "click_1", "user_1", "campaign_A", "05:00", "05:01"],
  [pageViews, "pv_1", "user_1", "product1", "10:00", "10:02"],
  [pageViews, "pv_2", "user_2", "product2", "15:00", "15:01"],
  [adClicks, "click_2", "user_2", "campaign_B", "12:00", "16:00"],
  [adClicks, "click_3a", "user_3", "campaign_C", "20:00", "20:01"],
  [adClicks, "click_3b", "user_3", "campaign_D", "25:00", "25:01"],
  [pageViews, "pv_3", "user_3", "product3", "30:00", "30:02"],
  [adClicks, "click_4", "user_4", "campaign_E", "35:00", "35:01"],
  [pageViews, "pv_5", "user_5", "product5", "45:00", "45:02"],
  [adClicks, "click_5", "user_5", "campaign_F", "40:00", "50:00"],
  [pageViews, "pv_4", "user_4", "product4", "70:00", "70:02"],
  [pageViews, "pv_6", "user_6", "product6", "80:00", "80:01"],
];

const base = Date.parse("2024-01-01T12:00:00Z");
const partitions = 3;

/** Twelve records that show it all: a click in time, one that comes late and still wins, two in a row, one too old, none. */
export const sampleRecords: readonly RecordLine[] = recordSamples();

function recordSamples(): RecordLine[] {
  const log = new RecordedLog({ partitions });
  return samples.map(([topic, id, user, detail, happened, arrived]) => {
    const event_time = new Date(base + afterBase(happened)).toISOString().slice(0, 19);
    const payload =
      topic === adClicks
        ? { user_id: user, event_time, campaign_id: detail, click_id: id }
        : { user_id: user, event_time, url: `https://example.com/${detail}`, event_id: id };
    return log.append(topic, base + afterBase(arrived), user, JSON.stringify(payload));
  });
}

function afterBase(time: string): number {
  const [minutes = 0, seconds = 0] = time.split(":").map(Number);
  return (minutes * 60 + seconds) * 1_000;
}
