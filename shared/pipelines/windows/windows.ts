import { formatDecimal } from "../../core/decimal.ts";
import { StreamError } from "../../core/errors.ts";
import type { Column } from "../../core/row.ts";
import { bucketEnd, bucketStart } from "../../core/time.ts";
import type { DurationMs } from "../../core/units.ts";
import { isBefore } from "../../core/watermark.ts";
import type { KeyedPipeline, Result, StateOf } from "../pipeline.ts";
import { incomingEvents, parseRecord, type WindowedRecord } from "./records.ts";
import { decode, emptyState, encode, type WindowState } from "./state.ts";
import { seal, step } from "./step.ts";
import { readWindowKey } from "./window-key.ts";

export interface WindowsSettings {
  /** How long a window is. Windows are aligned to the epoch, so this decides where each begins: it is fixed for the life of a state. */
  readonly windowSize: DurationMs;
  readonly allowedLateness: DurationMs;
}

export const userWindows = "user_windows";

/** What stands in `user_windows`. */
export const userWindowColumns: readonly Column[] = [
  { name: "userId", type: "string", nullable: false },
  { name: "windowStart", type: "timestamp", nullable: false },
  { name: "windowEnd", type: "timestamp", nullable: false },
  { name: "eventCount", type: "int64", nullable: false },
  { name: "totalAmount", type: "decimal", nullable: false },
  { name: "minAmount", type: "decimal", nullable: false },
  { name: "maxAmount", type: "decimal", nullable: false },
  { name: "revision", type: "int32", nullable: false },
  { name: "final", type: "boolean", nullable: false },
];

/** `incoming-events`, each id once, summed up per user and tumbling window. */
export function windows({ windowSize, allowedLateness }: WindowsSettings): KeyedPipeline<WindowedRecord, WindowState> {
  const resultOf = (state: WindowState, of: StateOf, final: boolean) => result(state, of, windowSize, final);
  return {
    kind: "keyed",
    name: "windows",
    sources: [incomingEvents],
    scope: "topic",
    dataset: userWindows,
    columns: userWindowColumns,
    outputTopic: "mode-b-aggregates",
    allowedLateness,
    // A bucket of final rows is a window: one object holds the window of all users, and is written as soon as the window is final.
    finalInterval: windowSize,
    parse: (_, value) => parseRecord(value, windowSize),
    resultTime: ({ time }) => bucketStart(time, windowSize),
    // Late is an event whose window is final: the watermark has reached its end, so its last millisecond lies before it.
    isLate: ({ time }, watermark) => isBefore(bucketEnd(time, windowSize) - 1, watermark),
    emptyState,
    decode,
    encode,
    step,
    // A state is of one window only. As long as that is open every id counts, and all else is its result; once it is closed nobody
    // reads the state again, and it expires as a whole. So there is nothing to drop on the way, and nothing to set aside.
    prune: (state) => ({ state, settled: [] }),
    seal,
    marked: (state, marks, of) => marks.map(() => resultOf(state, of, false)),
    between: (state, from, to, of) => {
      const { start } = readWindowKey(of.key);
      // Without an event there is a state all the same, where the first one was refused.
      return state.ids.count > 0 && from <= start && start < to ? [resultOf(state, of, true)] : [];
    },
    settledResult: () => {
      throw new StreamError("bug", "windows sets no result aside, so there is none to be read");
    },
  };
}

/** The start is also the time of its messages: a broker may refuse the end, which can lie far ahead of the clock. */
function result(state: WindowState, { key }: StateOf, windowSize: DurationMs, final: boolean): Result {
  const { user, start } = readWindowKey(key);
  const { ids, total, least, greatest, revision } = state;
  const row = {
    userId: user,
    windowStart: start,
    windowEnd: start + windowSize,
    eventCount: ids.count,
    totalAmount: formatDecimal(total),
    minAmount: formatDecimal(least),
    maxAmount: formatDecimal(greatest),
    revision,
    final,
  };
  return { entity: key, revision, time: start, row, messageKey: key };
}
