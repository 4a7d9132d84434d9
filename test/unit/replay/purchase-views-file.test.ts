import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, expect, it } from "vitest";
import { writePurchaseViews } from "../../../localstack/replay/purchase-views-file.ts";
import { type PurchasesWorld, purchasesWorld } from "../../support/fact-race.ts";

const directory = mkdtempSync(join(tmpdir(), "tidemark-views-"));
const path = join(directory, "views", "purchases.json");
afterAll(() => rmSync(directory, { recursive: true, force: true }));

let world: PurchasesWorld;
beforeEach(() => {
  world = purchasesWorld();
});
afterEach(() => world.end());

async function buy(users: readonly string[]): Promise<void> {
  const records = users.map((userId, offset) => {
    const product = { productName: "Mouse", productType: "Accessories", value: "0.10", quantity: 3, total: 0.3 };
    const text = JSON.stringify({ purchaseId: `p${offset}`, userId, ...product });
    return { topic: "purchases", partition: 1, offset, timestamp: 1_000 * offset, key: null, value: Buffer.from(text) };
  });
  expect(await world.deliver(records)).toEqual([]);
}

/** As [user, what of it] pairs: an object would not tell `__proto__` from nothing. */
async function written(): Promise<[string, { totalDebt: string; purchaseCount: number; purchases: unknown[] }][]> {
  await writePurchaseViews(world.store, path);
  expect(existsSync(`${path}.new`)).toBe(false);
  const parsed = JSON.parse(readFileSync(path, "utf8"));
  return Object.entries(parsed);
}

const entry = (offset: number) => ({
  purchaseId: `p${offset}`,
  ...{ productName: "Mouse", productType: "Accessories", value: "0.10", quantity: 3, total: "0.3" },
  timestamp: new Date(1_000 * offset).toISOString().replace(".000Z", "Z"),
});

it("without a purchase is an empty object", async () => {
  expect(await written()).toEqual([]);
});

it("holds what each user owes and bought, newest first", async () => {
  await buy(["ann", "bob", "ann"]);
  expect(await written()).toEqual([
    ["ann", { totalDebt: "0.6", purchaseCount: 2, purchases: [entry(2), entry(0)] }],
    ["bob", { totalDebt: "0.3", purchaseCount: 1, purchases: [entry(1)] }],
  ]);
});

it("holds every purchase of a history of many pages, once", async () => {
  await buy(Array.from({ length: 1_234 }, () => "ann"));
  const [[, { totalDebt, purchaseCount, purchases }] = ["", { totalDebt: "", purchaseCount: 0, purchases: [] }]] =
    await written();
  expect({ totalDebt, purchaseCount }).toEqual({ totalDebt: "370.2", purchaseCount: 1_234 });
  expect(purchases).toEqual(Array.from({ length: 1_234 }, (_, i) => entry(1_233 - i)));
});

it("holds every user of many pages of them", async () => {
  const users = Array.from({ length: 2_500 }, (_, i) => `user_${i}`);
  await buy(users);
  expect((await written()).map(([user]) => user)).toEqual(users.toSorted());
});

it("keeps apart users whose names are made to mix", async () => {
  const users = ["a", "a|b", "|", "total|a", "purchases|total|a", "__proto__", "constructor", "a\u0000", 'a"}', "\\"];
  const odd = [...users, "\n", "\u2028", "é", "e\u0301", "～", "😀", "\u{10ffff}z", " ", "2024-01-01", "10", "9"];
  await buy(odd);
  const found = await written();
  expect(found.map(([user]) => user).toSorted()).toEqual(odd.toSorted());
  expect(found.map(([, { totalDebt }]) => totalDebt)).toEqual(odd.map(() => "0.3"));
  expect(({} as { totalDebt?: string }).totalDebt).toBeUndefined();
});
