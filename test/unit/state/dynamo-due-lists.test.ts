import { BatchWriteItemCommand, QueryCommand } from "@aws-sdk/client-dynamodb";
import { beforeEach, describe, expect, it } from "vitest";
import { DynamoStateStore } from "../../../shared/state/dynamo-state-store.ts";
import { fakeDynamo } from "../../support/fake-dynamodb.ts";

describe("The due lists of a DynamoStateStore, as the wire sees them,", () => {
  let fake: ReturnType<typeof fakeDynamo>;
  let store: DynamoStateStore;

  beforeEach(() => {
    fake = fakeDynamo(["progress"]);
    store = new DynamoStateStore({
      client: fake.client,
      entitiesTable: "entities",
      progressTable: "progress",
      clock: { now: () => 0 },
      sleep: async () => {},
    });
  });

  const writes = () =>
    fake.mock.commandCalls(BatchWriteItemCommand).map(({ args }) => args[0].input.RequestItems!.progress!);
  const queries = () => fake.mock.commandCalls(QueryCommand).map(({ args }) => args[0].input);

  const list = (bucketEnd: number, name: string, listed: string[] = ["k"]) => ({
    scope: "attribution|0",
    bucketEnd,
    name,
    keys: listed,
  });

  it("are one small item each, twenty-five to a request", async () => {
    await store.due.append(Array.from({ length: 60 }, (_, index) => list(index, "n", ["k1", '"'])));
    expect(writes().map(({ length }) => length)).toEqual([25, 25, 10]);
    expect(writes()[0]![7]).toEqual({
      PutRequest: {
        Item: { pk: { S: "due|attribution|0" }, sk: { S: "000000000000007|n" }, keys: { S: '["k1","\\""]' } },
      },
    });
  });

  it("are written again where they were left unprocessed, and given up like reads", async () => {
    const left = (count: number) => ({
      progress: Array(count).fill({ DeleteRequest: { Key: { pk: { S: "left" }, sk: { S: "-" } } } }),
    });
    fake.mock
      .on(BatchWriteItemCommand)
      .resolvesOnce({ UnprocessedItems: left(2) })
      .resolves({ UnprocessedItems: left(1) });
    const appending = store.due.append([list(1, "a"), list(2, "a"), list(3, "a")]);
    await expect(appending).rejects.toThrow("progress: 1 items of a batch left unprocessed 8 times in a row");
    expect(writes().map(({ length }) => length)).toEqual([3, 2, 1, 1, 1, 1, 1, 1, 1, 1]);
  });

  it("are split where their keys don't fit an item, and only then", async () => {
    const fits = list(1, "fits", Array(350).fill("k".repeat(995)));
    const tooLong = list(2, "too long", Array(900).fill("ü".repeat(495)));
    await store.due.append([fits, tooLong]);
    const items = fake
      .itemsOf("progress")
      .map(({ sk, keys: stored, parts }) => [sk?.S, Buffer.byteLength(stored?.S ?? ""), parts?.N]);
    expect(items).toEqual([
      ["000000000000001|fits", 349_301, undefined],
      ["000000000000002|too long", 349_537, "3"],
      ["more|000000000000002|1|too long", 349_537, undefined],
      ["more|000000000000002|2|too long", 194_629, undefined],
    ]);
  });

  it("are read with one consistent query, page by page", async () => {
    const item = (sk: string) => ({ pk: { S: "due|s" }, sk: { S: sk }, keys: { S: "[]" } });
    const token = { pk: { S: "due|s" }, sk: { S: "000000000000001|a" } };
    fake.mock
      .on(QueryCommand)
      .resolvesOnce({ Items: [item("000000000000001|a")], LastEvaluatedKey: token })
      .resolvesOnce({ Items: [], LastEvaluatedKey: token })
      .resolvesOnce({ Items: [item("000000000000002|b|c")] });
    const found: unknown[] = [];
    for await (const each of store.due.upTo("s", 77)) found.push(each);
    expect(found).toEqual([
      { scope: "s", bucketEnd: 1, name: "a", keys: [] },
      { scope: "s", bucketEnd: 2, name: "b|c", keys: [] },
    ]);
    expect(queries()).toMatchObject([
      { ConsistentRead: true },
      { ExclusiveStartKey: token },
      { ExclusiveStartKey: token },
    ]);
    expect(queries()[0]).not.toHaveProperty("ExclusiveStartKey");
    expect(queries()[0]).toMatchObject({
      TableName: "progress",
      KeyConditionExpression: "#pk = :pk AND #sk BETWEEN :from AND :to",
      ExpressionAttributeValues: { ":pk": { S: "due|s" }, ":from": { S: "0" }, ":to": { S: "000000000000077~" } },
    });
    expect(queries().every(({ ConsistentRead }) => ConsistentRead)).toBe(true);
  });

  it("are removed with one query per scope, twenty-five to a request", async () => {
    await store.due.remove(Array.from({ length: 60 }, (_, index) => list(index, "n")));
    expect(queries()).toHaveLength(1);
    expect(writes().map(({ length }) => length)).toEqual([25, 25, 10]);
  });

  it("lose their further parts before the part by which they are found", async () => {
    const long = list(2, "lo|ng|", Array(900).fill("k".repeat(995)));
    await store.due.append([long, list(2, "short")]);
    fake.mock.resetHistory();
    await store.due.remove([long]);
    const removed = writes().map((requests) => requests.map(({ DeleteRequest }) => DeleteRequest?.Key?.sk?.S));
    expect(removed).toEqual([
      ["more|000000000000002|1|lo|ng|", "more|000000000000002|2|lo|ng|"],
      ["000000000000002|lo|ng|"],
    ]);
    expect(fake.itemsOf("progress").map(({ sk }) => sk?.S)).toEqual(["000000000000002|short"]);
  });

  it("that are only partly written are read as far as they go", async () => {
    const long = list(2, "long", Array(900).fill("k".repeat(995)));
    await store.due.append([long]);
    await fake.client.send(
      new BatchWriteItemCommand({
        RequestItems: {
          progress: [
            { DeleteRequest: { Key: { pk: { S: "due|attribution|0" }, sk: { S: "more|000000000000002|1|long" } } } },
          ],
        },
      }),
    );
    const found: number[] = [];
    for await (const each of store.due.upTo("attribution|0", 2)) found.push(each.keys.length);
    expect(found).toEqual([900 - 350]);
  });

  it.each([-1, 0.5, 1e15, Number.NaN])("can't end at %d", async (bucketEnd) => {
    await expect((async () => store.due.append([list(bucketEnd, "a")]))()).rejects.toThrow("a bucket can't end at");
  });
});
