import {
  type AttributeValue,
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  ProvisionedThroughputExceededException,
  PutItemCommand,
} from "@aws-sdk/client-dynamodb";
import { beforeEach, describe, expect, it } from "vitest";
import { DynamoStateStore } from "../../../shared/state/dynamo-state-store.ts";
import { fakeDynamo } from "../../support/fake-dynamodb.ts";

type Item = Record<string, AttributeValue>;

const now = Date.parse("2026-03-01T10:05:00.250Z");
const nowSeconds = Math.floor(now / 1_000);
const keyOf = (key: string) => ({ pk: { S: key }, sk: { S: "-" } });
const keys = (count: number) => Array.from({ length: count }, (_, index) => `key ${index}`);

describe("DynamoStateStore, as the wire sees it,", () => {
  let fake: ReturnType<typeof fakeDynamo>;
  let store: DynamoStateStore;
  let sleeps: number[];

  beforeEach(() => {
    fake = fakeDynamo(["entities", "progress"]);
    sleeps = [];
    store = new DynamoStateStore({
      client: fake.client,
      entitiesTable: "entities",
      progressTable: "progress",
      clock: { now: () => now },
      random: () => 1,
      sleep: async (delay) => void sleeps.push(delay),
    });
  });

  const gets = () =>
    fake.mock.commandCalls(BatchGetItemCommand).map(({ args }) => args[0].input.RequestItems!.entities!);
  const puts = () => fake.mock.commandCalls(PutItemCommand).map(({ args }) => args[0].input);
  const failCondition = (found?: Item) => {
    const error = { message: "The conditional request failed", $metadata: {}, ...(found && { Item: found }) };
    fake.mock.on(PutItemCommand).rejects(new ConditionalCheckFailedException(error));
  };

  describe("reading", () => {
    it("asks for a hundred keys at a time, strongly consistently, and for each key once", async () => {
      await store.entities.read(keys(250));
      expect(gets().map(({ Keys }) => Keys!.length)).toEqual([100, 100, 50]);
      expect(gets().every(({ ConsistentRead }) => ConsistentRead === true)).toBe(true);
      expect(gets().flatMap(({ Keys }) => Keys)).toEqual(keys(250).map(keyOf));
    });

    it("asks nothing when there is nothing to ask", async () => {
      await store.entities.read([]);
      expect(fake.mock.calls()).toHaveLength(0);
    });

    it("has at most eight requests in flight, and has eight", async () => {
      let inFlight = 0;
      let most = 0;
      fake.mock.on(BatchGetItemCommand).callsFake(async () => {
        most = Math.max(most, ++inFlight);
        await new Promise((resolve) => setTimeout(resolve, 1));
        inFlight--;
        return {};
      });
      await store.entities.read(keys(3_000));
      expect(most).toBe(8);
      expect(gets()).toHaveLength(30);
    });

    it("asks again for what was left unprocessed, for that alone, after a wait", async () => {
      const left = { entities: { Keys: [keyOf("key 1"), keyOf("key 3")], ConsistentRead: true } };
      const item = (key: string) => ({ ...keyOf(key), v: { N: "7" }, body: { S: "{}" } });
      fake.mock
        .on(BatchGetItemCommand)
        .resolvesOnce({ Responses: { entities: [item("key 0")] }, UnprocessedKeys: left })
        .resolvesOnce({ Responses: { entities: [item("key 3")] }, UnprocessedKeys: {} });
      const found = await store.entities.read(keys(4));
      expect([...found.keys()]).toEqual(["key 0", "key 3"]);
      expect(gets().map(({ Keys }) => Keys)).toEqual([keys(4).map(keyOf), left.entities.Keys]);
      expect(gets().every(({ ConsistentRead }) => ConsistentRead === true)).toBe(true);
      expect(sleeps).toHaveLength(1);
    });

    it("gives up, and says so, when nothing gets processed; the waits double up to a limit", async () => {
      const left = { entities: { Keys: keys(3).map(keyOf) } };
      fake.mock.on(BatchGetItemCommand).resolves({ UnprocessedKeys: left });
      const reading = store.entities.read(keys(3));
      await expect(reading).rejects.toThrow("entities: 3 items of a batch left unprocessed 8 times in a row");
      await expect(reading).rejects.toMatchObject({ fault: "dependency" });
      expect(gets()).toHaveLength(8);
      expect(sleeps).toEqual([200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
    });

    it("goes on as long as each answer does a part", async () => {
      fake.mock.on(BatchGetItemCommand).callsFake((input) => {
        const asked: Item[] = input.RequestItems.entities.Keys;
        return { UnprocessedKeys: asked.length > 1 ? { entities: { Keys: asked.slice(1) } } : {} };
      });
      await store.entities.read(keys(40));
      expect(gets().map(({ Keys }) => Keys!.length)).toEqual(Array.from({ length: 40 }, (_, index) => 40 - index));
      expect(new Set(sleeps)).toEqual(new Set([100]));
    });

    it("counts an expired document that DynamoDB hasn't removed as absent, to the second", async () => {
      const item = (key: string, ttl: number) => ({
        ...keyOf(key),
        v: { N: "7" },
        body: { S: "{}" },
        ttl: { N: String(ttl) },
      });
      const items = [item("before", nowSeconds - 1), item("at", nowSeconds), item("after", nowSeconds + 1)];
      fake.mock.on(BatchGetItemCommand).resolves({ Responses: { entities: items } });
      const found = await store.entities.read(["before", "at", "after"]);
      expect([...found.values()]).toEqual([
        { key: "after", version: 7, body: "{}", expiresAt: (nowSeconds + 1) * 1_000 },
      ]);
    });

    it("says what is wrong with an item that something else wrote", async () => {
      fake.mock.on(BatchGetItemCommand).resolves({ Responses: { entities: [keyOf("stranger")] } });
      await expect(store.entities.read(["stranger"])).rejects.toThrow('item ["stranger","-"] has no attribute v');
    });
  });

  describe("committing", () => {
    it("is one put: short attribute names, seconds rounded up, and the old item asked for", async () => {
      await store.entities.commit({ key: "a", version: 1, body: "{}", outbox: "[0]", expiresAt: now + 1_000 });
      expect(fake.mock.calls()).toHaveLength(1);
      expect(puts()).toEqual([
        {
          TableName: "entities",
          Item: {
            pk: { S: "a" },
            sk: { S: "-" },
            v: { N: "1" },
            body: { S: "{}" },
            outbox: { S: "[0]" },
            ttl: { N: String(nowSeconds + 2) },
          },
          ConditionExpression: "attribute_not_exists(#pk) OR #ttl <= :now",
          ExpressionAttributeNames: { "#pk": "pk", "#ttl": "ttl" },
          ExpressionAttributeValues: { ":now": { N: String(nowSeconds) } },
          ReturnValuesOnConditionCheckFailure: "ALL_OLD",
        },
      ]);
    });

    it("of a later version goes over the one before, unless that has expired", async () => {
      await store.progress.commit({ key: "a", version: 8, body: "{}" });
      expect(puts()).toMatchObject([
        {
          TableName: "progress",
          Item: { v: { N: "8" } },
          ConditionExpression: "#v = :before AND (attribute_not_exists(#ttl) OR #ttl > :now)",
          ExpressionAttributeNames: { "#v": "v", "#ttl": "ttl" },
          ExpressionAttributeValues: { ":before": { N: "7" }, ":now": { N: String(nowSeconds) } },
          ReturnValuesOnConditionCheckFailure: "ALL_OLD",
        },
      ]);
      expect(Object.keys(puts()[0]!.Item!)).toEqual(["pk", "sk", "v", "body"]);
    });

    it("learns who won from the failure itself", async () => {
      failCondition({ ...keyOf("a"), v: { N: "9" }, body: { S: "theirs" } });
      const outcome = await store.entities.commit({ key: "a", version: 8, body: "ours" });
      expect(outcome).toStrictEqual({ kind: "conflict", found: { key: "a", version: 9, body: "theirs" } });
      expect(fake.mock.calls()).toHaveLength(1);
    });

    it("finds nothing where the failure comes without an item", async () => {
      failCondition();
      const outcome = await store.entities.commit({ key: "a", version: 8, body: "ours" });
      expect(outcome).toStrictEqual({ kind: "conflict", found: undefined });
    });

    it("takes its own item for a lost answer, even one that has expired since", async () => {
      failCondition({ ...keyOf("a"), v: { N: "8" }, body: { S: "ours" }, ttl: { N: String(nowSeconds) } });
      const outcome = await store.entities.commit({
        key: "a",
        version: 8,
        body: "ours",
        expiresAt: nowSeconds * 1_000,
      });
      expect(outcome).toEqual({ kind: "committed" });
    });

    it("passes other errors on", async () => {
      const error = new ProvisionedThroughputExceededException({ message: "throttled", $metadata: {} });
      fake.mock.on(PutItemCommand).rejects(error);
      await expect(store.entities.commit({ key: "a", version: 8, body: "{}" })).rejects.toBe(error);
    });
  });
});
