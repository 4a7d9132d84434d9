import type { Touch } from "../../core/last-touch.ts";
import { utf8Length } from "../../core/record.ts";
import type { EventTimeMs } from "../../core/units.ts";
import type { Watermark } from "../../core/watermark.ts";

export interface Click extends Touch {
  readonly campaign: string;
}

/** `click`: credited at once; `no-click`: nobody to credit yet; `better-click`: a click that came later won. */
export const reasons = ["no-click", "click", "better-click"] as const;
export type Reason = (typeof reasons)[number];

/** A page view whose final row is not written yet, and whom it is attributed to so far. */
export interface View {
  readonly id: string;
  readonly time: EventTimeMs;
  readonly url: string | null;
  readonly click: Click | null;
  readonly revision: number;
  /** As it stood just before the record that caused the revision. */
  readonly watermark: Watermark;
  readonly reason: Reason;
}

/** All that is kept of one user in one partition. */
export interface UserState {
  /** In the order of touches. They also tell which click ids are known. */
  readonly clicks: readonly Click[];
  /** In order of arrival. They also tell which page-view ids are known. */
  readonly views: readonly View[];
  /** At least as much as the encoded state takes, in bytes: cheap to keep, so that an exact count is seldom needed. */
  readonly bytesAtMost: number;
}

export const emptyState: UserState = { clicks: [], views: [], bytesAtMost: 0 };

type StoredClick = [id: string, time: EventTimeMs, campaign: string];
type StoredView = [
  id: string,
  time: EventTimeMs,
  url: string | null,
  revision: number,
  watermark: EventTimeMs | null,
  reason: number,
  click?: StoredClick,
];
type StoredState = [clicks: StoredClick[], views: StoredView[]];

export function encode(state: UserState): StoredState {
  return [state.clicks.map(storeClick), state.views.map(storeView)];
}

export function decode(stored: unknown): UserState {
  const [storedClicks, storedViews] = stored as StoredState;
  const clicks = storedClicks.map(readClick);
  const views = storedViews.map(readView);
  return { clicks, views, bytesAtMost: bytesAtMost(clicks, views) };
}

function storeClick({ id, time, campaign }: Click): StoredClick {
  return [id, time, campaign];
}

function storeView({ id, time, url, revision, watermark, reason, click }: View): StoredView {
  const stored: StoredView = [id, time, url, revision, watermark ?? null, reasons.indexOf(reason)];
  if (click) stored.push(storeClick(click));
  return stored;
}

function readClick([id, time, campaign]: StoredClick): Click {
  return { id, time, campaign };
}

function readView([id, time, url, revision, watermark, reason, click]: StoredView): View {
  return {
    id,
    time,
    url,
    click: click ? readClick(click) : null,
    revision,
    watermark: watermark ?? undefined,
    reason: reasons[reason] as Reason,
  };
}

/** Numbers, quotes, commas and brackets of an entry. */
const clickFrame = 24;
const viewFrame = 48;
/** A UTF-16 unit takes at most six bytes in JSON: an escaped control character. */
const unitBytesMax = 6;

export function bytesAtMost(clicks: readonly Click[], views: readonly View[]): number {
  return sum(clicks.map(clickBytesAtMost)) + sum(views.map(viewBytesAtMost));
}

export function clickBytesAtMost({ id, campaign }: Click): number {
  return clickFrame + unitBytesMax * (id.length + campaign.length);
}

export function viewBytesAtMost({ id, url, click }: View): number {
  return viewFrame + unitBytesMax * (id.length + (url?.length ?? 0)) + (click ? clickBytesAtMost(click) : 0);
}

/** What the entries of `state` that `counts` take, in bytes, as exactly as a limit needs it. */
export function countBytes(state: UserState, counts: (entry: { time: EventTimeMs }) => boolean): number {
  const clickBytes = (click: Click) => clickFrame + jsonLength(click.id) + jsonLength(click.campaign);
  const viewBytes = ({ id, url, click }: View) =>
    viewFrame + jsonLength(id) + jsonLength(url ?? "") + (click ? clickBytes(click) : 0);
  return sum(state.clicks.filter(counts).map(clickBytes)) + sum(state.views.filter(counts).map(viewBytes));
}

function jsonLength(text: string): number {
  return utf8Length(JSON.stringify(text)) - 2;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
