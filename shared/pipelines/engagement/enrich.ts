import type { Content } from "./records.ts";

/** How long someone was engaged with a content, and how much of it that is. Both null where one of what they come from is missing. */
export interface Engagement {
  readonly engagementSeconds: number | null;
  /** The part of the content's length, as a number with two digits after the point: 0.02 is 2 %. Repetitions make it greater than 1. */
  readonly engagementPct: number | null;
}

const unknown: Engagement = { engagementSeconds: null, engagementPct: null };

/** @param durationMs a whole number, as the content's length is. */
export function engagementOf(durationMs: number | null, content: Content | null): Engagement {
  const lengthSeconds = content?.lengthSeconds ?? 0;
  if (durationMs === null || lengthSeconds === 0) return unknown;
  // Zero plus minus zero is zero.
  return { engagementSeconds: 0 + durationMs / 1_000, engagementPct: pctOf(durationMs, lengthSeconds) };
}

/**
 * Duration by length, rounded to hundredths, halves away from zero. The quotient of whole numbers is rounded as it is: as a double
 * 1005 / 1000 is a little less, and would be rounded down.
 */
function pctOf(durationMs: number, lengthSeconds: number): number {
  const isNegative = durationMs < 0 !== lengthSeconds < 0;
  const dividend = BigInt(Math.abs(durationMs));
  // Of a hundredth of the length, in milliseconds.
  const divisor = 10n * BigInt(Math.abs(lengthSeconds));
  const hundredths = Number((2n * dividend + divisor) / (2n * divisor));
  return (isNegative && hundredths !== 0 ? -hundredths : hundredths) / 100;
}
