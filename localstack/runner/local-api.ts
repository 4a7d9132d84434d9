import { randomUUID } from "node:crypto";
import { createHandler } from "../../functions/api/handler.ts";
import { purchaseRoutes } from "../../functions/api/purchase-routes.ts";
import { purchaseViews } from "../../functions/purchase-views.ts";
import type { Producer } from "../../shared/ports/producer.ts";
import type { PurchaseViews } from "../../shared/ports/purchase-views.ts";
import type { SqliteStateStore } from "../embedded/sqlite-state-store.ts";
import { systemClock } from "../embedded/system-clock.ts";

/** The function `api` over embedded stores. `producer`: the topic that purchases come from. */
export function localApi(store: SqliteStateStore, producer: Producer) {
  const chance = { fraction: Math.random, uuid: randomUUID };
  const views = undisturbed(purchaseViews(store), store);
  return createHandler({ routes: purchaseRoutes({ views, producer, clock: systemClock, chance }) });
}

/** Between transactions: what one has written so far could still be undone. */
function undisturbed(views: PurchaseViews, store: SqliteStateStore): PurchaseViews {
  return {
    total: (userId) => store.group(() => views.total(userId)),
    history: (userId, request) => store.group(() => views.history(userId, request)),
  };
}
