import { closeSync, mkdirSync, openSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { purchaseViews } from "../../functions/purchase-views.ts";
import { purchases, purchaseTotals } from "../../shared/pipelines/purchases/purchases.ts";
import type { PurchaseViews } from "../../shared/ports/purchase-views.ts";
import { totalKey } from "../../shared/runtime/keys.ts";
import type { SqliteStateStore } from "../embedded/sqlite-state-store.ts";

/** Purchases per page: what the port allows at most. */
const pageSize = 100;
const pendingMax = 1 << 16;

/** Writes what the API would answer of every user, one user per line, as one JSON object. The file is there whole or not at all. */
export async function writePurchaseViews(store: SqliteStateStore, path: string): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  const file = openSync(`${path}.new`, "w");
  try {
    let pending = "";
    for await (const piece of viewsText(store)) {
      pending += piece;
      if (pending.length < pendingMax) continue;
      writeFileSync(file, pending);
      pending = "";
    }
    writeFileSync(file, pending);
  } finally {
    closeSync(file);
  }
  renameSync(`${path}.new`, path);
}

/** Written piece by piece: one history alone may be larger than memory, and a user may be called `__proto__`. */
async function* viewsText(store: SqliteStateStore): AsyncGenerator<string> {
  const views = purchaseViews(store);
  const prefix = totalKey(purchases(), purchaseTotals, "");
  let separator = "{\n";
  for (const key of store.entityKeys(prefix)) {
    const userId = key.slice(prefix.length);
    const { total, count } = await views.total(userId);
    yield `${separator}${JSON.stringify(userId)}:{"totalDebt":"${total}","purchaseCount":${count},"purchases":[`;
    yield* historyText(views, userId);
    yield "]}";
    separator = ",\n";
  }
  yield separator === "{\n" ? "{}\n" : "\n}\n";
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
