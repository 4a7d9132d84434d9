import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SqliteStateStore } from "../../../localstack/embedded/sqlite-state-store.ts";

let now = 0;
let store: SqliteStateStore;
beforeEach(() => {
  now = 0;
  store = new SqliteStateStore({ path: ":memory:", clock: { now: () => now } });
});
afterEach(() => store.close());

async function put(key: string, expiresAt?: number): Promise<void> {
  const document = { key, version: 1, body: "{}", ...(expiresAt !== undefined && { expiresAt }) };
  expect(await store.entities.commit(document)).toEqual({ kind: "committed" });
}

describe("the keys of entities", () => {
  it("are those behind a prefix, by code point, whatever they go on with", async () => {
    const names = ["\u0000", "10", "9", "__proto__", "a", "a|b", "é", "～", "😀", "\u{10ffff}z"];
    for (const name of [...names].reverse()) await put(`p|total|${name}`);
    for (const other of ["p|tota", "p|total", "p|total|", "p|total}", "p|list|a", "q|total|a"]) await put(other);
    expect([...store.entityKeys("p|total|")]).toEqual(names.map((name) => `p|total|${name}`));
  });

  it("are all of several pages, each once", async () => {
    const names = Array.from({ length: 2_000 }, (_, i) => `k|${String(i).padStart(4, "0")}`);
    for (const name of names) await put(name);
    expect([...store.entityKeys("k|")]).toEqual(names);
    await put("k|2000");
    expect([...store.entityKeys("k|")]).toEqual([...names, "k|2000"]);
  });
});

describe("expired entities", () => {
  const left = () => [...store.entityKeys("k|")];

  it("are removed from the moment on at which they are gone for readers, and no others", async () => {
    await put("k|a", 1_000);
    await put("k|b", 1_001);
    await put("k|c");
    now = 999;
    expect([store.removeExpired(10), left()]).toEqual([0, ["k|a", "k|b", "k|c"]]);
    now = 1_000;
    expect([store.removeExpired(10), left()]).toEqual([1, ["k|b", "k|c"]]);
    expect([store.removeExpired(10), left()]).toEqual([0, ["k|b", "k|c"]]);
  });

  it("are removed so many at a time", async () => {
    for (const name of ["k|a", "k|b", "k|c"]) await put(name, 1);
    now = 1;
    expect([store.removeExpired(2), left().length, store.removeExpired(2), left().length]).toEqual([2, 1, 1, 0]);
  });

  it("can be written anew, as if they had never been", async () => {
    await put("k|a", 1);
    now = 1;
    store.removeExpired(10);
    await put("k|a", 5);
    expect((await store.entities.read(["k|a"])).get("k|a")).toEqual({
      key: "k|a",
      version: 1,
      body: "{}",
      expiresAt: 5,
    });
    expect([store.removeExpired(10), left()]).toEqual([0, ["k|a"]]);
  });
});
