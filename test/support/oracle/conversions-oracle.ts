import { bestClicks } from "./best-click.ts";
import {
  type Accepted,
  type Answer,
  byCodePoint,
  judgeRecords,
  type OracleLine,
  watermarkOfPartition,
} from "./judge-records.ts";
import { decimalIn, decimalText } from "./oracle-decimal.ts";
import { idIn, textIn, timeIn } from "./oracle-json.ts";

/** All in milliseconds. */
export interface ConversionsSettings {
  readonly allowedLateness: number;
  readonly attributionWindow: number;
  readonly maxFutureSkew: number;
}

export interface ConversionRow {
  readonly event_type: "attributed_conversion";
  readonly conversion_id: string;
  readonly click_id: string | null;
  readonly user_id: string;
  readonly ad_id: string | null;
  readonly campaign_id: string;
  readonly source: string;
  readonly conversion_type: string;
  /** Exact, without zeros that say nothing. */
  readonly value: string;
  readonly click_time: number | null;
  readonly conversion_time: number;
  readonly attribution_window_hours: number;
  readonly attributed: boolean;
  readonly final: true;
}

interface Shared {
  readonly id: string;
  readonly user: string;
  readonly campaign: string;
  readonly source: string;
  readonly time: number;
}

interface Click extends Shared {
  readonly kind: "click";
  readonly ad: string;
}

interface Conversion extends Shared {
  readonly kind: "conversion";
  readonly type: string;
  /** In millionths. */
  readonly value: bigint;
}

const topic = "raw-events";

/**
 * What the conversions pipeline has to make of a record file, straight from the words of semantics.md. The rows are in the order of
 * their conversion times, then of their ids. A click and a conversion may bear the same id: they are of two kinds.
 */
export function judgeConversions(
  lines: Iterable<OracleLine | string>,
  settings: ConversionsSettings,
): Answer<ConversionRow> {
  const { fates, accepted, counts } = judgeRecords<Click | Conversion>(lines, {
    topics: [topic],
    read: readEvent,
    identity: ({ kind, id }, { partition }) => `${kind} ${partition} ${id}`,
    watermark: watermarkOfPartition([topic], settings.allowedLateness),
    isLate: ({ time }, watermark) => time < watermark,
    remembersForEver: false,
    maxFutureSkew: settings.maxFutureSkew,
  });
  return { fates, rows: rowsOf(accepted, settings), counts };
}

function readEvent(fields: Readonly<Record<string, unknown>>): Click | Conversion | "ignored" | undefined {
  const kind = textIn(fields.event_type);
  if (kind === undefined) return undefined;
  if (kind !== "click" && kind !== "conversion") return "ignored";
  const shared = readShared(fields);
  if (!shared) return undefined;
  if (kind === "click") {
    const ad = idIn(fields.ad_id);
    return ad === undefined ? undefined : { ...shared, kind, ad };
  }
  const type = textIn(fields.type);
  const value = decimalIn(fields.value);
  return type === undefined || value === undefined ? undefined : { ...shared, kind, type, value };
}

function readShared(fields: Readonly<Record<string, unknown>>): Shared | undefined {
  const id = idIn(fields.event_id);
  const user = idIn(fields.user_id);
  const campaign = idIn(fields.campaign_id);
  const source = textIn(fields.source);
  const time = timeIn(fields.timestamp);
  if (id === undefined || user === undefined || campaign === undefined) return undefined;
  return source === undefined || time === undefined ? undefined : { id, user, campaign, source, time };
}

function rowsOf(
  accepted: readonly Accepted<Click | Conversion>[],
  { attributionWindow }: ConversionsSettings,
): ConversionRow[] {
  const conversions = accepted.filter((event): event is Accepted<Conversion> => event.kind === "conversion");
  const best = bestClicks({
    clicks: accepted.filter((event): event is Accepted<Click> => event.kind === "click"),
    results: conversions,
    meeting: ({ record, user, campaign }) => JSON.stringify([record.partition, user, campaign]),
    attributionWindow,
  });
  return conversions
    .map((conversion) => rowOf(conversion, best.get(conversion), attributionWindow))
    .sort((a, b) => a.conversion_time - b.conversion_time || byCodePoint(a.conversion_id, b.conversion_id));
}

function rowOf(conversion: Conversion, click: Click | undefined, attributionWindow: number): ConversionRow {
  return {
    event_type: "attributed_conversion",
    conversion_id: conversion.id,
    click_id: click?.id ?? null,
    user_id: conversion.user,
    ad_id: click?.ad ?? null,
    campaign_id: conversion.campaign,
    source: (click ?? conversion).source,
    conversion_type: conversion.type,
    value: decimalText(conversion.value),
    click_time: click?.time ?? null,
    conversion_time: conversion.time,
    attribution_window_hours: attributionWindow / 3_600_000,
    attributed: click !== undefined,
    final: true,
  };
}
