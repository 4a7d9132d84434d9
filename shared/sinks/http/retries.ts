import {
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  DelegateBackoff,
  handleWhenResult,
  type IBackoff,
  type IDefaultPolicyContext,
  type IPolicy,
  type IRetryBackoffContext,
  isBrokenCircuitError,
  isTaskCancelledError,
  retry,
  TaskCancelledError,
  type TimeoutPolicy,
  TimeoutStrategy,
  timeout,
  wrap,
} from "cockatiel";
import type { DurationMs, WallTimeMs } from "../../core/units.ts";
import type { Clock } from "../../ports/clock.ts";
import type { DeliveryOutcome } from "../../ports/endpoint.ts";
import type { RateLimit } from "../../ports/rate-limit.ts";

export interface RetrySettings {
  /** How long one request may take, connecting included. Waiting for leave to send it doesn't count. */
  readonly tryTimeout: DurationMs;
  /** Tries per message, the first included. */
  readonly triesMax: number;
  /** The wait between tries: random between `waitMin` and three times the wait before, at most `waitMax`. */
  readonly waitMin: DurationMs;
  readonly waitMax: DurationMs;
  /** The longest `Retry-After` that is waited for here. Where more is asked for, the outcome says so at once. */
  readonly retryAfterMax: DurationMs;
  /** After so many failed tries in a row, over all messages, the endpoint is left alone for `restFor`; then one try decides. */
  readonly failuresMax: number;
  readonly restFor: DurationMs;
}

export const defaultRetries: RetrySettings = {
  tryTimeout: 2_000,
  triesMax: 4,
  waitMin: 100,
  waitMax: 2_000,
  retryAfterMax: 5_000,
  failuresMax: 8,
  restFor: 10_000,
};

/** Uniform in [0, 1), as `Math.random`. */
export type Random = () => number;

/** What came of one request. `isStale`: a kept-alive connection had died before anything was answered. */
export interface Sent {
  readonly outcome: DeliveryOutcome;
  readonly isStale: boolean;
}

/** Sends one request. It gets the signal of its time limit and heeds it. */
export type Send = (signal: AbortSignal) => Promise<Sent>;

/** The rate limit gave no leave: the request was not sent, which says nothing about the endpoint. */
class Withheld extends Error {
  override readonly name = "Withheld";
}

const cutShort: DeliveryOutcome = { kind: "unavailable", reason: "cut short by this side" };

/** Tries until a message is accepted or refused, or the tries are used up, and leaves an endpoint alone that keeps failing. */
export class Retries {
  readonly #settings: RetrySettings;
  readonly #clock: Clock;
  readonly #rateLimit: RateLimit | undefined;
  readonly #policy: IPolicy<IDefaultPolicyContext>;
  readonly #limit: TimeoutPolicy;
  #restsUntil: WallTimeMs = 0;
  /** Of the last request that failed, for those that are not even sent. */
  #lastReason = "";
  #stopped = false;

  /** Each request, tried again or not, needs the leave of `rateLimit`, where there is one. */
  constructor(settings: RetrySettings, clock: Clock, random: Random, rateLimit?: RateLimit) {
    this.#settings = settings;
    this.#clock = clock;
    this.#rateLimit = rateLimit;
    const again = retry(
      handleWhenResult((outcome) => this.#worthWaiting(outcome as DeliveryOutcome)),
      { maxAttempts: settings.triesMax - 1, backoff: decorrelatedJitter(settings, random) },
    );
    const breaker = circuitBreaker(
      handleWhenResult((outcome) => (outcome as DeliveryOutcome).kind === "unavailable").orWhen(
        // A deciding try that the caller cut short decides nothing; cockatiel would take it for a success.
        () => breaker.state === CircuitState.HalfOpen,
      ),
      {
        breaker: new ConsecutiveBreaker(settings.failuresMax),
        halfOpenAfter: { next: (context) => this.#rest(context) },
      },
    );
    // Without `abortOnReturn: false` it would abort a signal after every success.
    this.#limit = timeout(settings.tryTimeout, { strategy: TimeoutStrategy.Cooperative, abortOnReturn: false });
    this.#policy = wrap(again, breaker);
  }

  /** Ends at once when the caller's `signal` fires. */
  async run(send: Send, signal: AbortSignal | undefined): Promise<DeliveryOutcome> {
    if (signal?.aborted) return cutShort;
    const { promise: cut, resolve } = Promise.withResolvers<DeliveryOutcome>();
    const onAbort = () => resolve(cutShort);
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      const work = this.#policy.execute(() => this.#try(send, signal), signal);
      // cockatiel sleeps on between two tries when the signal fires; its next try then ends before it begins.
      return await Promise.race([work, cut]);
    } catch (error) {
      if (isTaskCancelledError(error)) return cutShort;
      if (isBrokenCircuitError(error)) return this.#resting();
      if (error instanceof Withheld) return { kind: "unavailable", reason: error.message };
      throw error;
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  }

  /** From here on nothing is sent; a post that waits for its next try, or for leave, ends as cut short when the wait is over. */
  stop(): void {
    this.#stopped = true;
  }

  async #try(send: Send, signal: AbortSignal | undefined): Promise<DeliveryOutcome> {
    const first = await this.#request(send, signal);
    // The other side closed an idle connection, or this Lambda was frozen meanwhile: that says nothing about the endpoint.
    const { outcome } = first.isStale ? await this.#request(send, signal) : first;
    if (outcome.kind === "unavailable") this.#lastReason = outcome.reason;
    return outcome;
  }

  async #request(send: Send, signal: AbortSignal | undefined): Promise<Sent> {
    this.#throwIfOver(signal);
    const leave = await this.#rateLimit?.take(signal);
    if (leave?.kind === "withheld") throw new Withheld(leave.reason);
    this.#throwIfOver(signal);
    return this.#limit.execute(async ({ signal: limit }) => {
      const sent = await send(limit);
      if (sent.outcome.kind !== "unavailable") return sent;
      this.#throwIfOver(signal);
      return limit.aborted ? this.#late : sent;
    }, signal);
  }

  #throwIfOver(signal: AbortSignal | undefined): void {
    if (this.#stopped || signal?.aborted) throw new TaskCancelledError();
  }

  get #late(): Sent {
    const reason = `no answer within ${this.#settings.tryTimeout} ms`;
    return { outcome: { kind: "unavailable", reason }, isStale: false };
  }

  #worthWaiting(outcome: DeliveryOutcome): boolean {
    return outcome.kind === "unavailable" && (outcome.retryAfter ?? 0) <= this.#settings.retryAfterMax;
  }

  /** cockatiel compares `duration` with a `Date.now()` of its own; all or nothing makes it follow our clock instead. */
  #rest({ result }: IRetryBackoffContext<unknown>): IBackoff<IRetryBackoffContext<unknown>> {
    // A deciding try that was never sent leaves the decision to the next one.
    const isUndecided = "error" in result && result.error instanceof Withheld;
    const until = this.#clock.now() + (isUndecided ? 0 : this.#settings.restFor);
    const clock = this.#clock;
    this.#restsUntil = until;
    return {
      get duration() {
        return clock.now() < until ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
      },
      next: (context) => this.#rest(context),
    };
  }

  #resting(): DeliveryOutcome {
    const retryAfter = Math.max(this.#restsUntil - this.#clock.now(), 0);
    return {
      kind: "unavailable",
      reason: `left alone after ${this.#settings.failuresMax} failures in a row, the last: ${this.#lastReason}`,
      retryAfter,
    };
  }
}

/** @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ */
function decorrelatedJitter({ waitMin, waitMax }: RetrySettings, random: Random) {
  return new DelegateBackoff<IRetryBackoffContext<unknown>, DurationMs>(({ result }, previous = waitMin) => {
    const wait = Math.min(waitMax, waitMin + random() * (previous * 3 - waitMin));
    const outcome = "value" in result ? (result.value as DeliveryOutcome) : undefined;
    const asked = outcome?.kind === "unavailable" ? (outcome.retryAfter ?? 0) : 0;
    return { delay: Math.max(wait, asked), state: wait };
  });
}
