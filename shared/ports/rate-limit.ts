/** Whether a request may be sent. `withheld`: it may not, and nobody has sent it. */
export type Leave = { readonly kind: "granted" } | { readonly kind: "withheld"; readonly reason: string };

/** A limit on requests per second, which instances keep that don't know each other. It never throws. */
export interface RateLimit {
  /** Waits until one request may be sent: at once, or not at all. A fired `signal` ends the wait as `withheld`. */
  take(signal?: AbortSignal): Promise<Leave>;
}
