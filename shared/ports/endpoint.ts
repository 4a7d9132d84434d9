import type { DurationMs } from "../core/units.ts";

/** One request: `id` is the idempotency key, the same for every try of the same content; `body` is JSON text. */
export interface Message {
  readonly id: string;
  readonly body: string;
}

/**
 * What became of a message. `refused`: trying again can't help (a 4xx that isn't 408, 425 or 429). `unavailable`: it may help later
 * (network, time-out, 408, 425, 429, 5xx, an open breaker), and the endpoint's own retries are used up.
 */
export type DeliveryOutcome =
  | { readonly kind: "accepted" }
  | { readonly kind: "refused"; readonly status: number; readonly reason: string }
  | { readonly kind: "unavailable"; readonly reason: string; readonly retryAfter?: DurationMs };

/** Somebody's HTTP endpoint. It never throws for what the other side does. */
export interface Endpoint {
  post(message: Message, signal?: AbortSignal): Promise<DeliveryOutcome>;
}
