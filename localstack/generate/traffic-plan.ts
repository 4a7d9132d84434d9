import type { DurationMs, EventTimeMs, WallTimeMs } from "../../shared/core/units.ts";
import type { Fault, PayloadFields } from "./faults.ts";
import type { Random } from "./random.ts";
import type { RunIds } from "./run-ids.ts";

/** Shares of all records, together at most 1; what is left is in order. */
export interface TrafficShares {
  /** Behind their neighbours, and on time with the pipeline's default settings. */
  readonly outOfOrder: number;
  /** A record of the last seconds, sent again. */
  readonly duplicates: number;
  /** Behind any watermark that the pipeline's default settings allow. */
  readonly late: number;
  readonly malformed: number;
  readonly tombstones: number;
  /** A day and more ahead of the clock: far enough that they are still ahead of it when nobody reads them for hours. */
  readonly future: number;
  /** Of a type that the pipeline doesn't know. */
  readonly foreign: number;
  /** At the very edge of what counts, on one side or the other. */
  readonly boundaries: number;
  /** A record so old that it would be late by now, sent again. There are none before `Disorder.lateMin`. */
  readonly lateDuplicates: number;
}

/** How far an event time may lie behind its record's `ts`. */
export interface Disorder {
  /** Ahead of it, that is: nobody's clock is exact. */
  readonly aheadMax: DurationMs;
  readonly inOrderMax: DurationMs;
  /** With `resendWithin` and `aheadMax` within the allowed lateness, so that what is out of order and sent again is still on time. */
  readonly outOfOrderMax: DurationMs;
  readonly resendWithin: DurationMs;
  readonly lateMin: DurationMs;
  readonly lateMax: DurationMs;
}

/** What a record is about, and where it goes. */
export interface Subject {
  readonly topic: string;
  readonly key: string;
}

/** What a run of any pipeline has. */
export interface Run {
  readonly random: Random;
  readonly ids: RunIds;
  /** 1 to the number of users, the low ones more often. */
  rank(): number;
}

/** Makes the records of one run. */
export interface RecordSource<S extends Subject> {
  /** Of the record that is sent at `ts`. */
  subject(ts: WallTimeMs): S;
  /** The fields of a value about it, as it is sent at `ts`. Asked again for the same, it may choose anew what isn't the subject's. */
  fields(subject: S, time: EventTimeMs, ts: WallTimeMs): PayloadFields;
  /** The same of a type that the pipeline doesn't know. Without it, `TrafficPlan.foreign` makes one. */
  foreign?(subject: S, time: EventTimeMs, ts: WallTimeMs): PayloadFields;
  /** Every way to spoil a value about it. */
  faults(subject: S): readonly Fault[];
  /** Told of every record that can be used. */
  remember?(subject: S, time: EventTimeMs): void;
  /** A record at the edge of what counts, where there is one. `highest`: the highest event time so far in the partition of a key. */
  boundary?(ts: WallTimeMs, highest: (key: string) => EventTimeMs | undefined): Timed<S> | undefined;
}

export interface Timed<S> {
  readonly subject: S;
  readonly time: EventTimeMs;
}

/** What is particular about a pipeline's traffic. All else, such as who comes how often and what goes wrong on the way, is the same for all. */
export interface TrafficPlan<S extends Subject = Subject> {
  /** In the order in which a consumer asks for them. */
  readonly topics: readonly string[];
  /** Those of them that tell of the rows of a table: they have no event times, and nothing in them is sent again. */
  readonly tables?: readonly string[];
  /** A consumer asks for what has come in so long: for all of a topic at once, or for one partition after the other. */
  readonly pollInterval: DurationMs;
  readonly polled: "by topic" | "by partition";
  readonly shares: TrafficShares;
  readonly disorder: Disorder;
  /** Of the records that are sent again: how many go without their key, and so to another partition, and how many are other but for their id. */
  readonly resends: { readonly elsewhere: number; readonly changed: number };
  /** Of all values: how many have white space between their tokens. */
  readonly spaced: number;
  /** What makes a value one of a type that the pipeline doesn't know. */
  readonly foreign?: PayloadFields;
  source(run: Run): RecordSource<S>;
}
