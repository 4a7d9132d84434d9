import { link, mkdtemp, readdir, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DirectoryObjectStore } from "../../localstack/embedded/directory-object-store.ts";
import { all, objectStoreContract } from "./object-store.contract.ts";

for (const fsync of [true, false]) {
  objectStoreContract({
    name: `DirectoryObjectStore (fsync ${fsync})`,
    open: async () => {
      const parent = await mkdtemp(join(tmpdir(), "tidemark-objects-"));
      const store = await DirectoryObjectStore.open(join(parent, "made", "by", "open"), { fsync });
      return { store, close: () => rm(parent, { recursive: true }) };
    },
  });
}

describe("a directory of objects", () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "tidemark-objects-"));
  });
  afterEach(() => rm(root, { recursive: true }));

  const bytes = new TextEncoder().encode("x");
  const unfinished = () => readdir(join(root, ".tmp"));

  it("keeps its objects when it is opened again", async () => {
    await (await DirectoryObjectStore.open(root)).create("a/b", bytes);
    const again = await DirectoryObjectStore.open(root);
    expect(await again.create("a/b", bytes)).toBe("taken");
    expect(await again.read("a/b")).toEqual(Buffer.from(bytes));
  });

  it("has one winner when two stores of the same directory create the same name", async () => {
    const stores = await Promise.all(Array.from({ length: 8 }, () => DirectoryObjectStore.open(root)));
    const outcomes = await Promise.all(stores.map((store) => store.create("a/b", bytes)));
    expect(outcomes.filter((outcome) => outcome === "created")).toHaveLength(1);
  });

  it("leaves nothing unfinished behind, created or taken, or refused", async () => {
    const store = await DirectoryObjectStore.open(root);
    await store.create("a", bytes);
    await store.create("a", bytes);
    await expect(store.create("a/b", bytes)).rejects.toThrow(/ENOTDIR|EEXIST/);
    expect(await unfinished()).toEqual([]);
  });

  it("removes what dead processes left, and lets be what may still be written", async () => {
    const store = await DirectoryObjectStore.open(root);
    const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);
    for (const [name, minutes] of [
      ["dead", 11],
      ["slow", 9],
      ["fresh", 0],
    ] as const) {
      await writeFile(join(root, ".tmp", name), "half of it");
      await utimes(join(root, ".tmp", name), minutesAgo(minutes), minutesAgo(minutes));
    }
    expect(await all(store.list(""))).toEqual([]);
    await DirectoryObjectStore.open(root);
    expect((await unfinished()).sort()).toEqual(["fresh", "slow"]);
  });

  it("keeps an object whose creator died before it removed the other name", async () => {
    const store = await DirectoryObjectStore.open(root);
    await store.create("a", bytes);
    await link(join(root, "a"), join(root, ".tmp", "left"));
    const old = new Date(Date.now() - 3_600_000);
    await utimes(join(root, "a"), old, old);
    const again = await DirectoryObjectStore.open(root);
    expect(await unfinished()).toEqual([]);
    expect(await again.read("a")).toEqual(Buffer.from(bytes));
    expect((await stat(join(root, "a"))).nlink).toBe(1);
  });

  it("says so where a directory is in an object's way, instead of calling the name taken", async () => {
    const store = await DirectoryObjectStore.open(root);
    await store.create("a/b", bytes);
    await expect(store.create("a", bytes)).rejects.toThrow("EEXIST");
  });
});
