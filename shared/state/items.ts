import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { StreamError } from "../core/errors.ts";
import type { WallTimeMs } from "../core/units.ts";
import type { Document } from "../ports/state-store.ts";

/** An item, or an item's key, as DynamoDB sends it. */
export type Item = Record<string, AttributeValue>;

/** Every attribute of both tables; nothing else names them. They are short because names count towards an item's size and price. */
export const attributes = {
  /** S, the partition key: a document's key as it is, a list's name, or `due|<scope>` for the due lists of a scope. */
  partitionKey: "pk",
  /** S, the sort key: `-` for a document, the order for an entry of a list, see due-items.ts for due lists. */
  sortKey: "sk",
  /** N: a document's version. */
  version: "v",
  /** S: a document's or an entry's body, JSON text. */
  body: "body",
  /** S, only where there is something: a document's settled lines. */
  settled: "settled",
  /** S, only where there is one: a document's outbox, JSON text. */
  outbox: "outbox",
  /** N, only where the document expires: epoch SECONDS, rounded up. The tables' TTL attribute. */
  expiry: "ttl",
  /** S: the keys of a due list, or of a part of one, as a JSON array. */
  keys: "keys",
  /** N, only on the first item of a due list that is split: how many items it has. */
  parts: "parts",
} as const;

const documentSortKey = "-";

export function documentItemKey(key: string): Item {
  return itemKey(key, documentSortKey);
}

export function itemKey(partitionKey: string, sortKey: string): Item {
  return { [attributes.partitionKey]: { S: partitionKey }, [attributes.sortKey]: { S: sortKey } };
}

export function documentItem({ key, version, body, settled, outbox, expiresAt }: Document): Item {
  return {
    ...documentItemKey(key),
    [attributes.version]: { N: String(version) },
    [attributes.body]: { S: body },
    ...(settled !== undefined && { [attributes.settled]: { S: settled } }),
    ...(outbox !== undefined && { [attributes.outbox]: { S: outbox } }),
    // Rounded up: DynamoDB's TTL counts in seconds, and no document may go before its time.
    ...(expiresAt !== undefined && { [attributes.expiry]: { N: String(Math.ceil(expiresAt / 1_000)) } }),
  };
}

/** The document in `item`, expired or not. @throws {StreamError} fault `bug`: the item is none. */
export function readDocument(item: Item): Document {
  const key = textOf(item, attributes.partitionKey);
  const expiry = item[attributes.expiry]?.N;
  const outbox = item[attributes.outbox]?.S;
  const settled = item[attributes.settled]?.S;
  return {
    key,
    version: numberOf(item, attributes.version),
    body: textOf(item, attributes.body),
    ...(settled !== undefined && { settled }),
    ...(outbox !== undefined && { outbox }),
    ...(expiry !== undefined && { expiresAt: Number(expiry) * 1_000 }),
  };
}

/** Whether two items store the same document, to the letter. */
export function isSameDocument(a: Item, b: Item): boolean {
  const { partitionKey, version, body, settled, outbox, expiry } = attributes;
  return (
    [partitionKey, body, settled, outbox].every((name) => a[name]?.S === b[name]?.S) &&
    [version, expiry].every((name) => a[name]?.N === b[name]?.N)
  );
}

/** The last of those with one key: BatchWriteItem refuses an item that stands twice in one batch. */
export function eachOnce(items: readonly Item[]): Item[] {
  const { partitionKey, sortKey } = attributes;
  const byKey = new Map(
    items.map((item) => [JSON.stringify([textOf(item, partitionKey), textOf(item, sortKey)]), item]),
  );
  return [...byKey.values()];
}

export function isExpired({ expiresAt }: Document, now: WallTimeMs): boolean {
  return expiresAt !== undefined && expiresAt <= now;
}

/** @throws {StreamError} fault `bug`: the item has no such text. */
export function textOf(item: Item, name: string): string {
  const text = item[name]?.S;
  if (text === undefined) throw unlike(item, name);
  return text;
}

function numberOf(item: Item, name: string): number {
  const digits = item[name]?.N;
  if (digits === undefined) throw unlike(item, name);
  return Number(digits);
}

function unlike(item: Item, name: string): StreamError {
  const key = JSON.stringify([item[attributes.partitionKey]?.S, item[attributes.sortKey]?.S]);
  return new StreamError("bug", `item ${key} has no attribute ${name}: something else writes to this table`);
}
