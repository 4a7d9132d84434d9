import { purchases, purchaseTotals } from "../shared/pipelines/purchases/purchases.ts";
import type { HistoryPage, PurchaseEntry, PurchaseViews } from "../shared/ports/purchase-views.ts";
import type { StateStore } from "../shared/ports/state-store.ts";
import { readListOf, readTotalOf } from "../shared/runtime/fold-view.ts";

/** As `entryOf` in shared/runtime/fold.ts makes them. */
const orderForm = /^\d{16}(-\d{16}){3}$/;

/** What users bought, as the purchases pipeline keeps it. */
export function purchaseViews(store: Pick<StateStore, "entities" | "lists">): PurchaseViews {
  const view = { pipeline: purchases(), fold: purchaseTotals, store };
  return {
    async total(userId) {
      const { total, count } = await readTotalOf(view, userId);
      return { total, count };
    },
    async history(userId, { limit, before }): Promise<HistoryPage | undefined> {
      const order = before === undefined ? undefined : orderOf(before);
      if (before !== undefined && order === undefined) return undefined;
      const { total, entries, next } = await readListOf(view, userId, limit, order);
      return {
        count: total.count,
        purchases: entries as readonly PurchaseEntry[],
        ...(next !== undefined && { next: Buffer.from(next).toString("base64url") }),
      };
    },
  };
}

function orderOf(cursor: string): string | undefined {
  const order = Buffer.from(cursor, "base64url").toString("latin1");
  return orderForm.test(order) && Buffer.from(order).toString("base64url") === cursor ? order : undefined;
}
