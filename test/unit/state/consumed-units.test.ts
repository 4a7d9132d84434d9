import { BatchGetItemCommand, BatchWriteItemCommand, PutItemCommand, QueryCommand } from "@aws-sdk/client-dynamodb";
import { describe, expect, it } from "vitest";
import type { OnConsumed } from "../../../shared/state/consumed.ts";
import { DynamoStateStore } from "../../../shared/state/dynamo-state-store.ts";
import { fakeDynamo } from "../../support/fake-dynamodb.ts";

function setUp(options: { isAsked?: boolean; pageBytes?: number } = {}) {
  const { isAsked = true, ...limits } = options;
  const fake = fakeDynamo(["entities", "progress"], limits);
  const units = { read: 0, write: 0 };
  const onConsumed: OnConsumed = (kind, billed) => {
    units[kind] += billed;
  };
  const store = new DynamoStateStore({
    ...{ client: fake.client, entitiesTable: "entities", progressTable: "progress", clock: { now: () => 0 } },
    sleep: async () => {},
    ...(isAsked && { onConsumed }),
  });
  /** What `work` is billed for. */
  const billed = async (work: () => Promise<unknown>) => {
    Object.assign(units, { read: 0, write: 0 });
    await work();
    return { ...units };
  };
  return { fake, store, billed };
}

const kilobytes = (count: number) => "x".repeat(count * 1_024);
const list = (bucketEnd: number) => ({ scope: "attribution|0", bucketEnd, name: "n", keys: ["k"] });

describe("what DynamoDB bills", () => {
  it("is told of every put, by its size", async () => {
    const { store, billed } = setUp();
    const put = (body: string, version: number) => () => store.entities.commit({ key: "a", version, body });
    expect(await billed(put("{}", 1))).toEqual({ read: 0, write: 1 });
    expect(await billed(put(kilobytes(3), 2))).toEqual({ read: 0, write: 4 });
  });

  it("is told of a put that loses, by the size of what it met", async () => {
    const { store, billed } = setUp();
    // pk, its value of one letter, sk, `-`, v, a number of two bytes, and body: 13 bytes beside the body's own.
    const atTheBound = "x".repeat(2 * 1_024 - 13);
    await store.entities.commit({ key: "a", version: 1, body: atTheBound });
    const lose = (key: string, version: number) => () => store.entities.commit({ key, version, body: "{}" });
    expect(await billed(lose("a", 1))).toEqual({ read: 0, write: 2 });
    await store.entities.commit({ key: "b", version: 1, body: `${atTheBound}x` });
    expect(await billed(lose("b", 1))).toEqual({ read: 0, write: 3 });
    expect(await billed(lose("not there", 2))).toEqual({ read: 0, write: 1 });
  });

  it("is told of every read, with those that find nothing", async () => {
    const { store, billed } = setUp();
    await store.progress.commit({ key: "large", version: 1, body: kilobytes(8) });
    const keys = ["large", ...Array.from({ length: 150 }, (_, at) => `none ${at}`)];
    expect(await billed(() => store.progress.read(keys))).toEqual({ read: 153, write: 0 });
  });

  it("is told of due lists: written, looked through page by page, and removed", async () => {
    const { store, billed } = setUp({ pageBytes: 1 });
    const lists = Array.from({ length: 30 }, (_, at) => list(at));
    expect(await billed(() => store.due.append(lists))).toEqual({ read: 0, write: 30 });
    const upTo = (until: number) => () => Array.fromAsync(store.due.upTo("attribution|0", until));
    // A page for each list, and one behind them.
    expect(await billed(upTo(9))).toEqual({ read: 11, write: 0 });
    // The query looks for further parts.
    expect(await billed(() => store.due.remove(lists))).toEqual({ read: 1, write: 30 });
  });

  it("is told of lists of entries", async () => {
    const { store, billed } = setUp();
    const entries = [0, 1].map((order) => ({ list: "l", order: String(order), body: kilobytes(5) }));
    expect(await billed(() => store.lists.append(entries))).toEqual({ read: 0, write: 12 });
    expect(await billed(() => store.lists.last("l", 10))).toEqual({ read: 3, write: 0 });
  });

  it("isn't asked for where nobody wants to know", async () => {
    const { fake, store } = setUp({ isAsked: false });
    await store.entities.commit({ key: "a", version: 1, body: "{}" });
    await store.entities.read(["a"]);
    await store.due.append([list(1)]);
    await Array.fromAsync(store.due.upTo("attribution|0", 1));
    await store.lists.last("l", 1);
    const commands = [PutItemCommand, BatchGetItemCommand, BatchWriteItemCommand, QueryCommand];
    const asked = fake.mock.calls().filter(({ args }) => "ReturnConsumedCapacity" in args[0].input);
    expect({ commands: commands.length, calls: fake.mock.calls().length, asked }).toEqual({
      ...{ commands: 4, calls: 5, asked: [] },
    });
  });
});
