import {
  optionalText,
  type Parsed,
  readJsonObject,
  requiredEventTime,
  requiredId,
  UnusableValue,
} from "../../core/record.ts";
import type { EventTimeMs } from "../../core/units.ts";

export const adClicks = "ad_clicks";
export const pageViews = "page_views";

/** A record of `ad_clicks`: `{click_id, user_id, campaign_id, event_time}`. */
export interface ClickRecord {
  readonly kind: "click";
  /** The user. */
  readonly key: string;
  readonly id: string;
  readonly time: EventTimeMs;
  readonly campaign: string;
}

/** A record of `page_views`: `{event_id, user_id, url, event_time}`. */
export interface ViewRecord {
  readonly kind: "view";
  /** The user. */
  readonly key: string;
  readonly id: string;
  readonly time: EventTimeMs;
  readonly url: string | null;
}

/** Reads a value of either topic; what makes it unusable is said, not thrown. */
export function parseRecord(topic: string, value: Uint8Array): Parsed<ClickRecord | ViewRecord> {
  try {
    return { kind: "record", record: topic === adClicks ? readClick(value) : readView(value) };
  } catch (error) {
    if (error instanceof UnusableValue) return { kind: "rejected", reason: error.reason, message: error.message };
    throw error;
  }
}

function readClick(value: Uint8Array): ClickRecord {
  const json = readJsonObject(value);
  return {
    kind: "click",
    key: requiredId(json, "user_id"),
    id: requiredId(json, "click_id"),
    time: requiredEventTime(json, "event_time"),
    campaign: requiredId(json, "campaign_id"),
  };
}

function readView(value: Uint8Array): ViewRecord {
  const json = readJsonObject(value);
  return {
    kind: "view",
    key: requiredId(json, "user_id"),
    id: requiredId(json, "event_id"),
    time: requiredEventTime(json, "event_time"),
    url: optionalText(json, "url"),
  };
}
