import type { Touch } from "../../core/last-touch.ts";
import type { Watermark } from "../../core/watermark.ts";
import type { JoinState, Outcome, StoredJoin } from "../last-touch-join/join.ts";

export interface Click extends Touch {
  readonly campaign: string;
}

/** A page view whose final row is not written yet, and whom it is attributed to so far. */
export interface View extends Outcome<Click> {
  readonly url: string | null;
  /** As it stood just before the record that caused the revision. */
  readonly watermark: Watermark;
}

/** All that is kept of one user in one partition. */
export type UserState = JoinState<Click, View>;

type StoredClick = [id: string, afterBase: number, campaign: string];
type StoredView = [
  id: string,
  afterBase: number,
  url: string | null,
  revision: number,
  watermarkAfterBase: number | null,
  /** Its place among the stored clicks. */
  click?: number,
];

export const storedAttribution: StoredJoin<Click, View> = {
  storeTouch: ({ id, time, campaign }, base): StoredClick => [id, time - base, campaign],

  readTouch(stored, base) {
    const [id, afterBase, campaign] = stored as StoredClick;
    return { id, time: base + afterBase, campaign };
  },

  storeOutcome({ id, time, url, revision, watermark }, base, click): StoredView {
    const after = watermark === undefined ? null : watermark - base;
    return click === undefined
      ? [id, time - base, url, revision, after]
      : [id, time - base, url, revision, after, click];
  },

  readOutcome(stored, base, clicks) {
    const [id, afterBase, url, revision, watermark, click] = stored as StoredView;
    return {
      id,
      time: base + afterBase,
      url,
      touch: click === undefined ? null : (clicks[click] as Click),
      revision,
      watermark: watermark === null ? undefined : base + watermark,
    };
  },

  textsOfTouch: ({ id, campaign }) => [id, campaign],
  textsOfOutcome: ({ id, url }) => [id, url ?? ""],
  touchFrameBytes: 24,
  outcomeFrameBytes: 48,
};
