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

/** Times are stored as distances from `base`, which is as near as most of them need it to be short. */
type StoredState = [base: EventTimeMs, clicks: StoredClick[], views: StoredView[], onlyCredited?: number];
type StoredClick = [id: string, afterBase: number, campaign: string];
type StoredView = [
  id: string,
  afterBase: number,
  url: string | null,
  revision: number,
  watermarkAfterBase: number | null,
  reason: number,
  /** Its place among the stored clicks. */
  click?: number,
];

/** As an array, with each click once: clicks that are kept only because a page view is credited to them come first. */
export function encode({ clicks, views }: UserState): StoredState {
  const base = views[0]?.time ?? clicks[0]?.time ?? 0;
  const places = new Map<Click, number>();
  const candidates = new Set(clicks);
  for (const { click } of views)
    if (click && !candidates.has(click) && !places.has(click)) places.set(click, places.size);
  const onlyCredited = places.size;
  for (const click of clicks) places.set(click, places.size);
  const storedClicks = Array.from(places.keys(), ({ id, time, campaign }): StoredClick => [id, time - base, campaign]);
  const storedViews = views.map(({ id, time, url, revision, watermark, reason, click }): StoredView => {
    const stored: StoredView = [
      id,
      time - base,
      url,
      revision,
      watermark === undefined ? null : watermark - base,
      reasons.indexOf(reason),
    ];
    if (click) stored.push(places.get(click));
    return stored;
  });
  return onlyCredited > 0 ? [base, storedClicks, storedViews, onlyCredited] : [base, storedClicks, storedViews];
}

export function decode(stored: unknown, bytes: number): UserState {
  const [base, storedClicks, storedViews, onlyCredited = 0] = stored as StoredState;
  const allClicks = storedClicks.map(([id, afterBase, campaign]): Click => ({ id, time: base + afterBase, campaign }));
  const views = storedViews.map(
    ([id, afterBase, url, revision, watermark, reason, click]): View => ({
      id,
      time: base + afterBase,
      url,
      click: click === undefined ? null : (allClicks[click] as Click),
      revision,
      watermark: watermark === null ? undefined : base + watermark,
      reason: reasons[reason] as Reason,
    }),
  );
  const clicks = onlyCredited === 0 ? allClicks : allClicks.slice(onlyCredited);
  return { clicks, views, bytesAtMost: bytes + clicks.length * clickFrame + views.length * viewFrame };
}

type StoredSettledView = [
  id: string,
  time: EventTimeMs,
  url: string | null,
  revision: number,
  watermarkAfterTime: number | null,
  reason: number,
  click?: [id: string, time: EventTimeMs, campaign: string],
];

/** A page view that waits for its final row, with its own copy of its click. */
export function settledView({ id, time, url, revision, watermark, reason, click }: View): StoredSettledView {
  const after = watermark === undefined ? null : watermark - time;
  const stored: StoredSettledView = [id, time, url, revision, after, reasons.indexOf(reason)];
  if (click) stored.push([click.id, click.time, click.campaign]);
  return stored;
}

export function readSettledView(stored: unknown): View {
  const [id, time, url, revision, after, reason, click] = stored as StoredSettledView;
  return {
    id,
    time,
    url,
    revision,
    watermark: after === null ? undefined : time + after,
    reason: reasons[reason] as Reason,
    click: click ? { id: click[0], time: click[1], campaign: click[2] } : null,
  };
}

/** Numbers, quotes, commas and brackets of an entry. */
const clickFrame = 24;
const viewFrame = 48;
/** A UTF-16 unit takes at most six bytes in JSON: an escaped control character. */
const unitBytesMax = 6;

export function clickBytesAtMost({ id, campaign }: Click): number {
  return clickFrame + unitBytesMax * (id.length + campaign.length);
}

export function viewBytesAtMost({ id, url }: View): number {
  return viewFrame + unitBytesMax * (id.length + (url?.length ?? 0));
}

/** What the entries of `state` that `counts` take, in bytes, each click once. Never more than `bytesAtMost`. */
export function countBytes(state: UserState, counts: (entry: { time: EventTimeMs }) => boolean): number {
  const clicks = new Set(state.clicks);
  for (const { click } of state.views) if (click) clicks.add(click);
  const clickBytes = ({ id, campaign }: Click) => clickFrame + jsonLength(id) + jsonLength(campaign);
  const viewBytes = ({ id, url }: View) => viewFrame + jsonLength(id) + jsonLength(url ?? "");
  return sum([...clicks].filter(counts).map(clickBytes)) + sum(state.views.filter(counts).map(viewBytes));
}

function jsonLength(text: string): number {
  return utf8Length(JSON.stringify(text)) - 2;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
