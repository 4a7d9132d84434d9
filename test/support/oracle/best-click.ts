import { byCodePoint, listOf } from "./judge-records.ts";

interface Click {
  readonly id: string;
  readonly time: number;
}

interface Choice<C extends Click, R extends { readonly time: number }> {
  readonly clicks: readonly C[];
  /** What clicks are credited for. */
  readonly results: readonly R[];
  /** Only clicks and results of one name meet. */
  readonly meeting: (event: C | R) => string;
  /** Both ends are in. */
  readonly attributionWindow: number;
}

/**
 * The best click of each result that has one: the latest that is not after it and not more than the window before it; of those of one
 * time the one with the greatest id. The latest that is not after a result is also the nearest, so where that is too old, all are.
 */
export function bestClicks<C extends Click, R extends { readonly time: number }>(choice: Choice<C, R>): Map<R, C> {
  const clicksOf = new Map<string, C[]>();
  for (const click of choice.clicks) listOf(clicksOf, choice.meeting(click)).push(click);
  for (const clicks of clicksOf.values()) clicks.sort((a, b) => a.time - b.time || byCodePoint(a.id, b.id));
  const best = new Map<R, C>();
  for (const result of choice.results) {
    const click = lastUpTo(result.time, clicksOf.get(choice.meeting(result)) ?? []);
    if (click && result.time - click.time <= choice.attributionWindow) best.set(result, click);
  }
  return best;
}

/** The last of them that is not after a time, of clicks in the order of their times. */
function lastUpTo<C extends Click>(time: number, clicks: readonly C[]): C | undefined {
  let [low, high] = [0, clicks.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((clicks[middle] as C).time <= time) low = middle + 1;
    else high = middle;
  }
  return clicks[low - 1];
}
