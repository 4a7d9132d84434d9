import { describe, expect, it } from "vitest";
import { committed, conflict, doc, type Fresh, start } from "./open-state-store.ts";

export function expiry(fresh: Fresh): void {
  describe("documents that expire", () => {
    const expiresAt = start + 60_000;

    it.each([
      ["are there 1 ms before their time", -1, true],
      ["are gone exactly at their time", 0, false],
      ["are gone 1 ms after their time", 1, false],
    ])("%s", async (_, offset, isThere) => {
      const { store, setNow } = await fresh();
      await store.entities.commit(doc("a", 1, { expiresAt }));
      setNow(expiresAt + offset);
      expect((await store.entities.read(["a"])).has("a")).toBe(isThere);
    });

    it.each([1, 500, 999])("%i ms into a second are there until then, and gone with the next second", async (ms) => {
      const { store, setNow } = await fresh();
      await store.entities.commit(doc("a", 1, { expiresAt: expiresAt + ms }));
      setNow(expiresAt + ms - 1);
      expect((await store.entities.read(["a"])).has("a")).toBe(true);
      setNow(expiresAt + 1_000);
      expect((await store.entities.read(["a"])).has("a")).toBe(false);
    });

    it.each([-1, 0, 1])("give way to a version 1 from their time on, and not before (%i ms)", async (offset) => {
      const { store, setNow } = await fresh();
      for (const version of [1, 2, 3]) await store.entities.commit(doc("a", version, { expiresAt }));
      setNow(expiresAt + offset);
      const anew = doc("a", 1, { body: "anew" });
      const isExpired = offset >= 0;
      expect(await store.entities.commit(anew)).toEqual(isExpired ? committed : conflict(doc("a", 3, { expiresAt })));
      const found = (await store.entities.read(["a"])).get("a");
      expect(found).toEqual(isExpired ? anew : doc("a", 3, { expiresAt }));
    });

    it.each([-1, 0, 1])("go on with their next version until their time, and not after (%i ms)", async (offset) => {
      const { store, setNow } = await fresh();
      for (const version of [1, 2, 3]) await store.entities.commit(doc("a", version, { expiresAt }));
      setNow(expiresAt + offset);
      const isExpired = offset >= 0;
      const outcome = await store.entities.commit(doc("a", 4));
      expect(outcome).toEqual(isExpired ? conflict(undefined) : committed);
      // The loser starts from what it was told, and gets through.
      if (isExpired) expect(await store.entities.commit(doc("a", 1))).toEqual(committed);
    });

    it("have one winner when many replace one that has expired", async () => {
      const { store, setNow } = await fresh();
      await store.entities.commit(doc("a", 1, { expiresAt }));
      setNow(expiresAt);
      const racing = Array.from({ length: 10 }, (_, index) => doc("a", 1, { body: `{"by":${index}}` }));
      const outcomes = await Promise.all(racing.map((document) => store.entities.commit(document)));
      expect(outcomes.filter(({ kind }) => kind === "committed")).toHaveLength(1);
    });

    it("live on when a later version gives them more time", async () => {
      const { store, setNow } = await fresh();
      await store.entities.commit(doc("a", 1, { expiresAt }));
      await store.entities.commit(doc("a", 2, { expiresAt: expiresAt + 60_000 }));
      setNow(expiresAt);
      expect((await store.entities.read(["a"])).get("a")?.version).toBe(2);
    });
  });
}
