import type { Column } from "../../core/row.ts";
import type { DurationMs } from "../../core/units.ts";
import { isBefore } from "../../core/watermark.ts";
import { keyedJoin } from "../last-touch-join/keyed-join.ts";
import type { KeyedPipeline, Result, StateOf } from "../pipeline.ts";
import { type ClickRecord, type ConversionRecord, parseRecord, rawEvents } from "./records.ts";
import { type Click, type Conversion, storedConversions, type UserState } from "./state.ts";

export interface ConversionsSettings {
  /** How long before a conversion a click may lie and still be credited with it; both ends count. */
  readonly attributionWindow: DurationMs;
  readonly allowedLateness: DurationMs;
  readonly finalInterval: DurationMs;
}

export const attributedEvents = "attributed_events";

/** What stands in `attributed_events`. */
export const attributedEventColumns: readonly Column[] = [
  { name: "event_type", type: "string", nullable: false },
  { name: "conversion_id", type: "string", nullable: false },
  { name: "click_id", type: "string", nullable: true },
  { name: "user_id", type: "string", nullable: false },
  { name: "ad_id", type: "string", nullable: true },
  { name: "campaign_id", type: "string", nullable: false },
  { name: "source", type: "string", nullable: false },
  { name: "conversion_type", type: "string", nullable: false },
  { name: "value", type: "decimal", nullable: false },
  { name: "click_time", type: "timestamp", nullable: true },
  { name: "conversion_time", type: "timestamp", nullable: false },
  { name: "attribution_window_hours", type: "double", nullable: false },
  { name: "attributed", type: "boolean", nullable: false },
  { name: "revision", type: "int32", nullable: false },
  { name: "final", type: "boolean", nullable: false },
];

const hourMs = 3_600_000;

/** Clicks and conversions of `raw-events`: each conversion goes to the user's last click of its campaign within the attribution window. */
export function conversions(settings: ConversionsSettings): KeyedPipeline<ClickRecord | ConversionRecord, UserState> {
  const windowHours = settings.attributionWindow / hourMs;
  return {
    kind: "keyed",
    name: "conversions",
    sources: [rawEvents],
    scope: "partition",
    dataset: attributedEvents,
    columns: attributedEventColumns,
    outputTopic: "attributed-events",
    allowedLateness: settings.allowedLateness,
    finalInterval: settings.finalInterval,
    parse: (_, value) => parseRecord(value),
    resultTime: (record) => (record.kind === "conversion" ? record.time : undefined),
    isLate: (record, watermark) => isBefore(record.time, watermark),
    ...keyedJoin<ClickRecord | ConversionRecord, Click, Conversion>({
      window: settings.attributionWindow,
      read: readRecord,
      credit: (conversion, touch) => ({ ...conversion, touch, source: touch.source }),
      result: (conversion, of, final) => result(conversion, of, final, windowHours),
      stored: storedConversions,
    }),
  };
}

function readRecord(record: ClickRecord | ConversionRecord): { touch: Click } | { outcome: Conversion } {
  const { id, time, campaign: group, source } = record;
  if (record.kind === "click") return { touch: { id, time, group, ad: record.ad, source } };
  const { type, value } = record;
  return { outcome: { id, time, group, type, value, source, touch: null, revision: 1 } };
}

function result(conversion: Conversion, of: StateOf, final: boolean, windowHours: number): Result {
  const { id, time, touch, revision } = conversion;
  const row = {
    event_type: "attributed_conversion",
    conversion_id: id,
    click_id: touch?.id ?? null,
    user_id: of.key,
    ad_id: touch?.ad ?? null,
    campaign_id: conversion.group,
    source: conversion.source,
    conversion_type: conversion.type,
    value: conversion.value,
    click_time: touch?.time ?? null,
    conversion_time: time,
    attribution_window_hours: windowHours,
    attributed: touch !== null,
    revision,
    final,
  };
  return { entity: id, revision, time, row, messageKey: of.key };
}
