import { pruneTouches, type Touch } from "../../core/last-touch.ts";
import { utf8Length } from "../../core/record.ts";
import { isBefore, type Watermark } from "../../core/watermark.ts";
import type { KeyedRecord, StepContext, StepResult } from "../pipeline.ts";
import type { JoinState, LastTouchJoin, Outcome, StoredJoin } from "./join.ts";

/** What an item may take beside the state that `stateBytesMax` limits: entries that are final but not closed yet. */
const unclosedBytesMax = 360 * 1_024;
/** A UTF-16 unit takes at most six bytes in JSON: an escaped control character. */
const unitBytesMax = 6;

export function touchBytesAtMost<T extends Touch, O extends Outcome<T>>(join: StoredJoin<T, O>, touch: T): number {
  return join.touchFrameBytes + unitBytesMax * lengthOf(join.textsOfTouch(touch));
}

export function outcomeBytesAtMost<T extends Touch, O extends Outcome<T>>(join: StoredJoin<T, O>, outcome: O): number {
  return join.outcomeFrameBytes + unitBytesMax * lengthOf(join.textsOfOutcome(outcome));
}

/**
 * Refuses what makes the state too large. What counts is what the records up to the watermark leave to be kept, so that the answer does not
 * depend on when older entries happen to be pruned; those count only where the item as a whole would no longer fit.
 */
export function fitting<R extends KeyedRecord, T extends Touch, O extends Outcome<T>>(
  { stored, window }: LastTouchJoin<R, T, O>,
  state: JoinState<T, O>,
  { watermark, stateBytesMax, settledBytes }: StepContext,
): StepResult<JoinState<T, O>> {
  if (state.bytesAtMost + settledBytes > stateBytesMax) {
    const isOpen = ({ time }: { time: number }) => !isBefore(time, watermark);
    const counted = countedTouches(state.touches, watermark, window);
    const open = countBytes(stored, counted, state.outcomes.filter(isOpen));
    const all = countBytes(stored, state.touches, state.outcomes) + settledBytes;
    if (open > stateBytesMax || all > unclosedBytesMax) {
      return { kind: "oversized", message: `the state of its user would pass ${stateBytesMax} bytes` };
    }
  }
  return { kind: "accepted", state };
}

/**
 * The touches that count. Of those before the watermark one of each group may still be needed, and groups may be many. Without groups it is
 * a single one, which is nothing to count.
 */
function countedTouches<T extends Touch>(touches: readonly T[], watermark: Watermark, window: number): readonly T[] {
  if (watermark === undefined) return touches;
  return pruneTouches(touches, watermark, window).filter(
    ({ time, group }) => group !== undefined || !isBefore(time, watermark),
  );
}

/** What entries take in the encoded state, in bytes: at least as much, and for those of a state never more than its `bytesAtMost`. */
export function countBytes<T extends Touch, O extends Outcome<T>>(
  join: StoredJoin<T, O>,
  touches: readonly T[],
  outcomes: readonly O[],
): number {
  let bytes = outcomes.length * join.outcomeFrameBytes;
  for (const outcome of outcomes) bytes += jsonLengthOf(join.textsOfOutcome(outcome));
  for (const touch of touches) bytes += join.touchFrameBytes + jsonLengthOf(join.textsOfTouch(touch));
  return bytes;
}

function lengthOf(texts: readonly string[]): number {
  return texts.reduce((total, text) => total + text.length, 0);
}

function jsonLengthOf(texts: readonly string[]): number {
  return texts.reduce((total, text) => total + utf8Length(JSON.stringify(text)) - 2, 0);
}
