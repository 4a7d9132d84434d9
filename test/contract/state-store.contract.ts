import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import type { CommitOutcome, Document, DocumentTable, DueList, StateStore } from "../../shared/ports/state-store.ts";

/** A fresh, empty store whose clock the tests set. */
export interface OpenStateStore {
  readonly store: StateStore;
  setNow(ms: number): void;
  close(): Promise<void> | void;
}

export interface StateStoreContract {
  readonly name: string;
  open(): Promise<OpenStateStore> | OpenStateStore;
  /** Why the tests can't run here; they are then listed as skipped. */
  readonly skip?: string | undefined;
}

const start = Date.parse("2026-03-01T10:05:00.000Z");
const committed: CommitOutcome = { kind: "committed" };
const conflict = (found: Document | undefined): CommitOutcome => ({ kind: "conflict", found });

const doc = (key: string, version: number, rest: Partial<Document> = {}): Document => ({
  key,
  version,
  body: `{"of":${version}}`,
  ...rest,
});

const hostileKeys = [
  "'; DROP TABLE entities; --",
  '"quoted"',
  "back\\slash",
  "a|b",
  "a|b|",
  "|",
  "due|attribution|0",
  "%_*?[a-z]",
  "line\nbreak",
  " leading and trailing ",
  "-",
  "0",
  "__proto__",
  "constructor",
  "ü",
  "u\u0308",
  "\ue000",
  "🦀",
  "👩‍👩‍👧‍👦",
  "\uffff",
];

/** What every `StateStore` must do, whatever it is made of. */
export function stateStoreContract({ name, open, skip }: StateStoreContract): void {
  describe.skipIf(skip !== undefined)(`${name} keeps the contract of a state store${skip ? ` (${skip})` : ""}`, () => {
    let opened: OpenStateStore | undefined;
    const fresh = async () => {
      opened = await open();
      opened.setNow(start);
      return opened;
    };
    afterEach(async () => {
      await opened?.close();
      opened = undefined;
    });

    documents(fresh);
    expiry(fresh);
    dueLists(fresh);
    atomicity(fresh);
  });
}

function documents(fresh: () => Promise<OpenStateStore>): void {
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

function expiry(fresh: () => Promise<OpenStateStore>): void {
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

function dueLists(fresh: () => Promise<OpenStateStore>): void {
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

function atomicity(fresh: () => Promise<OpenStateStore>): void {
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

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** Forty at a time: an endpoint that is real has only so many connections. */
async function inTurns<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  for (let at = 0; at < items.length; at += 40) await Promise.all(items.slice(at, at + 40).map(work));
}
