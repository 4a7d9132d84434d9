import type { WallTimeMs } from "../../shared/core/units.ts";
import type { Clock } from "../../shared/ports/clock.ts";

export const systemClock: Clock = { now: () => Date.now() };

/** The wall clock, or one that stands still. */
export function clockOf(stillAt: WallTimeMs | undefined): Clock {
  return stillAt === undefined ? systemClock : { now: () => stillAt };
}
