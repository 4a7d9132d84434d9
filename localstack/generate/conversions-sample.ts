import { rawEvents } from "../../shared/pipelines/conversions/records.ts";
import type { RecordLine } from "../record-file/record-line.ts";
import { recordSample, type SampleRecord, sampleTimeText } from "./sample-log.ts";
import { writtenNumber } from "./written-number.ts";

/**
 * Six clicks and conversions of three users on one day, and what follows it. Six conversions come out:
 * conv_1 <- click_1, conv_2 <- click_3, conv_5 <- click_4; conv_3, conv_4 and conv_6 are attributed to no click.
 */
export const conversionsSample: readonly RecordLine[] = recordSample(rawEvents, [
  click("12:00:02", "click_1", "user_1", "campaign_A", "12:00:01"),
  click("12:00:03", "click_2", "user_1", "campaign_B", "12:00:02"),
  // Attributed to click_1: click_2 is later, but of another campaign.
  conversion("12:00:06", "conv_1", "user_1", "campaign_A", "12:00:05", "99.99"),
  // A duplicate.
  conversion("12:00:07", "conv_1", "user_1", "campaign_A", "12:00:05", "99.99"),
  // Attributed to click_2 at first; it is worth nothing, and counts all the same.
  conversion("12:00:08", "conv_2", "user_1", "campaign_B", "12:00:06", "0.00"),
  // Comes after conv_2, but happened before: conv_2 is attributed to it instead of click_2.
  click("12:00:09", "click_3", "user_1", "campaign_B", "12:00:04"),
  click("12:01:01", "click_4", "user_2", "campaign_A", "12:01:00"),
  // Attributed to no click: click_5 is of the same user and campaign, but four seconds later.
  conversion("12:02:02", "conv_3", "user_3", "campaign_A", "12:02:01", "25.50"),
  click("12:02:06", "click_5", "user_3", "campaign_A", "12:02:05"),
  // Attributed to no click: there is none.
  conversion("12:03:01", "conv_4", "user_4", "campaign_A", "12:03:00", "50.00"),
  // Attributed to click_4, exactly 24 hours before.
  conversion("2T12:01:01", "conv_5", "user_2", "campaign_A", "2T12:01:00", "12.34"),
  // Attributed to no click: click_4 is a second too old.
  conversion("2T12:01:02", "conv_6", "user_2", "campaign_A", "2T12:01:01", "12.34"),
]);

function click(sent: string, id: string, user: string, campaign: string, happened: string): SampleRecord {
  const details = { ad_id: `ad_of_${id}`, source: "search", timestamp: sampleTimeText(happened) };
  return [sent, user, { event_type: "click", event_id: id, user_id: user, campaign_id: campaign, ...details }];
}

function conversion(
  ...[sent, id, user, campaign, happened, value]: [...Parameters<typeof click>, value: string]
): SampleRecord {
  const details = {
    type: "purchase",
    value: writtenNumber(value),
    source: "shop",
    timestamp: sampleTimeText(happened),
  };
  return [sent, user, { event_type: "conversion", event_id: id, user_id: user, campaign_id: campaign, ...details }];
}
