import type { DurationMs, WallTimeMs } from "../core/units.ts";

/**
 * The schedule of a rate limit. Each slot lets one request through, and slots lie evenly: at 50 requests per second every 20 ms. Instances
 * lease stretches of the schedule, one behind the other, so that no slot belongs to two of them.
 */
export interface Schedule {
  /** When this was written, by the clock of the instance that did. */
  readonly at: WallTimeMs;
  /** The first slot that nobody has, with a fraction where slots lie closer than a millisecond. */
  readonly next: WallTimeMs;
}

/** `count` slots, `interval` apart, the first at `first`. */
export interface Lease {
  readonly first: WallTimeMs;
  readonly count: number;
}

/** `later`: the schedule is let far ahead, look again after `wait`. */
export type Plan =
  | { readonly kind: "lease"; readonly lease: Lease; readonly schedule: Schedule }
  | { readonly kind: "later"; readonly wait: DurationMs };

/** How long after its time a slot still lets a request through: what timers and answers of the store may be late. Then it is lost. */
export const usableFor: DurationMs = 200;

/** How far back a lease may begin. A read and a write take less, so an instance that is alone loses no slot between two leases. */
export const catchUpMax: DurationMs = 100;

/** How much of the schedule one lease takes at most, if that is a slot at all: what is lost when its instance stops. */
export const leaseMax: DurationMs = 500;

/** How far ahead a lease may begin. Where many instances wait, few hold slots and the others none that could be lost. */
export const leadMax: DurationMs = 2_000;

/** The distance between two slots at the lowest rate, 1 per second. */
const intervalMax: DurationMs = 1_000;
const spanMax = Math.max(leaseMax, intervalMax);
/** The end of the year 9999: up to there times have at least five binary digits behind the point. */
const timeMax: WallTimeMs = 253_402_300_799_999;

/** The slots of one lease, at most. */
export function leaseSizeMax(interval: DurationMs): number {
  return Math.max(1, Math.floor(leaseMax / interval));
}

/** The schedule in a document's body; `undefined` where it is none that this code can have written. */
export function readSchedule(body: string): Schedule | undefined {
  const { at, next } = parsedObject(body);
  if (typeof at !== "number" || typeof next !== "number") return undefined;
  const isPlausible = at >= 0 && at <= timeMax && next >= at - catchUpMax && next <= at + leadMax + spanMax;
  return isPlausible ? { at, next } : undefined;
}

/** What tells how many slots an instance needs. */
export interface Need {
  /** Requests that wait for a slot. */
  readonly waiting: number;
  /** Slots of the lease before that let a request through and those that were lost; none where that lease is not of just now. */
  readonly used: number;
  readonly lost: number;
}

/** What to lease of a schedule, which is `undefined` where nobody has begun one. */
export function planLease(
  held: Schedule | undefined,
  need: Need,
  { now, interval }: { readonly now: WallTimeMs; readonly interval: DurationMs },
): Plan {
  const first = held ? Math.max(held.next, now - catchUpMax) : now;
  const wait = first - now - leadMax;
  if (wait > 0) return { kind: "later", wait };
  const count = Math.min(wantedBy(need, first > now), leaseSizeMax(interval));
  return { kind: "lease", lease: { first, count }, schedule: { at: now, next: first + count * interval } };
}

/**
 * A slot for each request that waits, or what the lease before has shown. Once all of it was used, more is asked for, as each lease has
 * to be paid for: much more where slots lie idle, and a little more where others wait for them too.
 */
function wantedBy({ waiting, used, lost }: Need, isScarce: boolean): number {
  const more = lost > 0 ? 0 : isScarce ? Math.ceil(used / 10) : used;
  return Math.max(waiting, used + more);
}

/** No slots, and a schedule that goes on where all slots are over that anybody can hold. */
export function planPause(now: WallTimeMs): Extract<Plan, { kind: "lease" }> {
  return { kind: "lease", lease: { first: now, count: 0 }, schedule: { at: now, next: now + leadMax + spanMax } };
}

function parsedObject(text: string): { readonly at?: unknown; readonly next?: unknown } {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}
