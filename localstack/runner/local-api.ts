import { randomUUID } from "node:crypto";
import { createHandler } from "../../functions/api/handler.ts";
import { contentViews } from "../../functions/content-views.ts";
import { purchaseViews } from "../../functions/purchase-views.ts";
import type { Producer } from "../../shared/ports/producer.ts";
import { systemClock } from "../embedded/system-clock.ts";
import type { World } from "./world.ts";

/** The function `api` over a world's store, for the pipelines that run there. `producer`: the topic that purchases come from. */
export function localApi({ store, pipelines }: Pick<World, "store" | "pipelines">, producer: Producer) {
  const clock = systemClock;
  // Between transactions: what one has written so far could still be undone.
  const undisturbed = <A extends unknown[], T>(ask: (...asked: A) => Promise<T>) => {
    return (...asked: A) => store.group(() => ask(...asked));
  };
  const { total, history } = purchaseViews(store);
  const views = { total: undisturbed(total), history: undisturbed(history) };
  const desk = { views, samples: { producer, clock, chance: { fraction: Math.random, uuid: randomUUID } } };
  const engagement = pipelines.find(({ name }) => name === "engagement");
  const contents = engagement && contentViews({ store, clock, partitions: engagement.partitions });
  return createHandler({
    purchases: pipelines.some(({ name }) => name === "purchases") ? desk : undefined,
    contents: contents && {
      last: undisturbed(contents.last),
      count: undisturbed(contents.count),
      minutes: undisturbed(contents.minutes),
      top: undisturbed(contents.top),
    },
  });
}
