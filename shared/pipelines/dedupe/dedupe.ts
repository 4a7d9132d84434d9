import { type JsonFields, parseValue, requiredEventTime, requiredId } from "../../core/record.ts";
import type { Column } from "../../core/row.ts";
import type { DurationMs, EventTimeMs } from "../../core/units.ts";
import { isBefore } from "../../core/watermark.ts";
import type { FactPipeline, FactRecord } from "../pipeline.ts";

export interface DedupeSettings {
  readonly allowedLateness: DurationMs;
}

/** A record of `incoming-events`: `{eventId, eventTime, ...}`; whatever else it holds passes through. */
export interface IncomingEvent extends FactRecord {
  readonly time: EventTimeMs;
}

export const incomingEvents = "incoming-events";
export const dedupedEvents = "deduped_events";

/** What stands in `deduped_events`; `body` is the record's JSON text. */
export const dedupedEventColumns: readonly Column[] = [
  { name: "eventId", type: "string", nullable: false },
  { name: "eventTime", type: "timestamp", nullable: false },
  { name: "body", type: "string", nullable: false },
];

/** `incoming-events` with each `eventId` once, the first that comes, over all partitions. */
export function dedupe({ allowedLateness }: DedupeSettings): FactPipeline<IncomingEvent> {
  return {
    kind: "facts",
    name: "dedupe",
    sources: [incomingEvents],
    scope: "topic",
    dataset: dedupedEvents,
    columns: dedupedEventColumns,
    outputTopic: "processed-events",
    allowedLateness,
    parse: (_, value) => parseValue(value, readEvent),
    isLate: ({ time }, watermark) => isBefore(time, watermark),
    row: ({ id, time, text }) => ({ eventId: id, eventTime: time, body: text }),
    messageKey: ({ id }) => id,
    messageValue: "text",
    folds: [],
  };
}

function readEvent(json: JsonFields): IncomingEvent {
  return { id: requiredId(json, "eventId"), time: requiredEventTime(json, "eventTime"), text: json.text };
}
