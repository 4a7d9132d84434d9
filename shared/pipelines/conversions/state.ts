import type { Touch } from "../../core/last-touch.ts";
import type { JoinState, Outcome, StoredJoin } from "../last-touch-join/join.ts";

export interface Click extends Touch {
  /** The campaign: only conversions of its own can be credited to a click. */
  readonly group: string;
  readonly ad: string;
  readonly source: string;
}

/** A conversion whose final row is not written yet, and whom it is attributed to so far. */
export interface Conversion extends Outcome<Click> {
  /** The campaign. */
  readonly group: string;
  readonly type: string;
  /** An exact decimal, as text. */
  readonly value: string;
  /** Of its click, once it has one; which is never lost but to a better one. */
  readonly source: string;
}

/** All that is kept of one user in one partition. */
export type UserState = JoinState<Click, Conversion>;

type StoredClick = [id: string, afterBase: number, campaign: string, ad: string, source: string];
type StoredConversion = [
  id: string,
  afterBase: number,
  revision: number,
  type: string,
  value: string,
  /** The place of its click among the stored clicks; or its campaign and its source, which a click would have too. */
  clickOrCampaign: number | string,
  source?: string,
];

export const storedConversions: StoredJoin<Click, Conversion> = {
  storeTouch: ({ id, time, group, ad, source }, base): StoredClick => [id, time - base, group, ad, source],

  readTouch(stored, base) {
    const [id, afterBase, group, ad, source] = stored as StoredClick;
    return { id, time: base + afterBase, group, ad, source };
  },

  storeOutcome({ id, time, revision, type, value, group, source }, base, click): StoredConversion {
    return click === undefined
      ? [id, time - base, revision, type, value, group, source]
      : [id, time - base, revision, type, value, click];
  },

  readOutcome(stored, base, clicks) {
    const [id, afterBase, revision, type, value, clickOrCampaign, source = ""] = stored as StoredConversion;
    const own = { id, time: base + afterBase, revision, type, value };
    if (typeof clickOrCampaign === "string") return { ...own, group: clickOrCampaign, source, touch: null };
    const touch = clicks[clickOrCampaign] as Click;
    return { ...own, group: touch.group, source: touch.source, touch };
  },

  textsOfTouch: ({ id, group, ad, source }) => [id, group, ad, source],
  textsOfOutcome: ({ id, type, value, group, source, touch }) =>
    touch ? [id, type, value] : [id, type, value, group, source],
  touchFrameBytes: 32,
  outcomeFrameBytes: 48,
};
