import { afterEach, describe, expect, it } from "vitest";
import type { ObjectStore } from "../../shared/ports/object-store.ts";

/** A fresh, empty store. */
export interface OpenObjectStore {
  readonly store: ObjectStore;
  close(): Promise<void> | void;
}

export interface ObjectStoreContract {
  readonly name: string;
  open(): Promise<OpenObjectStore> | OpenObjectStore;
  /** Why the tests can't run here; they are then listed as skipped. */
  readonly skip?: string | undefined;
}

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (found: Uint8Array | undefined) => found && new TextDecoder().decode(found);

const oddNames = [
  "a b",
  " leading",
  "trailing ",
  "plus+and%20percent",
  "date=2026-03-01/hour=10/part-0.parquet",
  "quote'\"<&>",
  "*?[x]",
  "...",
  ".hidden",
  "a..b",
  "ü",
  "\ue000",
  "🦀/👩‍👩‍👧‍👦",
  "__proto__",
  "a.tmp/b",
  "b/.tmp/c",
  "x".repeat(255),
  Array(8).fill("y".repeat(127)).join("/"),
];

const badNames = [
  ["is empty", ""],
  ["is absolute", "/a"],
  ["ends with a slash", "a/"],
  ["has an empty part", "a//b"],
  ["has a part .", "a/./b"],
  ["is .", "."],
  ["has a part ..", "a/../b"],
  ["leads out of the store", "../a"],
  ["ends with ..", "a/.."],
  ["has a backslash", "a\\..\\b"],
  ["has a NUL", "a\u0000b"],
  ["has a line break", "a\nb"],
  ["has half of a surrogate pair", "a\ud83d"],
  ["is longer than 1,024 bytes", Array(9).fill("y".repeat(127)).join("/")],
  ["has a part longer than 255 bytes", `a/${"ü".repeat(128)}`],
  ["lies where objects are that aren't whole yet", ".tmp/a"],
] as const;

/** What every `ObjectStore` must do, whatever it is made of. */
export function objectStoreContract({ name, open, skip }: ObjectStoreContract): void {
  describe.skipIf(skip !== undefined)(
    `${name} keeps the contract of an object store${skip ? ` (${skip})` : ""}`,
    () => {
      let opened: OpenObjectStore | undefined;
      const fresh = async () => {
        opened = await open();
        return opened.store;
      };
      afterEach(async () => {
        await opened?.close();
        opened = undefined;
      });

      creating(fresh);
      listing(fresh);
    },
  );
}

function creating(fresh: () => Promise<ObjectStore>): void {
  it("reads back what it was given, byte by byte", async () => {
    const store = await fresh();
    const content = Uint8Array.from({ length: 1_000 }, (_, index) => index % 256);
    expect(await store.create("a/b/c.parquet", content)).toBe("created");
    expect(Array.from((await store.read("a/b/c.parquet"))!)).toEqual(Array.from(content));
  });

  it("holds an empty object, which is not the same as none", async () => {
    const store = await fresh();
    expect(await store.create("empty", new Uint8Array())).toBe("created");
    expect((await store.read("empty"))?.length).toBe(0);
    expect(await store.create("empty", bytes("more"))).toBe("taken");
  });

  it("holds an object of 20 MiB, also where it is a part of a larger buffer", async () => {
    const store = await fresh();
    const large = new Uint8Array(20 * 1_048_576 + 2).fill(7);
    await store.create("large", large.subarray(1, -1));
    const found = await store.read("large");
    expect(found?.length).toBe(20 * 1_048_576);
    expect(found?.every((byte) => byte === 7)).toBe(true);
  });

  it("has nothing under a name that wasn't created, nor under a part of one that was", async () => {
    const store = await fresh();
    expect(await store.read("a/b")).toBeUndefined();
    await store.create("a/b/c", bytes("x"));
    for (const name of ["a", "a/b", "a/b/c/d", "a/b/cc", "A/b/c", "b"]) expect(await store.read(name)).toBeUndefined();
  });

  it("keeps the first object under a name", async () => {
    const store = await fresh();
    expect(await store.create("a", bytes("first"))).toBe("created");
    expect(await store.create("a", bytes("second"))).toBe("taken");
    expect(await store.create("a", bytes("first"))).toBe("taken");
    expect(text(await store.read("a"))).toBe("first");
  });

  it("has one winner when many create the same name, and the winner's bytes stand whole", async () => {
    const store = await fresh();
    for (const round of [1, 2, 3]) {
      const contents = Array.from({ length: 20 }, (_, index) => `${index} `.repeat(10_000));
      const outcomes = await Promise.all(contents.map((content) => store.create(`race/${round}`, bytes(content))));
      const winners = contents.filter((_, index) => outcomes[index] === "created");
      expect(winners).toHaveLength(1);
      expect(outcomes.filter((outcome) => outcome === "taken")).toHaveLength(19);
      expect(text(await store.read(`race/${round}`))).toBe(winners[0]);
    }
  });

  it("never shows a part of an object that is being created", async () => {
    const store = await fresh();
    const content = bytes("x".repeat(3_000_000));
    const creating = Promise.all(["a", "b", "c"].map((name) => store.create(name, content)));
    let isDone = false;
    const done = creating.then(() => {
      isDone = true;
    });
    while (!isDone) {
      for (const name of ["a", "b", "c"])
        expect([undefined, content.length]).toContain((await store.read(name))?.length);
    }
    await done;
  });

  it("takes names of any text, and keeps different ones apart", async () => {
    const store = await fresh();
    for (const name of oddNames) expect(await store.create(name, bytes(name))).toBe("created");
    for (const name of oddNames) expect(text(await store.read(name))).toBe(name);
    expect(new Set(await all(store.list("")))).toEqual(new Set(oddNames));
  });

  it.each(badNames)("refuses to create or to read a name that %s", async (_, name) => {
    const store = await fresh();
    await expect(store.create(name, bytes("x"))).rejects.toThrow("object name");
    await expect(store.read(name)).rejects.toThrow("object name");
    expect(await all(store.list(""))).toEqual([]);
  });
}

function listing(fresh: () => Promise<ObjectStore>): void {
  it("lists nothing where there is nothing", async () => {
    const store = await fresh();
    expect(await all(store.list(""))).toEqual([]);
    expect(await all(store.list("a/b"))).toEqual([]);
  });

  it("lists in the order of code points, slashes and all", async () => {
    const store = await fresh();
    // In UTF-16 the crab comes before \ue000; and "-", "." come before "/", but "0" after it.
    const inOrder = [
      "A",
      "a-b",
      "a-b.c",
      "a.b",
      "a/b",
      "a/b-c/d",
      "a/b.c",
      "a/c/d",
      "a0",
      "b/0",
      "z",
      "é",
      "\ue000",
      "🦀",
    ];
    for (const name of inOrder.toReversed()) await store.create(name, bytes("x"));
    expect(await all(store.list(""))).toEqual(inOrder);
  });

  it.each([
    ["r", ["r/p/0/1", "r/p/0/2", "r/p/00/1", "r/p/1/1", "r/pp/0/1"]],
    ["r/p", ["r/p/0/1", "r/p/0/2", "r/p/00/1", "r/p/1/1", "r/pp/0/1"]],
    ["r/p/", ["r/p/0/1", "r/p/0/2", "r/p/00/1", "r/p/1/1"]],
    ["r/p/0", ["r/p/0/1", "r/p/0/2", "r/p/00/1"]],
    ["r/p/0/", ["r/p/0/1", "r/p/0/2"]],
    ["r/p/0/2", ["r/p/0/2"]],
    ["r/p/0/2/", []],
    ["R", []],
    ["../", []],
    [".tmp", []],
    [".tmp/", []],
  ])("lists the names that begin with %s", async (prefix, expected) => {
    const store = await fresh();
    for (const name of ["q", "r/p/0/1", "r/p/0/2", "r/p/00/1", "r/p/1/1", "r/pp/0/1", "s/r/p"]) {
      await store.create(name, bytes("x"));
    }
    expect(await all(store.list(prefix))).toEqual(expected);
  });

  it("lists more than a thousand", async () => {
    const store = await fresh();
    const names = Array.from({ length: 1_101 }, (_, index) => `n/${String(index).padStart(5, "0")}`);
    for (let at = 0; at < names.length; at += 40) {
      await Promise.all(names.slice(at, at + 40).map((name) => store.create(name, bytes(name))));
    }
    expect(await all(store.list("n/"))).toEqual(names);
  });

  it("lists every object that was there before, once, though others are created meanwhile", async () => {
    const store = await fresh();
    const before = Array.from({ length: 30 }, (_, index) => `n/${index + 10}/x`);
    for (const name of before) await store.create(name, bytes("x"));
    const seen: string[] = [];
    for await (const name of store.list("n/")) {
      seen.push(name);
      await store.create(`${name}${seen.length}`, bytes("new"));
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toEqual(expect.arrayContaining(before));
  });
}

export async function all(names: AsyncIterable<string>): Promise<string[]> {
  const found: string[] = [];
  for await (const name of names) found.push(name);
  return found;
}
