import type { DurationMs, EventTimeMs, WallTimeMs } from "../../shared/core/units.ts";
import type { RecordLine } from "../record-file/record-line.ts";
import type { PayloadFields } from "./faults.ts";
import { type Random, seededRandom } from "./random.ts";
import { RecordedLog, type RecordedLogOptions } from "./recorded-log.ts";
import { RunIds } from "./run-ids.ts";
import { type Sent, SentRecords } from "./sent-records.ts";
import type { RecordSource, Subject, TrafficPlan, TrafficShares } from "./traffic-plan.ts";

/** The shares are the plan's own unless given. */
export interface TrafficOptions extends RecordedLogOptions, Partial<TrafficShares> {
  readonly seed: number;
  readonly users: number;
  /** Milliseconds since 1970, where wall and event time begin alike. */
  readonly start: number;
  readonly ratePerSecond: number;
}

type Kind = keyof TrafficShares | "inOrder";

const kinds: readonly (keyof TrafficShares)[] = [
  "outOfOrder",
  "duplicates",
  "late",
  "malformed",
  "tombstones",
  "future",
  "foreign",
  "boundaries",
  "lateDuplicates",
];
/** The busiest of many users is then about 45 times as busy as the average one. */
const usersPerFlattened = 250;
const day: DurationMs = 86_400_000;

/** The records of one run, one after the other. The same plan and the same options, the same records. */
export class Traffic<S extends Subject> {
  readonly #plan: TrafficPlan<S>;
  readonly #shares: TrafficShares;
  readonly #random: Random;
  readonly #log: RecordedLog;
  readonly #source: RecordSource<S>;
  readonly #sent: SentRecords<S>;
  /** The highest event time of a record that can be used, by partition. */
  readonly #highest: EventTimeMs[] = [];

  constructor(plan: TrafficPlan<S>, options: TrafficOptions) {
    const { seed, users } = options;
    const random = seededRandom(seed);
    this.#plan = plan;
    this.#shares = { ...plan.shares, ...options };
    this.#random = random;
    this.#log = new RecordedLog(options);
    this.#sent = new SentRecords(random);
    const rank = () => random.zipf(users, users / usersPerFlattened);
    this.#source = plan.source({ random, ids: new RunIds(options), rank });
  }

  /** The record that is sent at `ts`, which never goes back. */
  record(ts: WallTimeMs): RecordLine {
    const kind = this.#kind();
    const earlier = this.#earlier(kind, ts);
    return earlier ? this.#again(earlier, ts) : this.#new(kind, ts);
  }

  #new(kind: Kind, ts: WallTimeMs): RecordLine {
    const highest = (key: string) => this.#highest[this.#log.partitionOf(key)];
    const boundary = kind === "boundaries" ? this.#source.boundary?.(ts, highest) : undefined;
    const subject = boundary?.subject ?? this.#source.subject(ts);
    const append = (value: string | null) => this.#log.append(subject.topic, ts, subject.key, value);
    if (kind === "tombstones") return append(null);
    const time = boundary?.time ?? this.#eventTime(kind, ts);
    if (kind === "foreign") return append(this.#write(this.#foreign(subject, time, ts)));
    const fields = this.#source.fields(subject, time, ts);
    if (kind === "malformed") return append(this.#random.pick(this.#source.faults(subject))(fields));
    const line = append(this.#write(fields));
    if (kind === "future") return line;
    this.#remember(kind, { subject, time, line });
    return line;
  }

  #remember(kind: Kind, { subject, time, line }: Sent<S>): void {
    this.#source.remember?.(subject, time);
    if (this.#plan.tables?.includes(subject.topic)) return;
    this.#highest[line.partition] = Math.max(time, this.#highest[line.partition] ?? time);
    if (kind !== "late") this.#sent.add({ subject, time, line });
  }

  #foreign(subject: S, time: EventTimeMs, ts: WallTimeMs): PayloadFields {
    const fields = this.#source.foreign?.(subject, time, ts);
    return fields ?? { ...this.#source.fields(subject, time, ts), ...this.#plan.foreign };
  }

  #earlier(kind: Kind, ts: WallTimeMs): Sent<S> | undefined {
    const { resendWithin, lateMin } = this.#plan.disorder;
    if (kind === "duplicates") return this.#sent.recent(ts, resendWithin);
    return kind === "lateDuplicates" ? this.#sent.old(ts, lateMin) : undefined;
  }

  #again({ subject, time, line }: Sent<S>, ts: WallTimeMs): RecordLine {
    const { elsewhere, changed } = this.#plan.resends;
    if (this.#isOneIn(elsewhere)) return this.#log.append(line.topic, ts, null, line.payload);
    const value = this.#isOneIn(changed) ? this.#write(this.#source.fields(subject, time, ts)) : line.payload;
    return this.#log.append(line.topic, ts, line.key, value);
  }

  #kind(): Kind {
    let left = this.#random.fraction();
    for (const kind of kinds) {
      left -= this.#shares[kind];
      if (left < 0) return kind;
    }
    return "inOrder";
  }

  #eventTime(kind: Kind, ts: WallTimeMs): EventTimeMs {
    const { aheadMax, inOrderMax, outOfOrderMax, lateMin, lateMax } = this.#plan.disorder;
    if (kind === "late") return ts - this.#random.integer(lateMin, lateMax);
    if (kind === "future") return ts + this.#random.integer(day, 30 * day);
    return ts - this.#random.integer(-aheadMax, kind === "outOfOrder" ? outOfOrderMax : inOrderMax);
  }

  #write(fields: PayloadFields): string {
    return this.#isOneIn(this.#plan.spaced) ? JSON.stringify(fields, null, 1) : JSON.stringify(fields);
  }

  /** Nothing is drawn where there is nothing to choose. */
  #isOneIn(share: number): boolean {
    return share > 0 && this.#random.chance(share);
  }
}
