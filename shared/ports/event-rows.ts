import type { EventTimeMs } from "../core/units.ts";

/** Rows of `engagement_events` by their time: `start` counts, `end` doesn't. */
export interface EventRange {
  readonly start: EventTimeMs;
  readonly end: EventTimeMs;
  /** Only those with a greater id. */
  readonly after?: string;
}

/** A row as the capture would have told of its creation, and what `content` says of its content now. */
export interface EventRow {
  /** Digits. */
  readonly id: string;
  /** The change as JSON: `{"op":"c","after":{...}}`. */
  readonly change: string;
  /** The change of its content, likewise; null where there is none. */
  readonly content: string | null;
}

/** The tables that the change events come from. */
export interface EventRows {
  /** How many rows there are, about: for a progress bar. */
  count(range: EventRange): Promise<number>;
  /** The rows in the order of their ids, in portions of at most `portion`. Holds no more than a portion or two at a time. */
  read(range: EventRange, portion: number): AsyncIterable<readonly EventRow[]>;
  close(): Promise<void>;
}
