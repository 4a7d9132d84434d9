import { describe, expect, it } from "vitest";
import type { Entry } from "../../shared/ports/state-store.ts";
import { committed, doc, type Fresh, hostileKeys } from "./open-state-store.ts";

export function entryLists(fresh: Fresh): void {
  describe("lists of entries", () => {
    const entry = (order: string, list = "purchases|list|ann"): Entry => ({ list, order, body: `{"of":"${order}"}` });
    const orders = (entries: readonly Entry[]) => entries.map(({ order }) => order);

    it("are read from their end, whatever the order their entries were appended in", async () => {
      const { lists } = (await fresh()).store;
      const inOrder = ["0", "0-1", "1", "10", "2", "20-a", "20-b", "9~"];
      await lists.append(["10", "0", "9~", "20-b", "2"].map((order) => entry(order)));
      await lists.append(["0-1", "20-a", "1"].map((order) => entry(order)));
      expect(await lists.last("purchases|list|ann", 100)).toEqual(inOrder.toReversed().map((order) => entry(order)));
    });

    it("come in pages, the next of which begins below the last order of the one before", async () => {
      const { lists } = (await fresh()).store;
      await lists.append(["1", "2", "3", "4", "5"].map((order) => entry(order)));
      const page = async (limit: number, before?: string) =>
        orders(await lists.last("purchases|list|ann", limit, before));
      expect(await page(2)).toEqual(["5", "4"]);
      expect(await page(2, "4")).toEqual(["3", "2"]);
      expect(await page(2, "2")).toEqual(["1"]);
      expect(await page(2, "1")).toEqual([]);
      expect(await page(5)).toEqual(["5", "4", "3", "2", "1"]);
      expect(await page(1, "39")).toEqual(["3"]);
      expect(await page(10, "0")).toEqual([]);
    });

    it("can be appended to again, alone and twice in one call, and with nothing", async () => {
      const { lists } = (await fresh()).store;
      await lists.append([entry("1"), entry("2")]);
      await lists.append([entry("2"), entry("2"), entry("1")]);
      await lists.append([]);
      expect(orders(await lists.last("purchases|list|ann", 100))).toEqual(["2", "1"]);
    });

    it("of one name are not those of another, nor a document's", async () => {
      const { lists, entities } = (await fresh()).store;
      for (const key of hostileKeys) expect(await entities.commit(doc(key, 1))).toEqual(committed);
      await lists.append(hostileKeys.flatMap((list) => [entry("1", list), entry("2", list)]));
      for (const list of hostileKeys) expect(await lists.last(list, 100)).toEqual([entry("2", list), entry("1", list)]);
      expect(await lists.last("nobody", 100)).toEqual([]);
      expect((await entities.read(hostileKeys)).size).toBe(hostileKeys.length);
    });

    it("take hundreds of entries at once, and entries of 100 KB", async () => {
      const { lists } = (await fresh()).store;
      const long = { ...entry("7"), body: JSON.stringify("x".repeat(100_000)) };
      const many = Array.from({ length: 310 }, (_, at) => entry(String(at).padStart(5, "0")));
      await lists.append([...many, long]);
      const found = await lists.last("purchases|list|ann", 1_000);
      expect(found[0]).toEqual(long);
      expect(found.slice(1)).toEqual(many.toReversed());
      // More than DynamoDB gives in one page.
      const wide = Array.from({ length: 12 }, (_, at) => ({ ...long, order: `8${at + 10}` }));
      await lists.append(wide);
      expect(await lists.last("purchases|list|ann", 12)).toEqual(wide.toReversed());
    });
  });
}
