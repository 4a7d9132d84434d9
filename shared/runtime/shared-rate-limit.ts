import type { DurationMs, WallTimeMs } from "../core/units.ts";
import type { Clock } from "../ports/clock.ts";
import type { Leave, RateLimit } from "../ports/rate-limit.ts";
import type { Document, DocumentTable } from "../ports/state-store.ts";
import { type Lease, leaseMax, type Plan, planLease, planPause, readSchedule, usableFor } from "./slot-lease.ts";

export interface SharedRateLimitOptions {
  readonly table: DocumentTable;
  /** The document that all instances share. */
  readonly key: string;
  /** From 1 to 100,000. */
  readonly ratePerSecond: number;
  readonly clock: Clock;
  /** Uniform in [0, 1), as `Math.random`: no two instances draw the same numbers. */
  readonly random: () => number;
  readonly sleep: (delay: DurationMs) => Promise<unknown>;
}

/** Failures of the store in a row, after which those who wait are sent away. Its client has tried each several times by then. */
const failuresMax = 3;
/** Leases in a row that somebody else was quicker to take. Each time somebody got on, so that many mean that something is wrong. */
const conflictsMax = 40;
/** The longest wait after the first miss; it doubles with each, up to the second. */
const missWaitMin: DurationMs = 10;
const missWaitMax: DurationMs = 1_000;
/** Spreads instances that look again at the same time. */
const laterSpread: DurationMs = 500;

const granted: Leave = { kind: "granted" };
const cutShort: Leave = { kind: "withheld", reason: "cut short by this side" };

/**
 * A rate limit over all instances that share a document.
 *
 * In any time of T seconds at most `rate * (T + 0.2 + D) + 1` requests are let through, D being the most by which the instances' clocks
 * differ. Whoever finds a schedule that was written ahead of its own clock follows that faster clock from then on; so D only tells where
 * an instance joins, and nobody waits for good for slots of a time to come.
 *
 * Slots are lost, never doubled, where an answer of the store is lost, an instance stops, or it needs fewer than it leased. Without the
 * store nothing is let through: an output that waits is late, but the other side was promised never to get more than this.
 */
export class SharedRateLimit implements RateLimit {
  readonly #options: SharedRateLimitOptions;
  readonly #interval: DurationMs;
  /** In the order in which they came. */
  readonly #waiting = new Set<(leave: Leave) => void>();
  #lease: Lease = { first: 0, count: 0 };
  /** Slots of the lease that are used or lost, and how many were used. */
  #gone = 0;
  #used = 0;
  /** How far the fastest clock that is known of is ahead of this instance's. */
  #ahead: DurationMs = 0;
  #conflicts = 0;
  #isServing = false;

  constructor(options: SharedRateLimitOptions) {
    this.#options = options;
    this.#interval = 1_000 / options.ratePerSecond;
  }

  async take(signal?: AbortSignal): Promise<Leave> {
    if (signal?.aborted) return cutShort;
    const { promise, resolve } = Promise.withResolvers<Leave>();
    const giveUp = () => {
      this.#waiting.delete(resolve);
      resolve(cutShort);
    };
    signal?.addEventListener("abort", giveUp, { once: true });
    this.#waiting.add(resolve);
    void this.#serve();
    try {
      return await promise;
    } finally {
      signal?.removeEventListener("abort", giveUp);
    }
  }

  /** Goes on as long as somebody waits; one at a time. */
  async #serve(): Promise<void> {
    if (this.#isServing) return;
    this.#isServing = true;
    let failures = 0;
    while (this.#waiting.size > 0) {
      try {
        this.#grantDue();
        if (this.#waiting.size > 0) await this.#moveOn();
        failures = 0;
      } catch (error) {
        failures += 1;
        if (failures === failuresMax) this.#answerAll(withheldFor((error as Error).message));
        else await this.#sleepAfterMiss(failures);
      }
    }
    this.#isServing = false;
  }

  #grantDue(): void {
    const now = this.#now();
    while (this.#gone < this.#lease.count && this.#slot(this.#gone) + usableFor < now) this.#gone++;
    for (const answer of this.#waiting) {
      if (this.#gone === this.#lease.count || this.#slot(this.#gone) > now) return;
      this.#gone++;
      this.#used++;
      this.#waiting.delete(answer);
      answer(granted);
    }
  }

  /** Waits for the next slot, or for slots at all. @throws what the store throws. */
  async #moveOn(): Promise<void> {
    if (this.#gone === this.#lease.count) return this.#renew();
    await this.#options.sleep(Math.ceil(this.#slot(this.#gone) - this.#now()));
  }

  async #renew(): Promise<void> {
    const { table, key, random, sleep } = this.#options;
    const document = (await table.read([key])).get(key);
    // Meanwhile they may all have gone.
    if (this.#waiting.size === 0) return;
    const plan = this.#plan(document);
    if (plan.kind === "later") return void (await sleep(Math.ceil(plan.wait + random() * laterSpread)));
    // Two instances may plan the same. The store takes a document that is there to the letter for one whose answer was lost, so both would
    // get the slots, if it didn't say whose it is.
    const body = JSON.stringify({ ...plan.schedule, by: random() });
    const outcome = await table.commit({ key, version: (document?.version ?? 0) + 1, body });
    if (outcome.kind === "conflict") return this.#lose();
    this.#conflicts = 0;
    this.#lease = plan.lease;
    this.#gone = 0;
    this.#used = 0;
  }

  #plan(document: Document | undefined): Plan {
    const held = document && readSchedule(document.body);
    if (document && !held) return planPause(this.#now());
    if (held) this.#ahead = Math.max(this.#ahead, held.at - this.#options.clock.now());
    const now = this.#now();
    const isRecent = now - this.#slot(this.#lease.count) <= leaseMax;
    const [used, lost] = isRecent ? [this.#used, this.#lease.count - this.#used] : [0, 0];
    return planLease(held, { waiting: this.#waiting.size, used, lost }, { now, interval: this.#interval });
  }

  async #lose(): Promise<void> {
    this.#conflicts += 1;
    if (this.#conflicts < conflictsMax) return this.#sleepAfterMiss(this.#conflicts);
    this.#answerAll(withheldFor(`somebody else was quicker ${conflictsMax} times in a row`));
    this.#conflicts = 0;
  }

  async #sleepAfterMiss(misses: number): Promise<void> {
    const { sleep, random } = this.#options;
    await sleep(Math.ceil(random() * Math.min(missWaitMax, missWaitMin * 2 ** (misses - 1))));
  }

  #answerAll(leave: Leave): void {
    for (const answer of this.#waiting) answer(leave);
    this.#waiting.clear();
  }

  #slot(place: number): WallTimeMs {
    return this.#lease.first + place * this.#interval;
  }

  #now(): WallTimeMs {
    return this.#options.clock.now() + this.#ahead;
  }
}

function withheldFor(why: string): Leave {
  return { kind: "withheld", reason: `the rate limit can't be kept: ${why}` };
}
