import type { Grouped, Touch } from "../../core/last-touch.ts";
import type { DurationMs, EventTimeMs } from "../../core/units.ts";
import type { Watermark } from "../../core/watermark.ts";
import type { KeyedRecord, Result, StateOf } from "../pipeline.ts";

/** What a touch can get the credit for, and who has it so far. */
export interface Outcome<T extends Touch> extends Grouped {
  readonly id: string;
  readonly touch: T | null;
  /** 1 for the first, one more whenever a better touch turns up. Counted as the state is sealed, not by each step. */
  readonly revision: number;
}

/** All that is kept of one key in one partition. */
export interface JoinState<T extends Touch, O extends Outcome<T>> {
  /**
   * In their order. They also tell which ids of touches are known. The touch of every outcome is among them: a later one of its group that
   * could take its place before a horizon would have won the outcome, and what reaches the outcome reaches the horizon before it.
   */
  readonly touches: readonly T[];
  /** Those whose final row is not written yet, in order of arrival. They also tell which ids of outcomes are known. */
  readonly outcomes: readonly O[];
  /** At least as much as the encoded state takes, in bytes: cheap to keep, so that an exact count is seldom needed. */
  readonly bytesAtMost: number;
}

/**
 * A join of touches and outcomes of one key, in which each outcome goes to the last touch before it: what a pipeline has to say of its own
 * touches and outcomes. How they join is the same for all (`step.ts`).
 */
export interface LastTouchJoin<R extends KeyedRecord, T extends Touch, O extends Outcome<T>> {
  /** How long before an outcome a touch may lie; both ends count. */
  readonly window: DurationMs;
  /** What a record is: a touch, or an outcome in its first revision, which nobody has the credit for yet. */
  read(record: R, watermark: Watermark): { readonly touch: T } | { readonly outcome: O };
  /** `outcome` with the credit given to `touch`. `watermark`: as it stood just before the record that brings it about. */
  credit(outcome: O, touch: T, watermark: Watermark): O;
  result(outcome: O, of: StateOf, final: boolean): Result;
  readonly stored: StoredJoin<T, O>;
}

/** How a pipeline's touches and outcomes are stored: as JSON, with times as distances from `base`. */
export interface StoredJoin<T extends Touch, O extends Outcome<T>> {
  storeTouch(touch: T, base: EventTimeMs): unknown;
  readTouch(stored: unknown, base: EventTimeMs): T;
  /** `place`: of its touch among the stored touches. */
  storeOutcome(outcome: O, base: EventTimeMs, place: number | undefined): unknown;
  readOutcome(stored: unknown, base: EventTimeMs, touches: readonly T[]): O;
  /** The texts that the stored form holds. What it takes besides, at most: numbers, quotes, commas and brackets, in bytes. */
  textsOfTouch(touch: T): readonly string[];
  textsOfOutcome(outcome: O): readonly string[];
  readonly touchFrameBytes: number;
  readonly outcomeFrameBytes: number;
}
