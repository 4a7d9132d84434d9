import { addDecimals, compareDecimals, type Decimal } from "../../core/decimal.ts";
import { formatEventTime } from "../../core/time.ts";
import type { Sealed, StepContext, StepResult } from "../pipeline.ts";
import { bytesWith, hasToken, tokenOf, withToken } from "./known-ids.ts";
import type { WindowedRecord } from "./records.ts";
import { frameBytesMax, type WindowState } from "./state.ts";
import { readWindowKey } from "./window-key.ts";

/**
 * One event, on time, taken into its window. A known id is a duplicate also where the window is full.
 *
 * The total can't overflow DECIMAL(38,6): an amount has at most 18 digits, and a state of at most 320 KiB has less than 10^6 ids.
 */
export function step(
  state: WindowState,
  record: WindowedRecord,
  { stateBytesMax }: Pick<StepContext, "stateBytesMax">,
): StepResult<WindowState> {
  const token = tokenOf(record.id);
  if (hasToken(state.ids, token)) return { kind: "duplicate" };
  if (bytesWith(state.ids, token) + frameBytesMax > stateBytesMax) return refusal(record, stateBytesMax);
  const { amount } = record;
  const isFirst = state.ids.count === 0;
  return {
    kind: "accepted",
    state: {
      ids: withToken(state.ids, token),
      total: addDecimals(state.total, amount),
      least: isFirst || compareSpelled(amount, state.least) < 0 ? amount : state.least,
      greatest: isFirst || compareSpelled(amount, state.greatest) > 0 ? amount : state.greatest,
      revision: state.revision,
    },
  };
}

/** Makes all that has changed since `stored` one revision. Whatever is accepted changes the number of events. */
export function seal(stored: WindowState, state: WindowState): Sealed<WindowState> {
  if (state.ids.count === stored.ids.count) return { state, changed: [] };
  return { state: { ...state, revision: stored.revision + 1 }, changed: [0] };
}

/** By value, and between two spellings of one value (`5` and `5.00`) by length, so that arrival never decides which one is shown. */
function compareSpelled(a: Decimal, b: Decimal): number {
  return compareDecimals(a, b) || a.scale - b.scale;
}

/** How much of a user id a message shows: until a refusal has its row, its message is stored beside the state, which is full already. */
const userShownMax = 40;

function refusal({ key }: WindowedRecord, stateBytesMax: number): StepResult<WindowState> {
  const { user, start } = readWindowKey(key);
  const shown = user.length > userShownMax ? `${user.slice(0, userShownMax).toWellFormed()}...` : user;
  const window = `the window of ${formatEventTime(start)} of user ${shown.replaceAll(/\p{Cc}/gu, "?")}`;
  return { kind: "oversized", message: `${window} is full: its state would pass ${stateBytesMax} bytes` };
}
