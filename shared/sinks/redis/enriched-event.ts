import { formatEventTime, parseEventTime } from "../../core/time.ts";
import type { EventTimeMs } from "../../core/units.ts";
import type { StoredOutput } from "../../ports/result-store.ts";

/** A revision of an engagement event, as far as the views look into it. */
export interface EnrichedEvent {
  readonly outputId: string;
  readonly eventId: string;
  readonly contentId: string;
  readonly time: EventTimeMs;
  readonly revision: number;
  /** The output's body, as JSON. */
  readonly body: string;
}

/** An output as an event, or why it is none. */
export function readEnrichedEvent({ id, entity, revision, body }: StoredOutput): EnrichedEvent | string {
  const time = typeof body.event_ts === "string" ? parseEventTime(body.event_ts) : undefined;
  // The script reads stored bodies itself, and knows one form of times only.
  if (time === undefined || formatEventTime(time) !== body.event_ts)
    return "event_ts is no time such as 2024-01-01T12:10:00Z";
  const contentId = idText(body.content_id);
  if (contentId === undefined) return "content_id is no id";
  if (idText(body.event_id) !== entity) return "event_id is not that of the output";
  if (body.revision !== revision) return "revision is not that of the output";
  if (Object.values(body).some(isNested)) return "a field holds more than a value";
  return { outputId: id, eventId: entity, contentId, time, revision, body: JSON.stringify(body) };
}

/** Whether `one` is to be the last event of its content, and not `other`: the later, then the greater id, then the higher revision. */
export function isAfter(one: EnrichedEvent, other: EnrichedEvent): boolean {
  if (one.time !== other.time) return one.time > other.time;
  if (one.eventId.length !== other.eventId.length) return one.eventId.length > other.eventId.length;
  if (one.eventId !== other.eventId) return one.eventId > other.eventId;
  return one.revision > other.revision;
}

/** Half of a surrogate pair can't be sent: keys of different ids would be the same. */
function idText(value: unknown): string | undefined {
  if (typeof value === "number") return Number.isSafeInteger(value) ? String(value) : undefined;
  return typeof value === "string" && value !== "" && value.isWellFormed() ? value : undefined;
}

function isNested(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}
