import type { Column } from "../../core/row.ts";
import type { DurationMs } from "../../core/units.ts";
import { isBefore } from "../../core/watermark.ts";
import type { KeyedPipeline, Result, StateOf } from "../pipeline.ts";
import { adClicks, type ClickRecord, pageViews, parseRecord, type ViewRecord } from "./records.ts";
import { decode, emptyState, encode, readSettledView, type UserState, type View } from "./state.ts";
import { prune, seal, step } from "./step.ts";

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
    emptyState,
    decode,
    encode,
    step: (state, record, context) => step(state, record, context, settings.attributionWindow),
    prune: (state, context) => prune(state, context, settings.attributionWindow),
    seal,
    marked: ({ views }, marks, of) => marks.flatMap((at) => (views[at] ? [result(views[at], of, false)] : [])),
    between: ({ views }, from, to, of) =>
      views.filter(({ time }) => from <= time && time < to).map((view) => result(view, of, true)),
    settledResult: (stored, of) => result(readSettledView(stored), of, true),
  };
}

function result({ id, time, url, click, revision, watermark, reason }: View, of: StateOf, final: boolean): Result {
  const row = {
    page_view_id: id,
    user_id: of.key,
    event_time: time,
    url,
    attributed_campaign_id: click?.campaign ?? null,
    attributed_click_id: click?.id ?? null,
    attributed_click_time: click?.time ?? null,
    revision,
    final,
    partition: of.partition,
    watermark: watermark ?? null,
    reason,
  };
  return { entity: id, revision, time, row, messageKey: of.key };
}
