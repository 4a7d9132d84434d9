import { afterEach, describe, expect, it } from "vitest";
import type { LogRecord } from "../../shared/core/record.ts";
import { purchaseTotals } from "../../shared/pipelines/purchases/purchases.ts";
import { readListOf } from "../../shared/runtime/fold-view.ts";
import { type PurchasesWorld, purchasesWorld } from "../support/fact-race.ts";

const worlds: PurchasesWorld[] = [];
afterEach(() => {
  for (const world of worlds.splice(0)) world.end();
});

function freshWorld(): PurchasesWorld {
  const world = purchasesWorld();
  worlds.push(world);
  return world;
}

const laptop = { purchaseId: "p1", userId: "user1", productName: "Laptop", productType: "Electronics" };

/** A record of `purchases`: the fields that differ from a laptop at 2 x 50.00; a text stands as it is. */
function purchase(offset: number, fields: object | string = {}, partition = 0, timestamp = 1_000 + offset): LogRecord {
  const value =
    typeof fields === "string"
      ? fields
      : JSON.stringify({ ...laptop, value: "50.00", quantity: 2, total: "100.00", ...fields });
  return { topic: "purchases", partition, offset, timestamp, key: Buffer.from("user1"), value: Buffer.from(value) };
}

async function deliver(world: PurchasesWorld, ...records: readonly LogRecord[]): Promise<void> {
  expect(await world.deliver(records)).toEqual([]);
}

async function debtOf(world: PurchasesWorld, user = "user1", limit = 100, before?: string) {
  const view = { pipeline: world.engine.pipeline, fold: purchaseTotals, store: world.store };
  const { total, entries, next } = await readListOf(view, user, limit, before);
  const ids = entries.map((entry) => (entry as { purchaseId: string }).purchaseId);
  return { debt: total.total, count: total.count, ids, next };
}

describe("one purchase that is sent five times", () => {
  it.each([
    ["in one delivery", [[0, 1, 2, 3, 4]]],
    ["in five", [[0], [1], [2], [3], [4]]],
    [
      "with every delivery made twice",
      [
        [0, 1],
        [0, 1],
        [2, 3, 4],
        [2, 3, 4],
      ],
    ],
  ])("%s, is a debt of 100.00 and one line of history", async (_, deliveries) => {
    const world = freshWorld();
    for (const offsets of deliveries) {
      await deliver(world, ...offsets.map((offset) => purchase(offset)));
      world.restart();
    }
    expect(await debtOf(world)).toEqual({ debt: "100.00", count: 1, ids: ["p1"], next: undefined });
    expect(await world.counts()).toMatchObject({ purchases: { read: 5, accepted: 1, duplicate: 4 } });
    expect(await world.finals()).toHaveLength(1);
  });

  it("belongs to whom it came for first, in whatever partition it comes again", async () => {
    const world = freshWorld();
    await deliver(world, purchase(0));
    await deliver(world, purchase(0, { userId: "user2" }, 1));
    expect(await debtOf(world, "user2")).toEqual({ debt: "0", count: 0, ids: [], next: undefined });
    expect((await debtOf(world)).debt).toBe("100.00");
  });

  it("is known for ever", async () => {
    const world = freshWorld();
    await deliver(world, purchase(0));
    world.now = Date.UTC(9999, 0, 1);
    await deliver(world, purchase(1));
    expect(await debtOf(world)).toMatchObject({ debt: "100.00", count: 1 });
  });
});

describe("what a user owes", () => {
  it("is exact to the last digit, and may have more digits than one amount", async () => {
    const world = freshWorld();
    const amounts = ["0.1", "0.2", "999999999999999999", "999999999999999999", "0.000001"];
    const records = amounts.map((value, at) =>
      purchase(at, { purchaseId: `p${at}`, value, quantity: 1, total: value }),
    );
    await deliver(world, ...records);
    expect((await debtOf(world)).debt).toBe("1999999999999999998.300001");
  });

  it("is listed newest first by the log's timestamp, then by position, page by page without gap or repetition", async () => {
    const world = freshWorld();
    const timestamps = [50, 10, 10, 99, 50];
    await deliver(world, ...timestamps.map((timestamp, at) => purchase(at, { purchaseId: `p${at}` }, 0, timestamp)));
    expect((await debtOf(world)).ids).toEqual(["p3", "p4", "p0", "p2", "p1"]);
    const pages: string[][] = [];
    let before: string | undefined;
    do {
      const page = await debtOf(world, "user1", 2, before);
      pages.push(page.ids);
      before = page.next;
    } while (before !== undefined);
    expect(pages).toEqual([["p3", "p4"], ["p0", "p2"], ["p1"]]);
  });

  it("has no next page when the last one is exactly full", async () => {
    const world = freshWorld();
    await deliver(world, purchase(0), purchase(1, { purchaseId: "p2" }));
    expect((await debtOf(world, "user1", 2)).next).toBeUndefined();
    expect((await debtOf(world, "user1", 1)).next).toBeDefined();
  });
});

describe("a purchase", () => {
  const rejected: [string, object | string, string][] = [
    [
      "whose total is one millionth too high",
      { total: "100.000001" },
      "total is 100.000001, but 50.00 times 2 is 100.00",
    ],
    ["below zero", { value: "-0.01", quantity: 1, total: "-0.01" }, "value is below zero: -0.01"],
    ["of none", { quantity: 0, total: "0" }, "quantity is no whole number from 1 up: 0"],
    ["of one and a half", { quantity: 1.5, total: 75 }, "quantity is no whole number from 1 up: 1.5"],
    ["of a number in quotes", { quantity: "2" }, "quantity is no whole number from 1 up: 2"],
    [
      "of nearly one",
      '{"value":50,"quantity":0.9999999999999999999,"total":50,',
      "quantity is no whole number from 1 up: 0.9999999999999999999",
    ],
    [
      "of more than a number can count",
      '{"value":0,"quantity":9007199254740993,"total":0,',
      "quantity is no whole number from 1 up: 9007199254740993",
    ],
    ["of minus one", { quantity: -1, total: -50 }, "quantity is no whole number from 1 up: -1"],
    ["without a user", { userId: null }, "userId is missing"],
    ["without an id", { purchaseId: undefined }, "purchaseId is missing"],
    ["without a product", { productName: null }, "productName is missing"],
    ["without a product type", { productType: undefined }, "productType is missing"],
    ["without a value", { value: null }, "value is missing"],
  ];

  it.each(rejected)("%s is rejected, and its id stays free", async (_, fields, message) => {
    const text = typeof fields === "string" ? `${fields}${JSON.stringify(laptop).slice(1)}` : fields;
    const world = freshWorld();
    await deliver(world, purchase(0, text), purchase(1));
    expect((await world.rejections()).map((row) => `${row.offset} ${row.reason}: ${row.message}`)).toEqual([
      `0 malformed: ${message}`,
    ]);
    expect(await debtOf(world)).toMatchObject({ debt: "100.00", count: 1 });
  });

  it.each([
    ["of value zero", { value: 0, total: 0 }, "0"],
    ["whose numbers are numbers", { value: 50.0, total: 100 }, "100"],
    ["whose total has an exponent", '{"value":5e1,"quantity":2,"total":1E+2,', "100"],
    ["of two, written 2.0", '{"value":50,"quantity":2.0,"total":100,', "100"],
  ])("%s counts", async (_, fields, debt) => {
    const text = typeof fields === "string" ? `${fields}${JSON.stringify(laptop).slice(1)}` : fields;
    const world = freshWorld();
    await deliver(world, purchase(0, text));
    expect(await debtOf(world)).toMatchObject({ debt, count: 1 });
  });
});
