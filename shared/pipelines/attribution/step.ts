import { compareTouches, isEligible, lastTouch, pruneTouches, withTouch } from "../../core/last-touch.ts";
import type { DurationMs, EventTimeMs } from "../../core/units.ts";
import { isBefore, type Watermark } from "../../core/watermark.ts";
import type { PruneContext, StepContext, StepResult } from "../pipeline.ts";
import type { ClickRecord, ViewRecord } from "./records.ts";
import { type Click, clickBytesAtMost, countBytes, type UserState, type View, viewBytesAtMost } from "./state.ts";

/** What an item may take beside the state that `stateBytesMax` limits: entries that are final but not closed yet. */
const unclosedBytesMax = 360 * 1_024;

/** One click or page view, on time, taken into the state of its user. */
export function step(
  state: UserState,
  record: ClickRecord | ViewRecord,
  context: StepContext,
  attributionWindow: DurationMs,
): StepResult<UserState> {
  return record.kind === "click"
    ? stepClick(state, record, context, attributionWindow)
    : stepView(state, record, context, attributionWindow);
}

function stepClick(state: UserState, record: ClickRecord, context: StepContext, window: DurationMs): StepResult<UserState> {
  if (isKnown(state.clicks, record, context.watermark)) return { kind: "duplicate" };
  const click: Click = { id: record.id, time: record.time, campaign: record.campaign };
  const revise = (view: View) => (wins(click, view, window) ? revised(view, click, context.watermark) : view);
  return fitting(
    {
      clicks: withTouch(state.clicks, click),
      views: state.views.some((view) => wins(click, view, window)) ? state.views.map(revise) : state.views,
      bytesAtMost: state.bytesAtMost + clickBytesAtMost(click) * (1 + state.views.length),
    },
    context,
  );
}

function stepView(state: UserState, record: ViewRecord, context: StepContext, window: DurationMs): StepResult<UserState> {
  if (isKnown(state.views, record, context.watermark)) return { kind: "duplicate" };
  const click = lastTouch(state.clicks, record.time, window) ?? null;
  const view: View = {
    id: record.id,
    time: record.time,
    url: record.url,
    click,
    revision: 1,
    watermark: context.watermark,
    reason: click ? "click" : "no-click",
    changed: true,
  };
  return fitting(
    { clicks: state.clicks, views: [...state.views, view], bytesAtMost: state.bytesAtMost + viewBytesAtMost(view) },
    context,
  );
}

/** An id is known as long as a record of its time can still come: after that the same id is a new record. */
function isKnown(entries: readonly { id: string; time: EventTimeMs }[], record: { id: string }, watermark: Watermark): boolean {
  return entries.some((entry) => entry.id === record.id && !isBefore(entry.time, watermark));
}

/** A click that is on time can only win page views that aren't final: what it is eligible for is not older than itself. */
function wins(click: Click, view: View, window: DurationMs): boolean {
  return isEligible(click, view.time, window) && (view.click === null || compareTouches(click, view.click) > 0);
}

/** All changes of a page view until they are stored are one revision. */
function revised(view: View, click: Click, watermark: Watermark): View {
  const revision = view.changed ? view.revision : view.revision + 1;
  return { ...view, click, revision, watermark, reason: revision === 1 ? "click" : "better-click", changed: true };
}

/**
 * Refuses what makes the state too large. What counts is what lies within the lateness horizon, so that the answer does not depend on
 * when older entries happen to be pruned; those count only where the item as a whole would no longer fit.
 */
function fitting(state: UserState, { watermark, stateBytesMax }: StepContext): StepResult<UserState> {
  if (state.bytesAtMost > stateBytesMax) {
    const open = countBytes(state, ({ time }) => !isBefore(time, watermark));
    if (open > stateBytesMax || countBytes(state, () => true) > unclosedBytesMax) {
      return { kind: "oversized", message: `the state of its user would pass ${stateBytesMax} bytes` };
    }
  }
  return { kind: "accepted", state };
}

/**
 * Drops what can no longer matter: page views whose final row is written, and clicks that no page view to come can be credited to.
 * Between them, page views that are final but not closed keep their own copy of their click.
 */
export function prune(state: UserState, { closed, horizon }: PruneContext, attributionWindow: DurationMs): UserState {
  const views = closed === undefined ? state.views : state.views.filter((view) => !isBefore(view.time, closed));
  const clicks = horizon === undefined ? state.clicks : pruneTouches(state.clicks, horizon, attributionWindow);
  return { ...state, clicks, views };
}
