import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { purchaseViews } from "../../../functions/purchase-views.ts";
import type { PurchaseEntry } from "../../../shared/ports/purchase-views.ts";
import { type PurchasesWorld, purchasesWorld } from "../../support/fact-race.ts";

let world: PurchasesWorld;
beforeEach(() => {
  world = purchasesWorld();
});
afterEach(() => world.end());

async function buy(userId: string, ...timestamps: number[]): Promise<void> {
  const records = timestamps.map((timestamp, offset) => {
    const product = { productName: "Mouse", productType: "Accessories", value: "0.10", quantity: 3, total: 0.3 };
    const text = JSON.stringify({ purchaseId: `${userId}-${offset}`, userId, ...product });
    return { topic: "purchases", partition: 1, offset, timestamp, key: null, value: Buffer.from(text) };
  });
  expect(await world.deliver(records)).toEqual([]);
}

const entry = (purchaseId: string, timestamp: string): PurchaseEntry => ({
  purchaseId,
  ...{ productName: "Mouse", productType: "Accessories", value: "0.10", quantity: 3, total: "0.3" },
  timestamp,
});

describe("what a user bought", () => {
  it("is all there, exact, newest first", async () => {
    await buy("ann", 1_000, 2_500, 2_000);
    const views = purchaseViews(world.store);
    expect(await views.total("ann")).toEqual({ total: "0.9", count: 3 });
    expect(await views.history("ann", { limit: 100 })).toEqual({
      count: 3,
      purchases: [
        entry("ann-1", "1970-01-01T00:00:02.500Z"),
        entry("ann-2", "1970-01-01T00:00:02Z"),
        entry("ann-0", "1970-01-01T00:00:01Z"),
      ],
    });
  });

  it("is nothing where nobody knows the user", async () => {
    const views = purchaseViews(world.store);
    expect(await views.total("bob")).toEqual({ total: "0", count: 0 });
    expect(await views.history("bob", { limit: 1 })).toEqual({ count: 0, purchases: [] });
  });

  it("comes in pages that a cursor of printable characters leads through", async () => {
    await buy("ann", 1, 2, 3, 4, 5);
    const views = purchaseViews(world.store);
    const ids: string[][] = [];
    for (let before: string | undefined, isMore = true; isMore; ) {
      const page = await views.history("ann", { limit: 2, ...(before !== undefined && { before }) });
      ids.push(page?.purchases.map(({ purchaseId }) => purchaseId) ?? []);
      expect(page?.count).toBe(5);
      before = page?.next;
      expect(before ?? "").toMatch(/^[\w-]*$/);
      isMore = before !== undefined;
    }
    expect(ids).toEqual([["ann-4", "ann-3"], ["ann-2", "ann-1"], ["ann-0"]]);
  });

  it.each(["", "x", "-", "____", "a".repeat(10_000), "MDAwMA", "\u0000", "../../etc", "%00"])(
    "can't be asked for from %j on, which no page has given",
    async (before) => {
      await buy("ann", 1, 2);
      expect(await purchaseViews(world.store).history("ann", { limit: 1, before })).toBeUndefined();
    },
  );

  it("can't be asked for from a cursor with anything added to it", async () => {
    await buy("ann", 1, 2);
    const { next = "" } = (await purchaseViews(world.store).history("ann", { limit: 1 })) ?? {};
    for (const before of [`${next}=`, `${next}A`, ` ${next}`, next.slice(1)])
      expect(await purchaseViews(world.store).history("ann", { limit: 1, before })).toBeUndefined();
  });
});
