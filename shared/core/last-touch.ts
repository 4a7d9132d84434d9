import type { DurationMs, EventTimeMs } from "./units.ts";

/** Something that happened at a time. Where credit is given only within groups, it names its own. */
export interface Grouped {
  readonly time: EventTimeMs;
  readonly group?: string;
}

/** Something that can be given the credit for what happens after it. */
export interface Touch extends Grouped {
  readonly id: string;
}

/** The order of touches: by event time, and between equal times by id in code points. A total order, so arrival never decides. */
export function compareTouches(a: Touch, b: Touch): number {
  return a.time - b.time || compareCodePoints(a.id, b.id);
}

/**
 * Whether `touch` may get the credit for `outcome`: it is of the same group, and neither after it nor longer before it than `window`,
 * both ends in.
 */
export function isEligible(touch: Touch, outcome: Grouped, window: DurationMs): boolean {
  return touch.time <= outcome.time && isWithin(touch, outcome.time, window) && touch.group === outcome.group;
}

/** The latest eligible touch of `touches`, which are in order; `undefined` where there is none. */
export function lastTouch<T extends Touch>(touches: readonly T[], outcome: Grouped, window: DurationMs): T | undefined {
  for (let at = countUpTo(touches, outcome.time) - 1; at >= 0; at--) {
    const touch = touches[at] as T;
    if (!isWithin(touch, outcome.time, window)) return undefined;
    if (touch.group === outcome.group) return touch;
  }
  return undefined;
}

/** `touches` with one more, in order. */
export function withTouch<T extends Touch>(touches: readonly T[], touch: T): readonly T[] {
  let at = countUpTo(touches, touch.time);
  while (at > 0 && compareTouches(touches[at - 1] as T, touch) > 0) at--;
  return touches.toSpliced(at, 0, touch);
}

/**
 * What of `touches` can still matter where nothing older than `horizon` is to come: those not older than it, and of the older ones
 * the latest of each group, which beats the others of it, until it is out of reach of `horizon` itself.
 */
export function pruneTouches<T extends Touch>(
  touches: readonly T[],
  horizon: EventTimeMs,
  window: DurationMs,
): readonly T[] {
  const older = countUpTo(touches, horizon - 1);
  const groups = new Set<string | undefined>();
  const kept: T[] = [];
  for (let at = older - 1; at >= 0; at--) {
    const touch = touches[at] as T;
    if (!isWithin(touch, horizon, window)) break;
    if (groups.has(touch.group)) continue;
    groups.add(touch.group);
    kept.push(touch);
  }
  return kept.length === older ? touches : [...kept.reverse(), ...touches.slice(older)];
}

/** UTF-16 units order surrogates below U+E000; code points don't. */
export function compareCodePoints(a: string, b: string): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return isSurrogate(x) === isSurrogate(y) ? x - y : isSurrogate(x) ? 1 : -1;
  }
  return a.length - b.length;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}

function isWithin({ time }: Touch, until: EventTimeMs, window: DurationMs): boolean {
  return until - time <= window;
}

/** How many of `touches` aren't after `time`. */
function countUpTo(touches: readonly Touch[], time: EventTimeMs): number {
  let low = 0;
  let high = touches.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((touches[middle] as Touch).time <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}
