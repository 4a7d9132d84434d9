import { describe, expect, it } from "vitest";
import { judgePurchases } from "../../support/oracle/purchases-oracle.ts";
import { fileLines, type Sent, toldFates } from "./file-lines.ts";

function purchase(purchaseId: string, userId: string, more: object = {}): Sent {
  const laptop = { productName: "Laptop", productType: "Electronics", value: "50.00", quantity: 2, total: "100.00" };
  return { ts: 0, payload: { purchaseId, userId, ...laptop, ...more } };
}

const at = (ts: number, sent: Sent, partition = 0) => ({ ...sent, ts, partition });
const judge = (records: readonly Sent[]) => judgePurchases(fileLines("purchases", records));

describe("a purchase", () => {
  it("that is sent five times for each of three users is owed once by each, as in the system that this one replaces", () => {
    const users = ["user1", "user2", "user3"];
    const { counts, views } = judge(users.flatMap((user) => Array(5).fill(purchase(`of ${user}`, user))));
    const { duplicate, accepted } = counts.purchases ?? {};
    expect([accepted, duplicate]).toEqual([3, 12]);
    expect(users.map((user) => [views[user]?.totalDebt, views[user]?.purchaseCount])).toEqual([
      ["100", 1],
      ["100", 1],
      ["100", 1],
    ]);
  });

  it("stands in the rows and in its user's history", () => {
    const row = {
      purchaseId: "p1",
      userId: "u1",
      productName: "Laptop",
      productType: "Electronics",
      value: "50",
      quantity: 2,
      total: "100",
      timestamp: 7,
    };
    const { rows, views, counts } = judge([at(7, purchase("p1", "u1"))]);
    expect(rows).toEqual([row]);
    expect(views).toEqual({ u1: { totalDebt: "100", purchaseCount: 1, purchases: [row] } });
    expect(counts).toEqual({
      purchases: {
        read: 1,
        accepted: 1,
        duplicate: 0,
        ignored: 0,
        rejected: { malformed: 0, late: 0, future: 0, oversized: 0 },
      },
    });
  });

  it("counts once by its id over all users and partitions, for ever, and the first does", () => {
    const records = [
      at(9_000_000_000_000, purchase("p1", "u1")),
      at(0, purchase("p1", "u2"), 1),
      at(0, purchase("p1", "u1", { value: 1, quantity: 1, total: 1 })),
    ];
    const { fates, views } = judge(records);
    expect(toldFates(fates)).toEqual(["accepted", "duplicate", "duplicate"]);
    expect(Object.keys(views)).toEqual(["u1"]);
  });

  it("is neither late nor ahead, and knows no watermark", () => {
    const { fates } = judge([at(9_000_000_000_000, purchase("p1", "u1")), at(0, purchase("p2", "u1"))]);
    expect(fates.map(({ fate, watermark }) => [fate, watermark])).toEqual([
      ["accepted", null],
      ["accepted", null],
    ]);
  });

  it("is owed exactly", () => {
    const records = [
      purchase("p1", "u1", { value: 0.1, quantity: 1, total: 0.1 }),
      purchase("p2", "u1", { value: "0.2", quantity: 1, total: "0.20" }),
      purchase("p3", "u1", { value: "333333333333333333", quantity: 3, total: "999999999999999999" }),
      purchase("p4", "u1", { value: 0, quantity: 5, total: 0 }),
    ];
    const { totalDebt, purchaseCount } = judge(records).views.u1 ?? {};
    expect([totalDebt, purchaseCount]).toEqual(["999999999999999999.3", 4]);
  });

  it("comes before older ones in the history: by timestamp, then by offset, then by partition", () => {
    const records = [
      at(7, purchase("newest", "u"), 0),
      at(5, purchase("offset 1", "u"), 0),
      at(5, purchase("offset 2", "u"), 0),
      at(4, purchase("offset 0, oldest", "u"), 1),
      at(5, purchase("offset 1 too", "u"), 1),
    ];
    expect(judge(records).views.u?.purchases.map(({ purchaseId }) => purchaseId)).toEqual([
      "newest",
      "offset 2",
      "offset 1 too",
      "offset 1",
      "offset 0, oldest",
    ]);
  });

  it.each([
    ["a whole number with a point", { quantity: 2 }, '"quantity":2', '"quantity":2.0'],
    ["a whole number with an exponent", { quantity: 2 }, '"quantity":2', '"quantity":2e0'],
    ["an amount with an exponent", { value: 50 }, '"value":50', '"value":5E1'],
  ])("may have %s", (_, more, plain, odd) => {
    const payload = JSON.stringify(purchase("p", "u", more).payload).replace(plain, odd);
    expect(payload).toContain(odd);
    expect(toldFates(judge([{ ts: 0, payload }]).fates)).toEqual(["accepted"]);
  });

  it.each([
    ["no id", { purchaseId: null }],
    ["an empty id", { purchaseId: "" }],
    ["no user", { userId: undefined }],
    ["no product", { productName: null }],
    ["a product that is no text", { productName: 7 }],
    ["no product type", { productType: null }],
    ["no value", { value: null }],
    ["no quantity", { quantity: null }],
    ["no total", { total: null }],
    ["a value below 0", { value: -50, total: -100 }],
    ["a quantity of 0", { quantity: 0, total: 0 }],
    ["a quantity below 0", { quantity: -2, value: 0, total: 0 }],
    ["half a piece", { quantity: 1.5, total: 75 }],
    ["a quantity that is text", { quantity: "2" }],
    ["a total that is not value x quantity", { total: "100.000001" }],
    ["a total that only a float would take for it", { value: 0.1, quantity: 3, total: "0.30000000000000004" }],
    ["a total beyond 18 digits", { value: "500000000000000000", quantity: 2, total: "1000000000000000000" }],
    ["a value with 7 places", { value: "0.0000005", quantity: 2, total: "0.000001" }],
  ])("is malformed with %s", (_, fault) => {
    const { fates, rows, views } = judge([purchase("p", "u", fault)]);
    expect([toldFates(fates), rows, views]).toEqual([["malformed"], [], {}]);
  });

  it("is ignored as a tombstone, and counts once where it is delivered again", () => {
    const lines = fileLines("purchases", [purchase("p", "u"), { ts: 0, payload: null }]);
    const { fates, counts } = judgePurchases([...lines, ...lines]);
    expect(toldFates(fates)).toEqual(["accepted", "ignored"]);
    expect(counts.purchases?.read).toBe(2);
  });
});
