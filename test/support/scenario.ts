import type { WorldSettings } from "./world.ts";

/**
 * What arrives, first to last, each with the event time it carries (`arrivals.ts`); the whole answer (`answerOf` in `play.ts`); and
 * the settings that differ from the defaults: a lateness of 2 min, a window of 30 min, a skew of 5 min.
 */
export type Scenario = [name: string, arrivals: string, answer: string, settings?: Partial<WorldSettings>];

export function lateness(minutes: number): Partial<WorldSettings> {
  return { allowedLateness: minutes * 60_000 };
}

/** Arrivals of another user that put the watermark of partition 0 at 12:08, and what they add to the answer. */
export const at1208 = "12:10 click other u9; 12:10 view aside u9";
export const aside = "aside <- other";
