import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import {
  BatchGetItemCommand,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  UpdateTimeToLiveCommand,
} from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Document } from "../../shared/ports/state-store.ts";
import { DynamoStateStore } from "../../shared/state/dynamo-state-store.ts";
import { decodeStreamEvent } from "../../shared/state/stream-event.ts";
import { createStateTable, dynamoDbAt, openOnDynamoDb } from "../contract/open-on-dynamodb.ts";
import { committed, conflict, doc, inTurns, start } from "../contract/open-state-store.ts";
import { stateStoreContract } from "../contract/state-store.contract.ts";
import { type DynamoDbLocal, startDynamoDbLocal } from "./dynamodb-local.ts";
import { findJava, skippedFor } from "./requirements.ts";
import { changesOf } from "./table-changes.ts";

const skip = skippedFor(findJava()) || undefined;
const where = `DynamoStateStore, on DynamoDB Local,`;
let dynamoDb: DynamoDbLocal;

beforeAll(async () => {
  if (skip) return;
  const started = await startDynamoDbLocal();
  if ("skipped" in started) throw new Error(started.skipped);
  dynamoDb = started;
});
afterAll(() => dynamoDb?.stop());

stateStoreContract({ name: where, skip, open: () => openOnDynamoDb(dynamoDb.url) });

let tables = 0;

/** A store in two new tables whose clock stands at `now`. */
async function openStore(now: number, stream?: "NEW_IMAGE") {
  const client = dynamoDbAt(dynamoDb.url);
  const run = `run-${++tables}`;
  const names = { entitiesTable: `${run}-entities`, progressTable: `${run}-progress` };
  const more = stream && { StreamSpecification: { StreamEnabled: true, StreamViewType: stream } };
  await Promise.all(Object.values(names).map((name) => createStateTable(client, name, more)));
  const units: [string, number][] = [];
  const onConsumed = (kind: string, of: number) => void units.push([kind, of]);
  const store = new DynamoStateStore({ client, ...names, clock: { now: () => now }, onConsumed });
  return { client, names, store, units };
}

const keyOf = (pk: string) => ({ pk: { S: pk }, sk: { S: "-" } });

/** How many keys each BatchGetItem asked for, and how many it left. */
function watchBatchGets(client: DynamoDBClient): [asked: number, left: number][] {
  const seen: [number, number][] = [];
  const keysIn = (tables: Record<string, { Keys?: unknown[] | undefined }> | undefined) =>
    Object.values(tables ?? {}).reduce((sum, { Keys = [] }) => sum + Keys.length, 0);
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const answer = await next(args);
      if (context.commandName !== "BatchGetItemCommand") return answer;
      const { RequestItems } = args.input as BatchGetItemCommand["input"];
      const { UnprocessedKeys } = answer.output as { UnprocessedKeys?: BatchGetItemCommand["input"]["RequestItems"] };
      seen.push([keysIn(RequestItems), keysIn(UnprocessedKeys)]);
      return answer;
    },
    { step: "initialize" },
  );
  return seen;
}

describe.skipIf(skip)(`${where} where an engine shows what a fake can't${skip ? ` (skipped: ${skip})` : ""},`, () => {
  it("asks for 100 keys at once, which is as many as the engine takes", async () => {
    const { client, names, store } = await openStore(start);
    const keys = Array.from({ length: 101 }, (_, i) => `key ${i}`);
    const tooMany = { [names.entitiesTable]: { Keys: keys.map(keyOf), ConsistentRead: true } };
    const refused = client.send(new BatchGetItemCommand({ RequestItems: tooMany }));
    await expect(refused).rejects.toMatchObject({ name: "ValidationException" });
    const seen = watchBatchGets(client);
    expect(await store.entities.read(keys)).toEqual(new Map());
    expect(seen.toSorted(([a], [b]) => b - a)).toEqual([
      [100, 0],
      [1, 0],
    ]);
  });

  it("asks again for what an answer of 16 MB has no room for", async () => {
    const { client, store } = await openStore(start);
    const stored = Array.from({ length: 60 }, (_, i) => doc(`big ${i}`, 1, { body: `"${"x".repeat(380_000)}"` }));
    await inTurns(stored, (document) => store.entities.commit(document));
    const seen = watchBatchGets(client);
    const found = await store.entities.read(stored.map(({ key }) => key));
    expect(found).toEqual(new Map(stored.map((document) => [document.key, document])));
    const [first] = seen;
    expect(first).toEqual([60, expect.any(Number)]);
    expect(first?.[1]).toBeGreaterThan(0);
    expect(seen.at(-1)?.[1]).toBe(0);
  });

  it("takes an item for none that has expired, though the engine still has it", async () => {
    // The engine's clock is this machine's: what expires in an hour it keeps, and the store lives two hours later.
    const hour = 3_600_000;
    const { client, names, store } = await openStore(Date.now() + 2 * hour);
    const timeToLive = { Enabled: true, AttributeName: "ttl" };
    await client.send(
      new UpdateTimeToLiveCommand({ TableName: names.entitiesTable, TimeToLiveSpecification: timeToLive }),
    );
    const expired = doc("a", 1, { expiresAt: Math.ceil(Date.now() / 1_000) * 1_000 + hour });
    expect(await store.entities.commit(expired)).toEqual(committed);
    const stored = () => client.send(new GetItemCommand({ TableName: names.entitiesTable, Key: keyOf("a") }));
    expect((await stored()).Item).toMatchObject({
      v: { N: "1" },
      ttl: { N: String((expired.expiresAt ?? 0) / 1_000) },
    });
    expect(await store.entities.read(["a"])).toEqual(new Map());
    expect(await store.entities.commit(doc("a", 2))).toEqual(conflict(undefined));
    expect(await store.entities.commit(doc("a", 1))).toEqual(committed);
    expect((await stored()).Item).not.toHaveProperty("ttl");
  });

  it("has every version in its table's stream, once and in order, as the readers of the stream decode it", async () => {
    const { client, names, store } = await openStore(start, "NEW_IMAGE");
    const first = doc("a|ü 🦀", 1, { outbox: '[["r",1]]', expiresAt: start + 60_000, settled: "1 {}\n" });
    const versions: Document[] = [first, doc("b", 1), doc(first.key, 2), doc(first.key, 3, { outbox: "[]" })];
    for (const document of versions) {
      // Twice: a write that meets itself is a success, and no change.
      for (const _ of [1, 2]) expect(await store.entities.commit(document)).toEqual(committed);
    }
    await store.lists.append([{ list: "purchases|list|ann", order: "1", body: "{}" }]);
    await client.send(new DeleteItemCommand({ TableName: names.entitiesTable, Key: keyOf("b") }));
    const records = await changesOf(client, dynamoDb.url, names.entitiesTable);
    expect(records.map(({ eventName }) => eventName)).toEqual([
      ...["INSERT", "INSERT", "MODIFY", "MODIFY"],
      ...["INSERT", "REMOVE"],
    ]);
    const changes = decodeStreamEvent({ Records: records });
    expect(changes.map(({ document }) => document)).toEqual(versions);
    expect(changes.every(({ at }) => Math.abs(Date.now() - at) < 600_000)).toBe(true);
    const sequences = changes.map(({ sequence }) => sequence);
    expect(new Set(sequences).size).toBe(versions.length);
    expect(sequences).toEqual(sequences.toSorted());
  });

  // Names and values of the rest of the item: pk, sk, v and body, "a", "-" and a number of one digit.
  const rest = 13;
  it.each([
    [1, 1_024 - rest, 1],
    [1, 1_025 - rest, 2],
    [2, 2_048 - rest, 2],
    [2, 2_049 - rest, 3],
    [1, 200_000, 196],
  ])(
    "tells the units of version %i with a body of %i bytes, %i, and the same where its condition fails",
    async (version, bytes, expected) => {
      const { store, units } = await openStore(start);
      const body = "x".repeat(bytes);
      if (version === 2) await store.entities.commit(doc("a", 1, { body: "1" }));
      units.length = 0;
      expect(await store.entities.commit(doc("a", version, { body }))).toEqual(committed);
      expect(await store.entities.commit(doc("a", version, { body: "other" }))).toMatchObject({ kind: "conflict" });
      expect(units).toEqual([
        ["write", expected],
        ["write", expected],
      ]);
    },
  );

  it("tells the units of reads, which is one for each 4 KB of an item", async () => {
    const { store, units } = await openStore(start);
    await store.entities.commit(doc("a", 1, { body: "x".repeat(4_096 - rest) }));
    await store.entities.commit(doc("b", 1, { body: "x".repeat(4_097 - rest) }));
    units.length = 0;
    await store.entities.read(["a"]);
    await store.entities.read(["b"]);
    await store.entities.read(["a", "b"]);
    expect(units).toEqual([
      ["read", 1],
      ["read", 2],
      ["read", 3],
    ]);
  });

  it("lets four processes commit to the same documents, each version by exactly one of them", async () => {
    const { names, store, client } = await openStore(Date.now(), "NEW_IMAGE");
    const [keys, commits] = [["a", "b", "c"], 40];
    const names4 = ["first", "second", "third", "fourth"];
    const made = await Promise.all(names4.map((name) => committingProcess(names, name, String(commits), ...keys)));
    const found = await store.entities.read(keys);
    const all = Array.from({ length: names4.length * commits }, (_, i) => i + 1);
    for (const key of keys) {
      expect(made.flatMap((versions) => versions[key] ?? []).toSorted((a, b) => a - b)).toEqual(all);
      expect(found.get(key)?.version).toBe(all.length);
      expect(JSON.parse(found.get(key)?.body ?? "{}")).toMatchObject({ sum: all.length });
    }
    const changes = decodeStreamEvent({ Records: await changesOf(client, dynamoDb.url, names.entitiesTable) });
    for (const key of keys) {
      const ofKey = changes.filter(({ document }) => document.key === key);
      expect(ofKey.map(({ document }) => document.version)).toEqual(all);
    }
  });
});

/** @returns the versions that it has committed, by key. */
async function committingProcess(
  { entitiesTable, progressTable }: { entitiesTable: string; progressTable: string },
  ...args: readonly string[]
): Promise<Readonly<Record<string, number[]>>> {
  const program = fileURLToPath(new URL("./committing-process.ts", import.meta.url));
  const child = spawn(process.execPath, [program, dynamoDb.url, entitiesTable, progressTable, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [printed] = await Promise.all([text(child.stdout), once(child, "close")]);
  return JSON.parse(printed) as Readonly<Record<string, number[]>>;
}
