/** An engagement event with its enrichment, as the outputs show it. */
export type EnrichedEvent = Readonly<Record<string, string | number | boolean | null>>;

/** Events of one content in one minute of event time. */
export interface MinuteCount {
  /** `YYYYMMDDHHMM`, in UTC. */
  readonly minute: string;
  readonly count: number;
}

export interface ContentCount {
  readonly contentId: string;
  readonly count: number;
}

/** What was engaged with, as it is right now. `contentId`: 1 to 1,024 UTF-8 bytes; of one that is not known there is nothing. */
export interface ContentViews {
  /** The last event by event time, where it is less than an hour old. */
  last(contentId: string): Promise<EnrichedEvent | undefined>;
  /** All events ever. */
  count(contentId: string): Promise<number>;
  /** The minutes of the last 15 that have events, oldest first. */
  minutes(contentId: string): Promise<readonly MinuteCount[]>;
  /**
   * The contents with the most events in the last `minutes` minutes (1 to 15, the current one among them), the highest first, those with as
   * many by id; at most `limit` (1 to 1,000).
   */
  top(minutes: number, limit: number): Promise<readonly ContentCount[]>;
}
