import type { DurationMs, EventTimeMs } from "./units.ts";

/** Something that can be given the credit for what happens after it. */
export interface Touch {
  readonly id: string;
  readonly time: EventTimeMs;
}

/** The order of touches: by event time, and between equal times by id in code points. A total order, so arrival never decides. */
export function compareTouches(a: Touch, b: Touch): number {
  return a.time - b.time || compareCodePoints(a.id, b.id);
}

/** Whether `touch` may get the credit for something at `time`: neither after it nor longer before it than `window`, both ends in. */
export function isEligible(touch: Touch, time: EventTimeMs, window: DurationMs): boolean {
  return touch.time <= time && time - touch.time <= window;
}

/** The latest eligible touch of `touches`, which are in order; `undefined` where there is none. */
export function lastTouch<T extends Touch>(
  touches: readonly T[],
  time: EventTimeMs,
  window: DurationMs,
): T | undefined {
  const last = touches[countUpTo(touches, time) - 1];
  return last && isEligible(last, time, window) ? last : undefined;
}

/** `touches` with one more, in order. */
export function withTouch<T extends Touch>(touches: readonly T[], touch: T): readonly T[] {
  let at = countUpTo(touches, touch.time);
  while (at > 0 && compareTouches(touches[at - 1] as T, touch) > 0) at--;
  return touches.toSpliced(at, 0, touch);
}

/**
 * What of `touches` can still matter where nothing older than `horizon` is to come: those not older than it, and of the older ones
 * the latest, which beats them all, until it is out of reach of `horizon` itself.
 */
export function pruneTouches<T extends Touch>(
  touches: readonly T[],
  horizon: EventTimeMs,
  window: DurationMs,
): readonly T[] {
  let firstKept = countUpTo(touches, horizon - 1);
  const latestOlder = touches[firstKept - 1];
  if (latestOlder && isEligible(latestOlder, horizon, window)) firstKept--;
  return firstKept === 0 ? touches : touches.slice(firstKept);
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
