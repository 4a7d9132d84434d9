/** Time that passes in leaps: to the next thing that somebody waits for, once nobody has anything else to do. */
export class SimulatedTime {
  #now = 0;
  #count = 0;
  readonly #sleeping: { readonly until: number; readonly order: number; readonly wake: () => void }[] = [];

  /** In milliseconds since the beginning. */
  get now(): number {
    return this.#now;
  }

  sleep(delay: number): Promise<void> {
    return new Promise((wake) => {
      this.#sleeping.push({ until: this.#now + Math.max(delay, 0), order: this.#count++, wake });
    });
  }

  /** Lets time pass up to `until`, or until nobody sleeps any more. */
  async run(until = Number.POSITIVE_INFINITY): Promise<void> {
    for (;;) {
      await new Promise(setImmediate);
      const [next] = this.#sleeping.sort((a, b) => a.until - b.until || a.order - b.order);
      if (!next || next.until > until) break;
      this.#sleeping.shift();
      this.#now = next.until;
      next.wake();
    }
    if (until !== Number.POSITIVE_INFINITY) this.#now = until;
  }
}
