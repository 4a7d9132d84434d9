import { expect } from "vitest";
import type { LogRecord } from "../../shared/core/record.ts";
import { purchases, purchaseTotals } from "../../shared/pipelines/purchases/purchases.ts";
import { readListOf } from "../../shared/runtime/fold-view.ts";
import { runFacts } from "../../shared/runtime/running-pipeline.ts";
import { PipelineWorld } from "./pipeline-world.ts";
import type { Turns } from "./turns.ts";

/** A purchase of one at `cents`; `bad` doesn't add up. */
function purchase(
  partition: number,
  offset: number,
  id: string,
  userId: string,
  cents: number,
  bad = false,
): LogRecord {
  const value = `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, "0")}`;
  const fields = { purchaseId: id, userId, productName: "Laptop", productType: "Electronics", value, quantity: 1 };
  const text = JSON.stringify({ ...fields, total: bad ? "7777" : value });
  return {
    topic: "purchases",
    partition,
    offset,
    timestamp: 1_000 + offset,
    key: Buffer.from(userId),
    value: Buffer.from(text),
  };
}

/** Two users whose purchases share batches, duplicates within a batch, between batches and between partitions, and one that is bad. */
export const partition0: readonly LogRecord[] = [
  purchase(0, 0, "p1", "ann", 100),
  purchase(0, 1, "p2", "bob", 1_000),
  purchase(0, 2, "p1", "ann", 100),
  purchase(0, 3, "p3", "ann", 1, true),
  purchase(0, 4, "p3", "ann", 30),
];
export const partition1: readonly LogRecord[] = [
  purchase(1, 0, "p4", "ann", 5_000),
  purchase(1, 1, "p2", "bob", 1_000),
];

export function purchasesWorld(turns?: Turns) {
  return new PipelineWorld({
    pipeline: purchases(),
    run: runFacts,
    settings: { partitions: 2 },
    ...(turns && { interpose: turns.interpose, interposeObjects: turns.interposeObjects }),
  });
}

export type PurchasesWorld = ReturnType<typeof purchasesWorld>;

/** Whatever came of the race: what is left is sent again, and everything must be as if there had been no race. */
export async function expectPurchasesWhole(world: PurchasesWorld): Promise<void> {
  for (const records of [partition0, partition1]) expect(await world.deliver(records)).toEqual([]);
  expect(await historyOf(world, "ann")).toEqual({ total: "51.30", count: 3, ids: ["p1", "p3", "p4"] });
  expect(await historyOf(world, "bob")).toEqual({ total: "10.00", count: 1, ids: ["p2"] });
  const rows = (await world.finals()).map((row) => `${row.purchaseId} ${row.userId} ${row.total}`).sort();
  expect(rows).toEqual(["p1 ann 1.00", "p2 bob 10.00", "p3 ann 0.30", "p4 ann 50.00"]);
  const rejections = (await world.rejections()).map(
    ({ partition, offset, reason }) => `${partition}@${offset} ${reason}`,
  );
  expect(rejections).toEqual(["0@3 malformed"]);
  const emitted = world
    .revisions()
    .map(({ id, final }) => `${id} ${final}`)
    .sort();
  expect(emitted).toEqual(["p1", "p2", "p3", "p4"].map((id) => `purchases:${id}:1 true`));
}

/** The list agrees with the total at any moment, so it is read as the API reads it. */
export async function historyOf(world: PurchasesWorld, user: string) {
  const view = { pipeline: world.engine.pipeline, fold: purchaseTotals, store: world.store };
  const { total, entries } = await readListOf(view, user, 100);
  const ids = entries.map((entry) => (entry as { purchaseId: string }).purchaseId).sort();
  return { total: total.total, count: total.count, ids };
}
