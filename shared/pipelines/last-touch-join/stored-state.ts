import type { Touch } from "../../core/last-touch.ts";
import type { EventTimeMs } from "../../core/units.ts";
import type { SettledResult } from "../pipeline.ts";
import type { JoinState, Outcome, StoredJoin } from "./join.ts";

/** Times are stored as distances from `base`, which is as near as most of them need it to be short. */
type StoredState = [base: EventTimeMs, touches: unknown[], outcomes: unknown[]];

/** As an array, with each touch once. */
export function encode<T extends Touch, O extends Outcome<T>>(
  { storeTouch, storeOutcome }: StoredJoin<T, O>,
  { touches, outcomes }: Pick<JoinState<T, O>, "touches" | "outcomes">,
): StoredState {
  const base = outcomes[0]?.time ?? touches[0]?.time ?? 0;
  const places = new Map(touches.map((touch, at) => [touch, at]));
  return [
    base,
    touches.map((touch) => storeTouch(touch, base)),
    outcomes.map((outcome) => storeOutcome(outcome, base, outcome.touch ? places.get(outcome.touch) : undefined)),
  ];
}

/** `bytes`: how long the JSON is. */
export function decode<T extends Touch, O extends Outcome<T>>(
  { readTouch, readOutcome, touchFrameBytes, outcomeFrameBytes }: StoredJoin<T, O>,
  stored: unknown,
  bytes: number,
): JoinState<T, O> {
  const [base, storedTouches, storedOutcomes] = stored as StoredState;
  const touches = storedTouches.map((touch) => readTouch(touch, base));
  const outcomes = storedOutcomes.map((outcome) => readOutcome(outcome, base, touches));
  const frames = touches.length * touchFrameBytes + outcomes.length * outcomeFrameBytes;
  return { touches, outcomes, bytesAtMost: bytes + frames };
}

/** An outcome that waits for its final row, with its own copy of its touch. */
export function settle<T extends Touch, O extends Outcome<T>>(join: StoredJoin<T, O>, outcome: O): SettledResult {
  const touches = outcome.touch ? [outcome.touch] : [];
  return { time: outcome.time, stored: encode(join, { touches, outcomes: [outcome] }) };
}

export function readSettled<T extends Touch, O extends Outcome<T>>(join: StoredJoin<T, O>, stored: unknown): O {
  return decode(join, stored, 0).outcomes[0] as O;
}
