import { bucketStart, formatEventTime } from "../../core/time.ts";
import type { DurationMs, EventTimeMs, WallTimeMs } from "../../core/units.ts";
import type { Fold, FoldContext } from "../pipeline.ts";
import type { EngagementEvent } from "./records.ts";

const minuteMs: DurationMs = 60_000;
/** How long the events of a minute are kept, from the minute's start. */
export const minuteKeptFor: DurationMs = 15 * minuteMs;
/** How long an event may be the last one of its content. */
export const lastKeptFor: DurationMs = 60 * minuteMs;

/** What is kept of a content beside the number of its events. */
export interface ContentTotal {
  readonly last?: LastEvent;
  /** Events per minute, by the minute's start, the earliest first. */
  readonly minutes: readonly (readonly [start: EventTimeMs, count: number])[];
}

/** The last event by event time; of two at the same time the one with the greater id. */
export interface LastEvent {
  readonly id: string;
  readonly time: EventTimeMs;
  /** Of its record. */
  readonly text: string;
  /** Until when it is shown. */
  readonly until: WallTimeMs;
}

/** Per content: its last event, and how many it has had in each of the last minutes. */
export const contentTotals: Fold<EngagementEvent, ContentTotal> = {
  name: "content",
  keyOf: ({ contentId }) => contentId,
  empty: { minutes: [] },
  add: ({ last, minutes }, events, context) => {
    const later = events.reduce((latest, event) => laterEvent(latest, event, context), last);
    return { ...(later && { last: later }), minutes: withEvents(minutes, events, context) };
  },
};

/** Per minute, and partition, so that no item takes all writes: how many events each content has had. */
export const minuteTotals: Fold<EngagementEvent, Readonly<Record<string, number>>> = {
  name: "minute",
  keyOf: (event, context) =>
    isKept(minuteOf(event), context) ? minuteKey(minuteOf(event), context.partition) : undefined,
  empty: {},
  add: (counts, events) => {
    const sums = { ...counts };
    for (const { contentId } of events) sums[contentId] = (sums[contentId] ?? 0) + 1;
    return sums;
  },
  expiryOf: (key) => Number(key.split("|")[0]) + minuteKeptFor,
};

/** The key of a partition's total of the minute that begins at `start`. */
export function minuteKey(start: EventTimeMs, partition: number): string {
  return `${start}|${partition}`;
}

/** `YYYYMMDDHHMM`, in UTC. */
export function minuteName(start: EventTimeMs): string {
  return formatEventTime(start).replaceAll(/\D/g, "").slice(0, 12);
}

/** The start of the minute that a time lies in. */
export function minuteAt(time: EventTimeMs | WallTimeMs): EventTimeMs {
  return bucketStart(Number(time), minuteMs);
}

function minuteOf({ time }: EngagementEvent): EventTimeMs {
  return minuteAt(time);
}

function isKept(minute: EventTimeMs, { now }: FoldContext): boolean {
  return now === undefined || now < minute + minuteKeptFor;
}

function laterEvent(
  last: LastEvent | undefined,
  { id, time, text }: EngagementEvent,
  { now }: FoldContext,
): LastEvent | undefined {
  if (now !== undefined && now >= time + lastKeptFor) return last;
  const isLater = !last || time > last.time || (time === last.time && BigInt(id) > BigInt(last.id));
  return isLater ? { id, time, text, until: Math.max(now ?? 0, time) + lastKeptFor } : last;
}

function withEvents(minutes: ContentTotal["minutes"], events: readonly EngagementEvent[], context: FoldContext) {
  const counts = new Map(minutes);
  for (const event of events) counts.set(minuteOf(event), (counts.get(minuteOf(event)) ?? 0) + 1);
  return [...counts].filter(([start]) => isKept(start, context)).sort(([a], [b]) => a - b);
}
