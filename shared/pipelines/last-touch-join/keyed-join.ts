import type { Touch } from "../../core/last-touch.ts";
import type { KeyedPipeline, KeyedRecord } from "../pipeline.ts";
import type { JoinState, LastTouchJoin, Outcome } from "./join.ts";
import { prune, seal, step } from "./step.ts";
import { decode, encode, readSettled } from "./stored-state.ts";

/** What the join does in a pipeline, as opposed to what the pipeline says of itself. */
type KeyedJoin<R extends KeyedRecord, S> = Pick<
  KeyedPipeline<R, S>,
  "emptyState" | "decode" | "encode" | "step" | "prune" | "seal" | "marked" | "between" | "settledResult"
>;

/** The half of a pipeline that is the same for all joins. */
export function keyedJoin<R extends KeyedRecord, T extends Touch, O extends Outcome<T>>(
  join: LastTouchJoin<R, T, O>,
): KeyedJoin<R, JoinState<T, O>> {
  return {
    emptyState: { touches: [], outcomes: [], bytesAtMost: 0 },
    decode: (stored, bytes) => decode(join.stored, stored, bytes),
    encode: (state) => encode(join.stored, state),
    step: (state, record, context) => step(join, state, record, context),
    prune: (state, context) => prune(join, state, context),
    seal,
    marked: ({ outcomes }, marks, of) =>
      marks.flatMap((at) => (outcomes[at] ? [join.result(outcomes[at], of, false)] : [])),
    between: ({ outcomes }, from, to, of) =>
      outcomes.filter(({ time }) => from <= time && time < to).map((outcome) => join.result(outcome, of, true)),
    settledResult: (stored, of) => join.result(readSettled(join.stored, stored), of, true),
  };
}
