import { compareTouches, isEligible, lastTouch, pruneTouches, type Touch, withTouch } from "../../core/last-touch.ts";
import type { DurationMs, EventTimeMs } from "../../core/units.ts";
import { isBefore, type Watermark } from "../../core/watermark.ts";
import type { KeyedRecord, PruneContext, Pruned, Sealed, StepContext, StepResult } from "../pipeline.ts";
import type { JoinState, LastTouchJoin, Outcome } from "./join.ts";
import { fitting, outcomeBytesAtMost, touchBytesAtMost } from "./size.ts";
import { settle } from "./stored-state.ts";

/** One touch or outcome, on time, taken into the state of its key. */
export function step<R extends KeyedRecord, T extends Touch, O extends Outcome<T>>(
  join: LastTouchJoin<R, T, O>,
  state: JoinState<T, O>,
  record: R,
  context: StepContext,
): StepResult<JoinState<T, O>> {
  const entry = join.read(record, context.watermark);
  return "touch" in entry
    ? stepTouch(join, state, entry.touch, context)
    : stepOutcome(join, state, entry.outcome, context);
}

function stepTouch<R extends KeyedRecord, T extends Touch, O extends Outcome<T>>(
  join: LastTouchJoin<R, T, O>,
  { touches, outcomes, bytesAtMost }: JoinState<T, O>,
  touch: T,
  context: StepContext,
): StepResult<JoinState<T, O>> {
  if (isKnown(touches, touch.id, context.watermark)) return { kind: "duplicate" };
  const revise = (outcome: O) =>
    wins(touch, outcome, join.window) ? join.credit(outcome, touch, context.watermark) : outcome;
  const next = {
    touches: withTouch(touches, touch),
    outcomes: outcomes.some((outcome) => wins(touch, outcome, join.window)) ? outcomes.map(revise) : outcomes,
    bytesAtMost: bytesAtMost + touchBytesAtMost(join.stored, touch),
  };
  return fitting(join, next, context);
}

function stepOutcome<R extends KeyedRecord, T extends Touch, O extends Outcome<T>>(
  join: LastTouchJoin<R, T, O>,
  { touches, outcomes, bytesAtMost }: JoinState<T, O>,
  outcome: O,
  context: StepContext,
): StepResult<JoinState<T, O>> {
  if (isKnown(outcomes, outcome.id, context.watermark)) return { kind: "duplicate" };
  const touch = lastTouch(touches, outcome, join.window);
  const next = {
    touches,
    outcomes: [...outcomes, touch ? join.credit(outcome, touch, context.watermark) : outcome],
    bytesAtMost: bytesAtMost + outcomeBytesAtMost(join.stored, outcome),
  };
  return fitting(join, next, context);
}

/** An id is known as long as a record of its time can still come: after that the same id is a new record. */
function isKnown(
  entries: readonly { readonly id: string; readonly time: EventTimeMs }[],
  id: string,
  watermark: Watermark,
): boolean {
  return entries.some((entry) => entry.id === id && !isBefore(entry.time, watermark));
}

/** A touch that is on time can only win outcomes that aren't final: what it is eligible for is not older than itself. */
function wins<T extends Touch>(touch: T, outcome: Outcome<T>, window: DurationMs): boolean {
  return isEligible(touch, outcome, window) && (outcome.touch === null || compareTouches(touch, outcome.touch) > 0);
}

/**
 * Makes all changes of an outcome since `stored` one revision, and tells which outcomes have changed, by their place in the state.
 * Steps never alter an outcome, they replace it: one that stands in both states is the same.
 */
export function seal<T extends Touch, O extends Outcome<T>>(
  stored: JoinState<T, O>,
  state: JoinState<T, O>,
): Sealed<JoinState<T, O>> {
  if (state.outcomes === stored.outcomes) return { state, changed: [] };
  const before = new Set(stored.outcomes);
  const changed = state.outcomes.flatMap((outcome, at) => (before.has(outcome) ? [] : [at]));
  const sealed = (outcome: O): O => {
    if (before.has(outcome)) return outcome;
    const known = stored.outcomes.find(({ id, time }) => id === outcome.id && time === outcome.time);
    const revision = 1 + (known?.revision ?? 0);
    return revision === outcome.revision ? outcome : { ...outcome, revision };
  };
  return { state: { ...state, outcomes: changed.length === 0 ? state.outcomes : state.outcomes.map(sealed) }, changed };
}

/**
 * Drops what can no longer matter, and settles the outcomes that no touch to come can win: a touch is not older than the horizon, and none
 * wins an outcome before itself. Nobody asks for their ids either: an outcome that would be found a duplicate is not older than it.
 */
export function prune<R extends KeyedRecord, T extends Touch, O extends Outcome<T>>(
  join: LastTouchJoin<R, T, O>,
  state: JoinState<T, O>,
  { closed, horizon }: PruneContext,
): Pruned<JoinState<T, O>> {
  if (horizon === undefined) return { state, settled: [] };
  const isOpen = ({ time }: O) => time >= horizon;
  const touches = pruneTouches(state.touches, horizon, join.window);
  if (touches === state.touches && state.outcomes.every(isOpen)) return { state, settled: [] };
  const settled = state.outcomes.filter((outcome) => !isOpen(outcome) && !isBefore(outcome.time, closed));
  return {
    state: { ...state, touches, outcomes: state.outcomes.filter(isOpen) },
    settled: settled.map((outcome) => settle(join.stored, outcome)),
  };
}
