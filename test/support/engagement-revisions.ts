import type { EngagementOutput } from "./oracle/engagement-oracle.ts";

/** All that was said of an event, in order. */
interface Told {
  readonly entity: string;
  readonly said: readonly object[];
}

/** Event by event: of different ones nobody says which comes first. */
export function byEntity<T extends { readonly entity: string }>(told: readonly T[]): Told[] {
  return Array.from(
    Map.groupBy(told, ({ entity }) => entity),
    ([entity, said]) => ({ entity, said }),
  );
}

/** An output as a message to the topic. */
export function messageOf({ id, body }: EngagementOutput) {
  const key = String(body.content_id);
  return { id, topic: "events-enriched", key, value: JSON.stringify(body), timestamp: Date.parse(body.event_ts) };
}
