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
  TimeoutStrategy,
  timeout,
  wrap,
} from "cockatiel";
import type { DurationMs, WallTimeMs } from "../../core/units.ts";
import type { Clock } from "../../ports/clock.ts";
import type { DeliveryOutcome } from "../../ports/endpoint.ts";

export interface RetrySettings {
  /** How long one try may take, connecting included. */
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
export type Try = (signal: AbortSignal) => Promise<DeliveryOutcome>;

const cutShort: DeliveryOutcome = { kind: "unavailable", reason: "cut short by this side" };

/** Tries until a message is accepted or refused, or the tries are used up, and leaves an endpoint alone that keeps failing. */
export class Retries {
  readonly #settings: RetrySettings;
  readonly #clock: Clock;
  readonly #policy: IPolicy<IDefaultPolicyContext>;
  #restsUntil: WallTimeMs = 0;
  #stopped = false;

  constructor(settings: RetrySettings, clock: Clock, random: Random) {
    this.#settings = settings;
    this.#clock = clock;
    const again = retry(
      handleWhenResult((outcome) => this.#worthWaiting(outcome as DeliveryOutcome)),
      { maxAttempts: settings.triesMax - 1, backoff: decorrelatedJitter(settings, random) },
    );
    const breaker = circuitBreaker(
      handleWhenResult((outcome) => (outcome as DeliveryOutcome).kind === "unavailable").orWhen(
        // A deciding try that the caller cut short decides nothing; cockatiel would take it for a success.
        () => breaker.state === CircuitState.HalfOpen,
      ),
      { breaker: new ConsecutiveBreaker(settings.failuresMax), halfOpenAfter: { next: () => this.#rest() } },
    );
    // Without `abortOnReturn: false` it would abort a signal after every success.
    const limit = timeout(settings.tryTimeout, { strategy: TimeoutStrategy.Cooperative, abortOnReturn: false });
    this.#policy = wrap(again, breaker, limit);
  }

  /** `attempt` gets the signal of its time limit and heeds it. Ends at once when the caller's `signal` fires. */
  async run(attempt: Try, signal: AbortSignal | undefined): Promise<DeliveryOutcome> {
    if (signal?.aborted) return cutShort;
    const { promise: cut, resolve } = Promise.withResolvers<DeliveryOutcome>();
    const onAbort = () => resolve(cutShort);
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      const work = this.#policy.execute(({ signal: limit }) => this.#attempt(attempt, limit, signal), signal);
      // cockatiel sleeps on between two tries when the signal fires; its next try then ends before it begins.
      return await Promise.race([work, cut]);
    } catch (error) {
      if (isTaskCancelledError(error)) return cutShort;
      if (isBrokenCircuitError(error)) return this.#resting();
      throw error;
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  }

  /** From here on nothing is tried again; a post that waits for its next try ends as cut short when the wait is over. */
  stop(): void {
    this.#stopped = true;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  async #attempt(attempt: Try, limit: AbortSignal, signal: AbortSignal | undefined): Promise<DeliveryOutcome> {
    if (this.#stopped || signal?.aborted) throw new TaskCancelledError();
    const outcome = await attempt(limit);
    if (outcome.kind !== "unavailable") return outcome;
    if (this.#stopped || signal?.aborted) throw new TaskCancelledError();
    return limit.aborted
      ? { kind: "unavailable", reason: `no answer within ${this.#settings.tryTimeout} ms` }
      : outcome;
  }

  #worthWaiting(outcome: DeliveryOutcome): boolean {
    return outcome.kind === "unavailable" && (outcome.retryAfter ?? 0) <= this.#settings.retryAfterMax;
  }

  /** cockatiel compares `duration` with a `Date.now()` of its own; all or nothing makes it follow our clock instead. */
  #rest(): IBackoff<unknown> {
    const until = this.#clock.now() + this.#settings.restFor;
    const clock = this.#clock;
    this.#restsUntil = until;
    return {
      get duration() {
        return clock.now() < until ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
      },
      next: () => this.#rest(),
    };
  }

  #resting(): DeliveryOutcome {
    const retryAfter = Math.max(this.#restsUntil - this.#clock.now(), 0);
    return {
      kind: "unavailable",
      reason: `left alone after ${this.#settings.failuresMax} failures in a row`,
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
