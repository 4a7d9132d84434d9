import type { Column, Row } from "../../core/row.ts";
import type { DurationMs } from "../../core/units.ts";
import type { FactContext, FactPipeline } from "../pipeline.ts";
import { engagementOf } from "./enrich.ts";
import {
  type Content,
  contentTable,
  type EngagementEvent,
  engagementEvents,
  parseContentChange,
  parseEvent,
} from "./records.ts";
import { contentTotals, minuteTotals } from "./totals.ts";

export interface EngagementSettings {
  readonly allowedLateness: DurationMs;
  readonly finalInterval: DurationMs;
  /** How long after its time an event waits for its content. */
  readonly enrichmentWait: DurationMs;
  /** Whether rows that a snapshot of the table reads count as events. */
  readonly includeSnapshot: boolean;
}

export const enrichedEvents = "events_enriched";

/** What stands in `events_enriched`. */
export const enrichedEventColumns: readonly Column[] = [
  { name: "event_id", type: "int64", nullable: false },
  { name: "content_id", type: "int64", nullable: false },
  { name: "user_id", type: "string", nullable: false },
  { name: "event_type", type: "string", nullable: false },
  { name: "event_ts", type: "timestamp", nullable: false },
  { name: "duration_ms", type: "int64", nullable: true },
  { name: "device", type: "string", nullable: true },
  { name: "content_type", type: "string", nullable: true },
  { name: "length_seconds", type: "int64", nullable: true },
  { name: "engagement_seconds", type: "double", nullable: true },
  { name: "engagement_pct", type: "double", nullable: true },
  { name: "revision", type: "int32", nullable: false },
];

/** New rows of `engagement_events`, each once, with what `content` says of theirs; as Debezium tells of both tables. */
export function engagement(settings: EngagementSettings): FactPipeline<EngagementEvent, Content> {
  const { allowedLateness, finalInterval, enrichmentWait, includeSnapshot } = settings;
  return {
    kind: "facts",
    name: "engagement",
    sources: [engagementEvents],
    scope: "partition",
    dataset: enrichedEvents,
    columns: enrichedEventColumns,
    outputTopic: "events-enriched",
    allowedLateness,
    finalInterval,
    parse: (_, value) => parseEvent(value, { includeSnapshot }),
    // There is nothing that a late event could correct: it counts, with what is known.
    isLate: () => false,
    row: enrichedRow,
    compareRows,
    messageKey: ({ contentId }) => contentId,
    messageValue: "row",
    folds: [contentTotals, minuteTotals],
    lookup: {
      topic: contentTable,
      wait: enrichmentWait,
      keyOf: ({ contentId }) => contentId,
      parseChange: parseContentChange,
    },
  };
}

export function enrichedRow(event: EngagementEvent, { found, revision }: Omit<FactContext<Content>, "timestamp">): Row {
  const { engagementSeconds, engagementPct } = engagementOf(event.durationMs, found);
  return {
    event_id: numberOrDigits(event.id),
    content_id: numberOrDigits(event.contentId),
    user_id: event.userId,
    event_type: event.eventType,
    event_ts: event.time,
    duration_ms: event.durationMs,
    device: event.device,
    content_type: found?.contentType ?? null,
    length_seconds: found?.lengthSeconds ?? null,
    engagement_seconds: engagementSeconds,
    engagement_pct: engagementPct,
    revision,
  };
}

/** A 64-bit integer: a number as long as one holds it exactly. */
function numberOrDigits(digits: string): number | string {
  const number = Number(digits);
  return Number.isSafeInteger(number) ? number : digits;
}

function compareRows(a: Row, b: Row): number {
  return (
    Number(a.event_ts) - Number(b.event_ts) ||
    compareIds(a.content_id, b.content_id) ||
    compareIds(a.event_id, b.event_id)
  );
}

function compareIds(a: Row[string] = 0, b: Row[string] = 0): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  const difference = BigInt(a ?? 0) - BigInt(b ?? 0);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}
