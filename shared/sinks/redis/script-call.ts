import type { DurationMs, WallTimeMs } from "../../core/units.ts";
import { type EnrichedEvent, isAfter } from "./enriched-event.ts";
import {
  bucketExpiry,
  type KeyNames,
  keptMinute,
  lastExpiry,
  minuteOf,
  summedMinutes,
  topKeptFor,
} from "./key-names.ts";
import type { ScriptInput } from "./redis-session.ts";

/** What the script is to do. It names keys and texts by their number in KEYS and ARGV, all else by its place in a list, from 1. */
interface Plan {
  /** The current minute. */
  readonly minute: string;
  readonly topKeptFor: DurationMs;
  /** How many buckets `top` sums up. */
  readonly summed: number;
  readonly contents: readonly { readonly id: number; readonly count: number }[];
  readonly buckets: readonly { readonly key: number; readonly expiresAt: WallTimeMs }[];
  readonly marks: readonly MarkPlan[];
  readonly lasts: readonly { readonly key: number; readonly body: number; readonly expiresAt: WallTimeMs }[];
}

interface MarkPlan {
  readonly key: number;
  readonly bits: number;
  /** An event's bit, and what it adds to where it isn't set; bucket 0: to none, the minute is gone. No bit stands here twice. */
  readonly events: [bit: number, content: number, bucket: number][];
}

/** A call of the script. */
export interface ScriptCall extends ScriptInput {
  /** The keys that hold something of an event. */
  keysOf(event: EnrichedEvent): readonly string[];
}

/** Counts each event once, however many revisions of it there are, and offers each content the last of its events. */
export function planCall(events: readonly EnrichedEvent[], names: KeyNames, now: WallTimeMs): ScriptCall {
  const summed = summedMinutes(now).map(names.bucket);
  const keys = numbered((key: string) => key);
  for (const key of [names.nothing, names.top, names.topMinute, ...summed]) keys.numberOf(key);
  // ARGV[1] is the plan.
  const texts = numbered((text: string) => text, 2);
  const contents = numbered((contentId: string) => {
    return { id: texts.numberOf(contentId), count: keys.numberOf(names.count(contentId)) };
  });
  const buckets = numbered((minute: number) => {
    return { key: keys.numberOf(names.bucket(minute)), expiresAt: bucketExpiry(minute) };
  });
  const marks = new Map<string, MarkPlan>();
  for (const { eventId, contentId, time } of firstOfEach(events)) {
    const { key, bits, bit } = names.mark(eventId);
    const minute = keptMinute(time, now);
    const mark = marks.get(key) ?? { key: keys.numberOf(key), bits, events: [] };
    mark.events.push([bit, contents.numberOf(contentId), minute === undefined ? 0 : buckets.numberOf(minute)]);
    marks.set(key, mark);
  }
  const lasts = lastOfEach(events, now).map(({ event, expiresAt }) => {
    return { key: keys.numberOf(names.last(event.contentId)), body: texts.numberOf(event.body), expiresAt };
  });
  const plan: Plan = {
    ...{ minute: minuteOf(now), topKeptFor, summed: summed.length },
    ...{ contents: contents.entries, buckets: buckets.entries, marks: [...marks.values()], lasts },
  };
  return {
    keys: keys.entries,
    args: [JSON.stringify(plan), ...texts.entries],
    keysOf: (event) => keysOf(event, names, now),
  };
}

function keysOf({ eventId, contentId, time }: EnrichedEvent, names: KeyNames, now: WallTimeMs): readonly string[] {
  const minute = keptMinute(time, now);
  return [
    names.mark(eventId).key,
    names.count(contentId),
    ...(minute === undefined ? [] : [names.bucket(minute)]),
    ...(lastExpiry(time, now) === undefined ? [] : [names.last(contentId)]),
  ];
}

function firstOfEach(events: readonly EnrichedEvent[]): Iterable<EnrichedEvent> {
  const firsts = new Map<string, EnrichedEvent>();
  for (const event of events) if (!firsts.has(event.eventId)) firsts.set(event.eventId, event);
  return firsts.values();
}

function lastOfEach(events: readonly EnrichedEvent[], now: WallTimeMs) {
  const lasts = new Map<string, { event: EnrichedEvent; expiresAt: WallTimeMs }>();
  for (const event of events) {
    const expiresAt = lastExpiry(event.time, now);
    const last = lasts.get(event.contentId);
    if (expiresAt !== undefined && (!last || isAfter(event, last.event))) {
      lasts.set(event.contentId, { event, expiresAt });
    }
  }
  return [...lasts.values()];
}

/** Gives numbers, from `first` up, to names as they come; `make` makes the entry of a new one. */
function numbered<Name, Entry>(make: (name: Name) => Entry, first = 1) {
  const numbers = new Map<Name, number>();
  const entries: Entry[] = [];
  const numberOf = (name: Name): number => {
    let number = numbers.get(name);
    if (number === undefined) {
      number = entries.push(make(name)) - 1 + first;
      numbers.set(name, number);
    }
    return number;
  };
  return { numberOf, entries: entries as readonly Entry[] };
}
