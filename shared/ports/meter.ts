import type { DimensionsOf, GreatestName, SumName } from "./metrics.ts";

/** Counts and measures what happens. */
export interface Meter {
  /** Adds to a sum. */
  count<N extends SumName>(name: N, amount: number, dimensions: DimensionsOf<N>): void;
  /** Of all values the greatest is kept. */
  raise<N extends GreatestName>(name: N, value: number, dimensions: DimensionsOf<N>): void;
}

/** For where nobody reads metrics. */
export const silentMeter: Meter = { count: () => {}, raise: () => {} };
