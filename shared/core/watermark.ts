import type { DurationMs, EventTimeMs } from "./units.ts";

/** An event time, or `undefined`: nothing was seen yet, so nothing is late. */
export type Watermark = EventTimeMs | undefined;

/**
 * The watermark of a partition: the least of its sources' highest event times less the allowed lateness, and never below `floor`.
 *
 * It is the floor alone until every source has been seen. A source that is idle is left out by its caller; with none left there is
 * only the floor: silence never moves a watermark.
 */
export function watermarkOf(highest: readonly Watermark[], allowedLateness: DurationMs, floor: Watermark): Watermark {
  let least = Number.POSITIVE_INFINITY;
  for (const time of highest) {
    if (time === undefined) return floor;
    if (time < least) least = time;
  }
  return highest.length === 0 ? floor : laterOf(least - allowedLateness, floor);
}

/** The later of two, `undefined` standing before all times. */
export function laterOf(a: Watermark, b: Watermark): Watermark {
  if (a === undefined) return b;
  return b === undefined || a > b ? a : b;
}

/** The earlier of two, `undefined` standing before all times. */
export function earlierOf(a: Watermark, b: Watermark): Watermark {
  if (a === undefined || b === undefined) return undefined;
  return a < b ? a : b;
}

/** Whether `time` lies before the watermark. Equal is not before: such a record isn't late, such a result isn't final. */
export function isBefore(time: EventTimeMs, watermark: Watermark): boolean {
  return watermark !== undefined && time < watermark;
}
