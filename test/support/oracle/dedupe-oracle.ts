import { type Answer, byCodePoint, judgeRecords, type OracleLine, watermarkOfTopic } from "./judge-records.ts";
import { idIn, timeIn } from "./oracle-json.ts";

export interface DedupeSettings {
  /** In milliseconds. */
  readonly allowedLateness: number;
  /** In milliseconds. */
  readonly maxFutureSkew: number;
  /** How many the topic has. */
  readonly partitions: number;
}

export interface DedupedRow {
  readonly eventId: string;
  readonly eventTime: number;
  /** The record's value as it came. */
  readonly body: string;
}

interface Event {
  readonly id: string;
  readonly time: number;
}

const topic = "incoming-events";

/**
 * What the dedupe pipeline has to make of a record file, straight from the words of semantics.md. Nothing expires: recorded input has
 * no wall clock. The rows are in the order of their event times, then of their ids.
 */
export function judgeDedupe(lines: Iterable<OracleLine | string>, settings: DedupeSettings): Answer<DedupedRow> {
  const { fates, accepted, counts } = judgeRecords<Event>(lines, {
    topics: [topic],
    read: readEvent,
    identity: ({ id }) => id,
    watermark: watermarkOfTopic(topic, settings.partitions, settings.allowedLateness),
    isLate: ({ time }, watermark) => time < watermark,
    remembersForEver: true,
    maxFutureSkew: settings.maxFutureSkew,
  });
  const rows = accepted
    .map(({ id, time, record }) => ({ eventId: id, eventTime: time, body: record.payload ?? "" }))
    .sort((a, b) => a.eventTime - b.eventTime || byCodePoint(a.eventId, b.eventId));
  return { fates, rows, counts };
}

function readEvent(fields: Readonly<Record<string, unknown>>): Event | undefined {
  const id = idIn(fields.eventId);
  const time = timeIn(fields.eventTime);
  return id === undefined || time === undefined ? undefined : { id, time };
}
