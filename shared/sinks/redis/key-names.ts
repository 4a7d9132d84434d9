import { bucketStart, formatEventTime } from "../../core/time.ts";
import type { DurationMs, EventTimeMs, WallTimeMs } from "../../core/units.ts";

const minuteMs: DurationMs = 60_000;
/** How long a minute is kept, from its start. */
const minuteKeptFor: DurationMs = 15 * minuteMs;
/** How long an event is a content's last one. */
const lastKeptFor: DurationMs = 60 * minuteMs;
/** The current one among them. */
const summedMinutesMax = 10;
/** How long `top` is kept after a write. */
export const topKeptFor: DurationMs = 120_000;

/**
 * Events per bitmap of marks. With 2,000, marks cost 1.3 bits per event where ids have no gaps, as those of a sequence, and some 360 bytes
 * where every id has a bitmap to itself; with 8,000 it would be 1.1 bits and 1,100 bytes (Redis 7.0, jemalloc).
 */
export const marksPerKey = 2_000;

/** The bit that says whether an event was counted. `bits`: how many the value has room for. */
export interface Mark {
  readonly key: string;
  readonly bit: number;
  readonly bits: number;
}

/** What all keys are called, behind a prefix. */
export interface KeyNames {
  last(contentId: string): string;
  count(contentId: string): string;
  /** The contents with events in the minute of `time`. */
  bucket(time: EventTimeMs | WallTimeMs): string;
  /** The sum of the buckets of the last 10 minutes. */
  readonly top: string;
  /** The minute that was `top`'s last one when it was written. */
  readonly topMinute: string;
  mark(eventId: string): Mark;
  /** A key that there never is: a command on it does nothing, and tells whether it is allowed. */
  readonly nothing: string;
}

export function keyNames(prefix: string): KeyNames {
  return {
    last: (contentId) => `${prefix}content:last:${contentId}`,
    count: (contentId) => `${prefix}content:count:${contentId}`,
    bucket: (time) => `${prefix}top:content:bucket:${minuteOf(time)}`,
    top: `${prefix}top:content:10m`,
    topMinute: `${prefix}top:content:10m:minute`,
    mark: (eventId) => markOf(`${prefix}event:seen:`, eventId),
    nothing: `${prefix}top:content:nothing`,
  };
}

/** `YYYYMMDDHHMM`, in UTC. */
export function minuteOf(time: EventTimeMs | WallTimeMs): string {
  return formatEventTime(time).slice(0, 16).replace(/\D/g, "");
}

/** The start of the minute of `time`; `undefined` where that minute is gone: it goes 15 minutes after its start. */
export function keptMinute(time: EventTimeMs, now: WallTimeMs): EventTimeMs | undefined {
  const start = bucketStart(time, minuteMs);
  return bucketExpiry(start) > now ? start : undefined;
}

export function bucketExpiry(minuteStart: EventTimeMs): WallTimeMs {
  return minuteStart + minuteKeptFor;
}

/** When an event that is written now ceases to be its content's last one; `undefined` where it is too old to become that. */
export function lastExpiry(time: EventTimeMs, now: WallTimeMs): WallTimeMs | undefined {
  return time + lastKeptFor > now ? Math.max(now, time) + lastKeptFor : undefined;
}

/** A time in each of the minutes that `top` sums up now, the newest first; none before 1970. */
export function summedMinutes(now: WallTimeMs): readonly WallTimeMs[] {
  return Array.from({ length: summedMinutesMax }, (_, i) => now - i * minuteMs).filter((time) => time >= 0);
}

/** The digits alone tell the two kinds apart: no id that has a key to itself is the number of a bitmap. */
function markOf(prefix: string, eventId: string): Mark {
  if (!/^(0|[1-9]\d*)$/.test(eventId)) return { key: prefix + eventId, bit: 0, bits: 1 };
  const id = BigInt(eventId);
  const size = BigInt(marksPerKey);
  return { key: `${prefix}${id / size}`, bit: Number(id % size), bits: marksPerKey };
}
