import type { EventTimeMs, WallTimeMs } from "../core/units.ts";

/** A record for a Kafka topic. */
export interface TopicMessage {
  /** Tells it apart from all others: consumers find it in the header `tidemark-id`, the same for every try. */
  readonly id: string;
  readonly topic: string;
  /** Messages of one key come to one partition, in order. */
  readonly key: string;
  readonly value: string;
  /** Of the event where it has a time, else of the clock. */
  readonly timestamp: EventTimeMs | WallTimeMs;
}

/** The header that holds a message's id, in UTF-8. */
export const idHeader = "tidemark-id";

/**
 * What became of messages. `refused`: the brokers won't ever take one or more of them (too large, an unknown topic, no right to write).
 * `ids` names those, and all others are accepted; without it nobody can tell which it is, and of the others some may be written.
 * `unavailable`: it may help to try again later; some of them may be written already.
 */
export type ProduceOutcome =
  | { readonly kind: "accepted" }
  | { readonly kind: "refused"; readonly reason: string; readonly ids?: readonly string[] }
  | { readonly kind: "unavailable"; readonly reason: string };

/** A Kafka cluster to write to. It never throws for what the other side does. */
export interface Producer {
  /**
   * Writes messages: those of one key in order, and behind those of every earlier call. `accepted` means that all in-sync replicas have all
   * of them. A fired `signal` ends it as `unavailable`.
   */
  produce(messages: readonly TopicMessage[], signal?: AbortSignal): Promise<ProduceOutcome>;
}
