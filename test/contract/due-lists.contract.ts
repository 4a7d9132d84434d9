import { describe, expect, it } from "vitest";
import type { DueList } from "../../shared/ports/state-store.ts";
import { all, doc, type Fresh, hostileKeys, start } from "./open-state-store.ts";

export function dueLists(fresh: Fresh): void {
  describe("due lists", () => {
    const list = (
      bucketEnd: number,
      name: string,
      keys = [`${name} at ${bucketEnd}`],
      scope = "attribution|0",
    ): DueList => ({
      scope,
      bucketEnd,
      name,
      keys,
    });

    it("come by bucket end, whatever the order and the batches they were appended in", async () => {
      const { due } = (await fresh()).store;
      const ends = [1_000, 5, 253_402_300_800_000, 0, 999, 1_001, start, start + 1, start - 1, 10_000_000_000];
      const lists = ends.flatMap((end) => [list(end, "b"), list(end, "a")]);
      await due.append(lists.slice(0, 7));
      for (const each of lists.slice(7)) await due.append([each]);
      const found = await all(due.upTo("attribution|0", 253_402_300_800_000));
      expect(found.map(({ bucketEnd }) => bucketEnd)).toEqual([...ends, ...ends].sort((a, b) => a - b));
      expect(new Set(found)).toEqual(new Set(lists));
    });

    it("come up to a time, inclusive", async () => {
      const { due } = (await fresh()).store;
      await due.append([list(999, "a"), list(1_000, "a"), list(1_000, "zz~|\uffff"), list(1_001, "a")]);
      const ends = async (until: number) => (await all(due.upTo("attribution|0", until))).map((each) => each.bucketEnd);
      expect(await ends(0)).toEqual([]);
      expect(await ends(998)).toEqual([]);
      expect(await ends(999)).toEqual([999]);
      expect(await ends(1_000)).toEqual([999, 1_000, 1_000]);
      expect(await ends(1_001)).toEqual([999, 1_000, 1_000, 1_001]);
      expect(await ends(Number.MAX_SAFE_INTEGER)).toEqual([999, 1_000, 1_000, 1_001]);
      expect(await ends(-1)).toEqual([]);
    });

    it("of one scope are not those of another", async () => {
      const { due, progress } = (await fresh()).store;
      const scopes = ["a|1", "a|10", "a|1|", "a", "A|1", "ü|1", "🦀"];
      await due.append(scopes.map((scope) => list(1_000, "n", [scope], scope)));
      // A document in the same table, with a key that looks like a scope.
      await progress.commit(doc("due|a|1", 1));
      for (const scope of scopes) expect(await all(due.upTo(scope, 1_000))).toEqual([list(1_000, "n", [scope], scope)]);
      expect(await all(due.upTo("nobody", 1_000))).toEqual([]);
      expect((await progress.read(["due|a|1"])).size).toBe(1);
    });

    it("can be appended again, alone and twice in one call, without being there twice", async () => {
      const { due } = (await fresh()).store;
      const lists = [list(1_000, "a", ["k1", "k2"]), list(1_000, "b"), list(2_000, "a")];
      await due.append(lists);
      await due.append([...lists, ...lists]);
      await due.append([]);
      expect(await all(due.upTo("attribution|0", 2_000))).toEqual(lists);
    });

    it("are removed one by one, and removing what isn't there is no error", async () => {
      const { due } = (await fresh()).store;
      const other = list(1_000, "a", ["k"], "attribution|1");
      await due.append([list(1_000, "a"), list(1_000, "ab"), list(2_000, "a"), other]);
      await due.remove([{ scope: "attribution|0", bucketEnd: 1_000, name: "a" }]);
      await due.remove([{ scope: "attribution|0", bucketEnd: 1_000, name: "a" }, list(7, "x"), list(7, "x")]);
      await due.remove([]);
      expect(await all(due.upTo("attribution|0", 2_000))).toEqual([list(1_000, "ab"), list(2_000, "a")]);
      expect(await all(due.upTo("attribution|1", 2_000))).toEqual([other]);
    });

    it("can be removed while they are read", async () => {
      const { due } = (await fresh()).store;
      const lists = Array.from({ length: 60 }, (_, index) =>
        list(index * 1_000, "a", [`${index} ${"x".repeat(40_000)}`]),
      );
      await due.append(lists);
      const seen: DueList[] = [];
      for await (const each of due.upTo("attribution|0", start)) {
        seen.push(each);
        await due.remove([each]);
      }
      expect(seen).toEqual(lists);
      expect(await all(due.upTo("attribution|0", start))).toEqual([]);
    });

    it("take names and keys of any text", async () => {
      const { due } = (await fresh()).store;
      const lists = hostileKeys.map((text) => list(1_000, text, [text, ...hostileKeys]));
      await due.append(lists);
      expect(new Set(await all(due.upTo("attribution|0", 1_000)))).toEqual(new Set(lists));
      await due.remove(lists.slice(1));
      expect(await all(due.upTo("attribution|0", 1_000))).toEqual([lists[0]]);
    });

    it.each([
      ["no keys", 0, 1],
      ["10,000 short keys", 10_000, 10],
      ["10,000 keys of 300 bytes", 10_000, 300],
      ["2,000 keys of 1,024 bytes", 2_000, 1_024],
    ])("hold %s in their order, one list, and are removed whole", async (_, count, length) => {
      const { due } = (await fresh()).store;
      const keys = Array.from({ length: count }, (__, index) => String(index).padStart(length, "k"));
      const big = list(1_000, "a", keys);
      const others = [list(1_000, "a|1", keys.slice(0, 5)), list(999, "a"), list(1_001, "a")];
      await due.append([big, ...others]);
      await due.append([big]);
      const found = await all(due.upTo("attribution|0", 1_001));
      expect(found.map(({ bucketEnd, name }) => [bucketEnd, name])).toEqual([
        [999, "a"],
        [1_000, "a"],
        [1_000, "a|1"],
        [1_001, "a"],
      ]);
      expect(found[1]).toEqual(big);
      await due.remove([big]);
      expect(await all(due.upTo("attribution|0", 1_001))).toEqual([others[1], others[0], others[2]]);
      await due.append([{ ...big, keys: ["only"] }]);
      expect((await all(due.upTo("attribution|0", 1_000)))[1]?.keys).toEqual(["only"]);
    });

    it("that are too long for one item stay whole when others of their bucket are removed", async () => {
      const { due } = (await fresh()).store;
      const keys = Array.from({ length: 1_000 }, (_, index) => String(index).padStart(1_000, "k"));
      const lists = ["a", "a|b", "a|c", "|a|"].map((name) => list(1_000, name, keys));
      await due.append(lists);
      await due.remove([lists[1]!, lists[3]!]);
      expect(await all(due.upTo("attribution|0", 1_000))).toEqual([lists[0], lists[2]]);
    });

    it("come by the hundred", async () => {
      const { due } = (await fresh()).store;
      const lists = Array.from({ length: 730 }, (_, index) => list(index % 73, `n${String(index).padStart(3, "0")}`));
      await due.append(lists);
      const found = await all(due.upTo("attribution|0", 72));
      expect(new Set(found)).toEqual(new Set(lists));
      expect(found.map(({ bucketEnd }) => bucketEnd)).toEqual(
        lists.map(({ bucketEnd }) => bucketEnd).sort((a, b) => a - b),
      );
      await due.remove(found);
      expect(await all(due.upTo("attribution|0", 72))).toEqual([]);
    });
  });
}
