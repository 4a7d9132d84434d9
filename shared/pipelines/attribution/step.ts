import { compareTouches, isEligible, lastTouch, pruneTouches, withTouch } from "../../core/last-touch.ts";
import type { DurationMs, EventTimeMs } from "../../core/units.ts";
import { isBefore, type Watermark } from "../../core/watermark.ts";
import type { PruneContext, Pruned, Sealed, SettledResult, StepContext, StepResult } from "../pipeline.ts";
import type { ClickRecord, ViewRecord } from "./records.ts";
import {
  type Click,
  clickBytesAtMost,
  countBytes,
  settledView,
  type UserState,
  type View,
  viewBytesAtMost,
} from "./state.ts";

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

function stepClick(
  state: UserState,
  record: ClickRecord,
  context: StepContext,
  window: DurationMs,
): StepResult<UserState> {
  if (isKnown(state.clicks, record, context.watermark)) return { kind: "duplicate" };
  const click: Click = { id: record.id, time: record.time, campaign: record.campaign };
  const revise = (view: View) => (wins(click, view, window) ? revised(view, click, context.watermark) : view);
  return fitting(
    {
      clicks: withTouch(state.clicks, click),
      views: state.views.some((view) => wins(click, view, window)) ? state.views.map(revise) : state.views,
      bytesAtMost: state.bytesAtMost + clickBytesAtMost(click),
    },
    context,
  );
}

function stepView(
  state: UserState,
  record: ViewRecord,
  context: StepContext,
  window: DurationMs,
): StepResult<UserState> {
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
  };
  return fitting(
    { clicks: state.clicks, views: [...state.views, view], bytesAtMost: state.bytesAtMost + viewBytesAtMost(view) },
    context,
  );
}

/** An id is known as long as a record of its time can still come: after that the same id is a new record. */
function isKnown(
  entries: readonly { id: string; time: EventTimeMs }[],
  record: { id: string },
  watermark: Watermark,
): boolean {
  return entries.some((entry) => entry.id === record.id && !isBefore(entry.time, watermark));
}

/** A click that is on time can only win page views that aren't final: what it is eligible for is not older than itself. */
function wins(click: Click, view: View, window: DurationMs): boolean {
  return isEligible(click, view.time, window) && (view.click === null || compareTouches(click, view.click) > 0);
}

function revised(view: View, click: Click, watermark: Watermark): View {
  return { ...view, click, revision: view.revision + 1, watermark, reason: "better-click" };
}

/**
 * Makes all changes of a page view since `stored` one revision, and tells which page views have changed, by their place in the state.
 * Steps never alter a page view, they replace it: one that stands in both states is the same.
 */
export function seal(stored: UserState, state: UserState): Sealed<UserState> {
  if (state.views === stored.views) return { state, changed: [] };
  const before = new Set(stored.views);
  const changed = state.views.flatMap((view, at) => (before.has(view) ? [] : [at]));
  const sealed = (view: View): View => {
    if (before.has(view)) return view;
    const revision = 1 + (stored.views.find(({ id, time }) => id === view.id && time === view.time)?.revision ?? 0);
    if (revision === view.revision) return view;
    return { ...view, revision, reason: revision > 1 ? view.reason : view.click ? "click" : "no-click" };
  };
  return { state: { ...state, views: changed.length === 0 ? state.views : state.views.map(sealed) }, changed };
}

/**
 * Refuses what makes the state too large. What counts is what lies within the lateness horizon, so that the answer does not depend on
 * when older entries happen to be pruned; those count only where the item as a whole would no longer fit.
 */
function fitting(state: UserState, { watermark, stateBytesMax, settledBytes }: StepContext): StepResult<UserState> {
  if (state.bytesAtMost + settledBytes > stateBytesMax) {
    const open = countBytes(state, ({ time }) => !isBefore(time, watermark));
    if (open > stateBytesMax || countBytes(state, () => true) + settledBytes > unclosedBytesMax) {
      return { kind: "oversized", message: `the state of its user would pass ${stateBytesMax} bytes` };
    }
  }
  return { kind: "accepted", state };
}

/**
 * Drops what can no longer matter, and settles the page views that no click to come can win: a click is not older than the horizon, and
 * none wins a page view before itself. Nobody asks for their ids either: a page view that would be found a duplicate is not older than it.
 */
export function prune(
  state: UserState,
  { closed, horizon }: PruneContext,
  attributionWindow: DurationMs,
): Pruned<UserState> {
  if (horizon === undefined) return { state, settled: [] };
  const isOpen = (view: View) => view.time >= horizon;
  const clicks = pruneTouches(state.clicks, horizon, attributionWindow);
  if (clicks === state.clicks && state.views.every(isOpen)) return { state, settled: [] };
  const views = state.views.filter(isOpen);
  const settled = state.views.filter((view) => !isOpen(view) && !isBefore(view.time, closed));
  return { state: { ...state, clicks, views }, settled: settled.map(settle) };
}

function settle(view: View): SettledResult {
  return { time: view.time, stored: settledView(view) };
}
