import type { DurationMs, EventTimeMs, WallTimeMs } from "../../shared/core/units.ts";
import type { RecordLine } from "../record-file/record-line.ts";
import type { Random } from "./random.ts";

export interface Sent<S> {
  readonly subject: S;
  readonly time: EventTimeMs;
  readonly line: RecordLine;
}

const recentMax = 512;
/** One per second: more than half an hour. */
const oldMax = 2_048;
const oldEvery: DurationMs = 1_000;

/** What may be sent again: the last few records, and now and then one of the last half hour. */
export class SentRecords<S> {
  readonly #random: Random;
  /** Oldest first, as is `#old`. */
  readonly #recent: Sent<S>[] = [];
  readonly #old: Sent<S>[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  add(sent: Sent<S>): void {
    this.#recent.push(sent);
    if (this.#recent.length > recentMax) this.#recent.shift();
    const last = this.#old.at(-1);
    if (last && sent.line.ts - last.line.ts < oldEvery) return;
    this.#old.push(sent);
    if (this.#old.length > oldMax) this.#old.shift();
  }

  /** One that was sent at most `within` before `ts`. */
  recent(ts: WallTimeMs, within: DurationMs): Sent<S> | undefined {
    while (this.#recent[0] && ts - this.#recent[0].line.ts > within) this.#recent.shift();
    return this.#recent.length === 0 ? undefined : this.#random.pick(this.#recent);
  }

  /** One that was sent more than `age` before `ts`. */
  old(ts: WallTimeMs, age: DurationMs): Sent<S> | undefined {
    const picked = this.#old.length === 0 ? undefined : this.#random.pick(this.#old);
    return picked && ts - picked.line.ts > age ? picked : undefined;
  }
}
