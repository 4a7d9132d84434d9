import type { DurationMs, EventTimeMs, WallTimeMs } from "../../shared/core/units.ts";
import { adClicks, pageViews } from "../../shared/pipelines/attribution/records.ts";
import type { RecordLine } from "../record-file/record-line.ts";
import { clickFields, malformedPayload, viewFields } from "./attribution-payloads.ts";
import { type Random, seededRandom } from "./random.ts";
import { RecordedLog, type RecordedLogOptions } from "./recorded-log.ts";

/** Shares of all records, together at most 1; what is left is in order. */
export interface TrafficShares {
  readonly outOfOrder: number;
  readonly duplicates: number;
  readonly late: number;
  readonly malformed: number;
  readonly tombstones: number;
}

export interface TrafficOptions extends RecordedLogOptions, Partial<TrafficShares> {
  readonly seed: number;
  readonly users: number;
  /** Milliseconds since 1970, where wall and event time begin alike. */
  readonly start: number;
  readonly ratePerSecond: number;
}

const defaultShares: TrafficShares = {
  outOfOrder: 0.2,
  duplicates: 0.02,
  late: 0.01,
  malformed: 0.001,
  tombstones: 0.0005,
};

/** How far behind its record's `ts` an event time lies: in order, out of order, and later than any sensible lateness allows. */
const inOrderMax: DurationMs = 1_500;
const outOfOrderMax: DurationMs = 90_000;
const lateMin: DurationMs = 20 * 60_000;
const lateMax: DurationMs = 60 * 60_000;
/** Out of order and sent again, a record must still be on time with the default lateness of two minutes. */
const resendWithin: DurationMs = 20_000;
const clickShare = 0.4;
/** How often a record's user is one that was just seen in the other topic. */
const followShare = 0.5;
const remembered = 512;
/** The busiest of many users is then about 45 times as busy as the average one. */
const usersPerFlattened = 250;
const pollInterval: DurationMs = 1_000;
/** After a longer pause the live traffic goes on from now: what was missed stays missing. */
const pauseMax: DurationMs = 5_000;

/**
 * Recorded input for the attribution pipeline, as a consumer writes it down that asks one topic after the other for what has come in the
 * last second. The same options, the same records.
 */
export function* attributionTraffic(options: TrafficOptions & { readonly records: number }): Generator<RecordLine> {
  const traffic = new Traffic(options);
  let polled: RecordLine[] = [];
  for (let i = 0; i < options.records; i++) {
    const record = traffic.record(options.start + Math.floor((i * 1_000) / options.ratePerSecond));
    if (polled[0] && record.ts - polled[0].ts >= pollInterval) {
      yield* byTopic(polled);
      polled = [];
    }
    polled.push(record);
  }
  yield* byTopic(polled);
}

function byTopic(records: readonly RecordLine[]): RecordLine[] {
  return [adClicks, pageViews].flatMap((topic) => records.filter((record) => record.topic === topic));
}

export interface LiveTraffic {
  /** What has happened since it was asked last, or since `start`. */
  next(now: WallTimeMs): RecordLine[];
}

/** Traffic without end, as fast as the clock that it is asked by. */
export function liveTraffic(options: TrafficOptions): LiveTraffic {
  const traffic = new Traffic(options);
  let last = options.start;
  let owed = 0;
  return {
    next(now) {
      const elapsed = Math.min(Math.max(now - last, 0), pauseMax);
      last = now;
      owed += (elapsed * options.ratePerSecond) / 1_000;
      const count = Math.floor(owed);
      owed -= count;
      return Array.from({ length: count }, (_, i) =>
        traffic.record(now - Math.floor((elapsed * (count - 1 - i)) / count)),
      );
    },
  };
}

type Kind = keyof TrafficShares | "inOrder";

class Traffic {
  readonly #options: TrafficOptions;
  readonly #shares: TrafficShares;
  readonly #random: Random;
  readonly #log: RecordedLog;
  /** Ids are unique over all runs that differ in seed or start. */
  readonly #run: string;
  readonly #users = { [adClicks]: new Recent<string>(remembered), [pageViews]: new Recent<string>(remembered) };
  /** What may be sent again, oldest first. */
  readonly #sent: RecordLine[] = [];
  #count = 0;

  constructor(options: TrafficOptions) {
    this.#options = options;
    this.#shares = { ...defaultShares, ...options };
    this.#random = seededRandom(options.seed);
    this.#log = new RecordedLog(options);
    this.#run = `${options.start.toString(36)}_${options.seed.toString(36)}`;
  }

  record(ts: WallTimeMs): RecordLine {
    const kind = this.#kind();
    const earlier = kind === "duplicates" ? this.#earlier(ts) : undefined;
    if (earlier) return this.#log.append(earlier.topic, ts, earlier.key ?? "", earlier.payload);

    const topic = this.#random.chance(clickShare) ? adClicks : pageViews;
    const user = this.#user(topic);
    if (kind === "tombstones") return this.#log.append(topic, ts, user, null);
    const fields = this.#fields(topic, user, this.#eventTime(kind, ts));
    if (kind === "malformed") return this.#log.append(topic, ts, user, malformedPayload(fields, this.#random));
    const record = this.#log.append(topic, ts, user, JSON.stringify(fields));
    this.#users[topic].add(user);
    if (kind !== "late") this.#sent.push(record);
    if (this.#sent.length > remembered) this.#sent.shift();
    return record;
  }

  #earlier(ts: WallTimeMs): RecordLine | undefined {
    while (this.#sent[0] && ts - this.#sent[0].ts > resendWithin) this.#sent.shift();
    return this.#sent.length === 0 ? undefined : this.#random.pick(this.#sent);
  }

  #kind(): Kind {
    let left = this.#random.fraction();
    for (const kind of ["outOfOrder", "duplicates", "late", "malformed", "tombstones"] as const) {
      left -= this.#shares[kind];
      if (left < 0) return kind;
    }
    return "inOrder";
  }

  #user(topic: typeof adClicks | typeof pageViews): string {
    const other = this.#users[topic === adClicks ? pageViews : adClicks];
    const followed = this.#random.chance(followShare) ? other.pick(this.#random) : undefined;
    if (followed !== undefined) return followed;
    const { users } = this.#options;
    return `user_${this.#random.zipf(users, users / usersPerFlattened)}`;
  }

  #eventTime(kind: Kind, ts: WallTimeMs): EventTimeMs {
    if (kind === "late") return ts - this.#random.integer(lateMin, lateMax);
    return ts - this.#random.integer(0, kind === "outOfOrder" ? outOfOrderMax : inOrderMax);
  }

  #fields(topic: string, user: string, time: EventTimeMs) {
    const id = `${this.#run}_${++this.#count}`;
    return topic === adClicks
      ? clickFields(`click_${id}`, user, time, this.#random)
      : viewFields(`pv_${id}`, user, time, this.#random);
  }
}

/** The last few of many, in no order. */
class Recent<T> {
  readonly #items: T[] = [];
  readonly #max: number;
  #next = 0;

  constructor(max: number) {
    this.#max = max;
  }

  add(item: T): void {
    this.#items[this.#next] = item;
    this.#next = (this.#next + 1) % this.#max;
  }

  pick(random: Random): T | undefined {
    return this.#items.length === 0 ? undefined : random.pick(this.#items);
  }
}
