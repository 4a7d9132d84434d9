import { purchaseViews } from "../../functions/purchase-views.ts";
import { purchases, purchaseTotals } from "../../shared/pipelines/purchases/purchases.ts";
import type { PurchaseViews } from "../../shared/ports/purchase-views.ts";
import { totalKey } from "../../shared/runtime/keys.ts";
import type { SqliteStateStore } from "../embedded/sqlite-state-store.ts";
import { objectText, writeViewFile } from "./view-file.ts";

/** Purchases per page: what the port allows at most. */
const pageSize = 100;

/** Writes what the API would answer of every user, one user per line, as one JSON object. */
export function writePurchaseViews(store: SqliteStateStore, path: string): Promise<void> {
  return writeViewFile(path, objectText(users(store)));
}

async function* users(store: SqliteStateStore) {
  const views = purchaseViews(store);
  const prefix = totalKey(purchases(), purchaseTotals, "");
  for (const key of store.entityKeys(prefix)) {
    const userId = key.slice(prefix.length);
    yield [userId, userText(views, userId)] as const;
  }
}

async function* userText(views: PurchaseViews, userId: string): AsyncGenerator<string> {
  const { total, count } = await views.total(userId);
  yield `{"totalDebt":"${total}","purchaseCount":${count},"purchases":[`;
  yield* historyText(views, userId);
  yield "]}";
}

async function* historyText(views: PurchaseViews, userId: string): AsyncGenerator<string> {
  let separator = "";
  let before: string | undefined;
  do {
    const page = await views.history(userId, { limit: pageSize, ...(before !== undefined && { before }) });
    for (const purchase of page?.purchases ?? []) {
      yield separator + JSON.stringify(purchase);
      separator = ",\n";
    }
    before = page?.next;
  } while (before !== undefined);
}
