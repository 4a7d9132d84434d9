import { describe, expect, it } from "vitest";
import type { StateStore } from "../../shared/ports/state-store.ts";
import { all, committed, doc, type Fresh } from "./open-state-store.ts";

export function atomicity(fresh: Fresh): void {
  describe("atomically, where the store can,", () => {
    const mixedWrites = async ({ entities, progress, due }: StateStore) => {
      await entities.commit(doc("a", 2));
      await progress.commit(doc("row", 1));
      await due.append([{ scope: "s", bucketEnd: 1, name: "new", keys: ["k"] }]);
      await due.remove([{ scope: "s", bucketEnd: 1, name: "old" }]);
    };
    const open = async (skip: (note: string) => void) => {
      const { store } = await fresh();
      if (!store.atomically) skip("this store has no `atomically`");
      await store.entities.commit(doc("a", 1));
      await store.due.append([{ scope: "s", bucketEnd: 1, name: "old", keys: ["k"] }]);
      const atomically: NonNullable<StateStore["atomically"]> = (work) => store.atomically!(work);
      const versions = async () => [
        (await store.entities.read(["a"])).get("a")?.version,
        (await store.progress.read(["row"])).get("row")?.version,
        (await all(store.due.upTo("s", 1))).map(({ name }) => name).join(),
      ];
      return { store, atomically, versions };
    };

    it("all writes last, and the answer is the work's", async ({ skip }) => {
      const { store, atomically, versions } = await open(skip);
      expect(await atomically(() => mixedWrites(store).then(() => "done"))).toBe("done");
      expect(await versions()).toEqual([2, 1, "new"]);
    });

    it("none of them lasts when the work throws, and the error is the work's", async ({ skip }) => {
      const { store, atomically, versions } = await open(skip);
      const work = () => mixedWrites(store).then(() => Promise.reject(new Error("half-way")));
      await expect(atomically(work)).rejects.toThrow("half-way");
      expect(await versions()).toEqual([1, undefined, "old"]);
      await atomically(() => mixedWrites(store));
      expect(await versions()).toEqual([2, 1, "new"]);
    });

    it("the work sees what it has written", async ({ skip }) => {
      const { store, atomically, versions } = await open(skip);
      expect(await atomically(() => mixedWrites(store).then(versions))).toEqual([2, 1, "new"]);
    });

    it("nobody else's writes come between", async ({ skip }) => {
      const { store, atomically } = await open(skip);
      const outcomes = await Promise.all(
        Array.from({ length: 10 }, () =>
          atomically(async () => {
            const version = (await store.entities.read(["sum"])).get("sum")?.version ?? 0;
            await new Promise((resolve) => setTimeout(resolve, 1));
            return store.entities.commit(doc("sum", version + 1));
          }),
        ),
      );
      expect(outcomes).toEqual(Array(10).fill(committed));
    });
  });
}
