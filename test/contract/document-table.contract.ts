import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CommitOutcome, Document, DocumentTable } from "../../shared/ports/state-store.ts";
import { committed, conflict, doc, type Fresh, hostileKeys, inTurns, start } from "./open-state-store.ts";

export function documents(fresh: Fresh): void {
  describe("documents", () => {
    it("are read as they were written, with an outbox and without", async () => {
      const { entities } = (await fresh()).store;
      const plain = doc("plain", 1, { body: '{"text":"naïve ✓ 🦀\\u0000 \\"","n":1.0}' });
      const withOutbox = doc("with outbox", 1, { outbox: "[0,1]", expiresAt: start + 60_000 });
      expect(await entities.commit(plain)).toStrictEqual(committed);
      expect(await entities.commit(withOutbox)).toStrictEqual(committed);
      const found = await entities.read(["plain", "missing", "with outbox"]);
      expect(found.size).toBe(2);
      expect(found.get("plain")).toStrictEqual(plain);
      expect(found.get("with outbox")).toStrictEqual(withOutbox);
    });

    it("lose the outbox and the expiry that their next version doesn't have", async () => {
      const { entities } = (await fresh()).store;
      await entities.commit(doc("a", 1, { outbox: "[0]", expiresAt: start + 60_000 }));
      expect(await entities.commit(doc("a", 2))).toStrictEqual(committed);
      expect((await entities.read(["a"])).get("a")).toStrictEqual(doc("a", 2));
    });

    it.each([0, 1, 99, 100, 101, 1_000, 1_001, 2_345])("are read %i at a time", async (count) => {
      const { entities } = (await fresh()).store;
      const stored = Array.from({ length: count }, (_, index) => doc(`key ${index}`, 1, { body: String(index) }));
      await inTurns(stored, (document) => entities.commit(document));
      const missing = Array.from({ length: count }, (_, index) => `missing ${index}`);
      const found = await entities.read([...missing, ...stored.map(({ key }) => key)]);
      expect(found.size).toBe(count);
      for (const document of stored) expect(found.get(document.key)).toEqual(document);
    });

    it("go up one version at a time", async () => {
      const { entities } = (await fresh()).store;
      for (let version = 1; version <= 12; version++) {
        expect(await entities.commit(doc("a", version))).toStrictEqual(committed);
      }
      expect(await entities.commit(doc("a", 12, { body: "other" }))).toEqual(conflict(doc("a", 12)));
      expect(await entities.commit(doc("a", 14))).toEqual(conflict(doc("a", 12)));
      expect(await entities.commit(doc("a", 1))).toEqual(conflict(doc("a", 12)));
      expect((await entities.read(["a"])).get("a")).toEqual(doc("a", 12));
    });

    it("can't begin with a later version than 1, and the conflict finds nothing", async () => {
      const { entities } = (await fresh()).store;
      expect(await entities.commit(doc("a", 2))).toStrictEqual(conflict(undefined));
      expect((await entities.read(["a"])).size).toBe(0);
    });

    it("tell a lost race with the whole document that won it", async () => {
      const { entities } = (await fresh()).store;
      const winner = doc("a", 1, { outbox: "[7]", expiresAt: start + 60_000 });
      await entities.commit(winner);
      expect(await entities.commit(doc("a", 1, { body: "{}" }))).toStrictEqual(conflict(winner));
    });

    it("are committed again, as if for the first time, when the answer was lost", async () => {
      const { entities } = (await fresh()).store;
      const first = doc("a", 1, { outbox: "[7]", expiresAt: start + 60_001 });
      const second = doc("a", 2);
      for (const document of [first, first, second, second]) {
        expect(await entities.commit(document)).toStrictEqual(committed);
      }
      expect((await entities.read(["a"])).get("a")).toEqual(second);
    });

    it.each<[string, Partial<Document>]>([
      ["body", { body: '{"of":2}' }],
      ["outbox", { outbox: "[8]" }],
      ["expiry", { expiresAt: start + 61_000 }],
    ])("are not the same when only the %s is another", async (_, other) => {
      const { entities } = (await fresh()).store;
      const stored = doc("a", 1, { outbox: "[7]", expiresAt: start + 60_000 });
      await entities.commit(stored);
      expect(await entities.commit({ ...stored, ...other })).toEqual(conflict(stored));
    });

    it("are not committed again once somebody has moved on", async () => {
      const { entities } = (await fresh()).store;
      await entities.commit(doc("a", 1));
      await entities.commit(doc("a", 2));
      expect(await entities.commit(doc("a", 1))).toEqual(conflict(doc("a", 2)));
    });

    it("have one winner when many write the same version, and all losers are told the winner", async () => {
      const { entities } = (await fresh()).store;
      for (const version of [1, 2, 3]) {
        const racing = Array.from({ length: 20 }, (_, index) => doc("a", version, { body: `{"by":${index}}` }));
        const outcomes = await Promise.all(racing.map((document) => entities.commit(document)));
        const winners = racing.filter((_, index) => outcomes[index]?.kind === "committed");
        expect(winners).toHaveLength(1);
        expect(outcomes.filter(({ kind }) => kind === "conflict")).toEqual(Array(19).fill(conflict(winners[0])));
        expect((await entities.read(["a"])).get("a")).toEqual(winners[0]);
      }
    });

    it("lose no update of many writers that read, add one and try again", async () => {
      const { entities } = (await fresh()).store;
      await Promise.all(Array.from({ length: 10 }, (_, by) => addOne(entities, "sum", by)));
      const found = (await entities.read(["sum"])).get("sum");
      expect(found?.version).toBe(10);
      expect(JSON.parse(found?.body ?? "{}")).toMatchObject({ sum: 10 });
    });

    it("take keys of any text, and keep different keys apart", async () => {
      const { entities, progress } = (await fresh()).store;
      const keys = [...hostileKeys, "x".repeat(2_048), `${"x".repeat(2_047)}y`, "🦀".repeat(512)];
      for (const table of [entities, progress]) {
        for (const key of keys) expect(await table.commit(doc(key, 1, { body: key }))).toEqual(committed);
        const found = await table.read(keys);
        expect([...found.keys()].sort()).toEqual([...keys].sort());
        for (const key of keys) expect(found.get(key)).toEqual(doc(key, 1, { body: key }));
        for (const key of keys) expect(await table.commit(doc(key, 2, { body: key }))).toEqual(committed);
      }
    });

    it("hold 380 KiB, in the body alone or with the outbox, also many of them in one read", async () => {
      const { entities } = (await fresh()).store;
      const size = 380 * 1_024;
      const big = Array.from({ length: 50 }, (_, index) =>
        doc(`big ${index}`, 1, { body: `"${"ü".repeat(size / 2 - 1)}"` }),
      );
      const split = doc("k".repeat(2_048), 1, { body: "b".repeat(size - 100_000), outbox: "o".repeat(100_000) });
      const stored = [...big, { ...split, expiresAt: start + 60_000 }];
      await inTurns(stored, (document) => entities.commit(document));
      const found = await entities.read(stored.map(({ key }) => key));
      for (const document of stored) expect(found.get(document.key)).toEqual(document);
    });

    it("of one table are not those of the other", async () => {
      const { entities, progress } = (await fresh()).store;
      await entities.commit(doc("a", 1, { body: "entity" }));
      expect((await progress.read(["a"])).size).toBe(0);
      expect(await progress.commit(doc("a", 1, { body: "progress" }))).toEqual(committed);
      expect((await entities.read(["a"])).get("a")?.body).toBe("entity");
    });

    it("are what a plain map with versions says, whatever is done to them", async () => {
      const { store, setNow } = await fresh();
      let run = 0;
      const action = fc.oneof(
        fc.record({ advance: fc.integer({ min: 1, max: 3 }) }),
        fc.record({
          key: fc.constantFrom("a", "b"),
          version: fc.integer({ min: 1, max: 4 }),
          body: fc.constantFrom("x", "y"),
          outbox: fc.constantFrom(undefined, "[1]"),
          life: fc.constantFrom(undefined, 1, 2, 5),
        }),
      );
      const property = fc.asyncProperty(fc.array(action, { minLength: 5, maxLength: 25 }), async (actions) => {
        const prefix = `run ${run++}|`;
        const model = new Map<string, Document>();
        let now = start;
        setNow(now);
        for (const one of actions) {
          if ("advance" in one) {
            now += one.advance * 1_000;
            setNow(now);
            continue;
          }
          const { key, version, body, outbox, life } = one;
          const document = doc(prefix + key, version, {
            body,
            ...(outbox && { outbox }),
            ...(life && { expiresAt: now + life * 1_000 }),
          });
          expect(await store.entities.commit(document)).toEqual(commitToModel(model, document, now));
          const living = [...model.values()].filter(({ expiresAt }) => expiresAt === undefined || now < expiresAt);
          const found = await store.entities.read([`${prefix}a`, `${prefix}b`]);
          expect(found).toEqual(new Map(living.map((each) => [each.key, each])));
        }
      });
      await fc.assert(property, { numRuns: 60, seed: 7 });
    });
  });
}

/** The port's docstring, word for word. */
function commitToModel(model: Map<string, Document>, document: Document, now: number): CommitOutcome {
  const stored = model.get(document.key);
  const living = stored?.expiresAt !== undefined && stored.expiresAt <= now ? undefined : stored;
  if ((living?.version ?? 0) === document.version - 1) {
    model.set(document.key, document);
    return committed;
  }
  return JSON.stringify(living) === JSON.stringify(document) ? committed : conflict(living);
}

/** The body names its writer: two that wrote the same body could not tell whose it is. */
async function addOne(table: DocumentTable, key: string, by: number): Promise<void> {
  let before = (await table.read([key])).get(key);
  for (;;) {
    const sum = before ? (JSON.parse(before.body) as { sum: number }).sum : 0;
    const body = JSON.stringify({ sum: sum + 1, by });
    const outcome = await table.commit({ key, version: (before?.version ?? 0) + 1, body });
    if (outcome.kind === "committed") return;
    before = outcome.found;
  }
}
