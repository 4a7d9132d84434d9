import type { Column } from "../../core/row.ts";
import type { DurationMs } from "../../core/units.ts";
import { isBefore, type Watermark } from "../../core/watermark.ts";
import { keyedJoin } from "../last-touch-join/keyed-join.ts";
import type { KeyedPipeline, Result, StateOf } from "../pipeline.ts";
import { adClicks, type ClickRecord, pageViews, parseRecord, type ViewRecord } from "./records.ts";
import { type Click, storedAttribution, type UserState, type View } from "./state.ts";

export interface AttributionSettings {
  /** How long before a page view a click may lie and still be credited with it; both ends count. */
  readonly attributionWindow: DurationMs;
  readonly allowedLateness: DurationMs;
  readonly finalInterval: DurationMs;
}

export const attributedPageViews = "attributed_page_views";

/** What stands in `attributed_page_views`. */
export const attributedPageViewColumns: readonly Column[] = [
  { name: "page_view_id", type: "string", nullable: false },
  { name: "user_id", type: "string", nullable: false },
  { name: "event_time", type: "timestamp", nullable: false },
  { name: "url", type: "string", nullable: true },
  { name: "attributed_campaign_id", type: "string", nullable: true },
  { name: "attributed_click_id", type: "string", nullable: true },
  { name: "attributed_click_time", type: "timestamp", nullable: true },
  { name: "revision", type: "int32", nullable: false },
  { name: "final", type: "boolean", nullable: false },
  { name: "partition", type: "int32", nullable: false },
  { name: "watermark", type: "timestamp", nullable: true },
  { name: "reason", type: "string", nullable: false },
];

/** `ad_clicks` x `page_views`: each page view goes to the user's last click within the attribution window. */
export function attribution(settings: AttributionSettings): KeyedPipeline<ClickRecord | ViewRecord, UserState> {
  return {
    kind: "keyed",
    name: "attribution",
    sources: [adClicks, pageViews],
    scope: "partition",
    dataset: attributedPageViews,
    columns: attributedPageViewColumns,
    outputTopic: "attributed-page-views",
    allowedLateness: settings.allowedLateness,
    finalInterval: settings.finalInterval,
    parse: parseRecord,
    resultTime: (record) => (record.kind === "view" ? record.time : undefined),
    isLate: (record, watermark) => isBefore(record.time, watermark),
    ...keyedJoin<ClickRecord | ViewRecord, Click, View>({
      window: settings.attributionWindow,
      read: readRecord,
      credit: (view, touch, watermark) => ({ ...view, touch, watermark }),
      result,
      stored: storedAttribution,
    }),
  };
}

function readRecord(record: ClickRecord | ViewRecord, watermark: Watermark): { touch: Click } | { outcome: View } {
  const { id, time } = record;
  return record.kind === "click"
    ? { touch: { id, time, campaign: record.campaign } }
    : { outcome: { id, time, url: record.url, touch: null, revision: 1, watermark } };
}

function result(view: View, of: StateOf, final: boolean): Result {
  const { id, time, url, touch, revision, watermark } = view;
  const row = {
    page_view_id: id,
    user_id: of.key,
    event_time: time,
    url,
    attributed_campaign_id: touch?.campaign ?? null,
    attributed_click_id: touch?.id ?? null,
    attributed_click_time: touch?.time ?? null,
    revision,
    final,
    partition: of.partition,
    watermark: watermark ?? null,
    reason: reasonOf(view),
  };
  return { entity: id, revision, time, row, messageKey: of.key };
}

/** `click`: credited at once; `no-click`: nobody to credit yet; `better-click`: a click that came later won. */
function reasonOf({ touch, revision }: View): "click" | "no-click" | "better-click" {
  if (revision > 1) return "better-click";
  return touch ? "click" : "no-click";
}
