import {
  type JsonFields,
  optionalText,
  type Parsed,
  parseValue,
  requiredEventTime,
  requiredId,
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
  return parseValue<ClickRecord | ViewRecord>(value, topic === adClicks ? readClick : readView);
}

function readClick(json: JsonFields): ClickRecord {
  return {
    kind: "click",
    key: requiredId(json, "user_id"),
    id: requiredId(json, "click_id"),
    time: requiredEventTime(json, "event_time"),
    campaign: requiredId(json, "campaign_id"),
  };
}

function readView(json: JsonFields): ViewRecord {
  return {
    kind: "view",
    key: requiredId(json, "user_id"),
    id: requiredId(json, "event_id"),
    time: requiredEventTime(json, "event_time"),
    url: optionalText(json, "url"),
  };
}
