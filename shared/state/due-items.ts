import { StreamError } from "../core/errors.ts";
import { utf8Length } from "../core/record.ts";
import type { EventTimeMs } from "../core/units.ts";
import type { DueList } from "../ports/state-store.ts";
import { attributes, type Item, itemKey, textOf } from "./items.ts";

/**
 * How due lists lie in the progress table, under the partition key `due|<scope>`:
 * - `<bucket end>|<name>` is a list, or its first part, and says how many parts there are. One query reads them in order of bucket end;
 * - `more|<bucket end>|<part>|<name>` is a further part, from 1 on. They lie apart, so that one query, which nearly always finds nothing
 *   and costs one read unit, tells `remove` which of its lists were split.
 */
export type DueListId = Pick<DueList, "scope" | "bucketEnd" | "name">;

/** Bytes of keys in one item: DynamoDB takes 400 KB, and the item has a key of its own. */
export const partBytesMax = 350_000;
/** Event times have 15 digits at most, and a sort key of numbers sorts only when they are equally long. */
const timeMax = 999_999_999_999_999;

export function dueListKey({ scope, bucketEnd, name }: DueListId): Item {
  return itemKey(partitionKeyOf(scope), headSortKey({ bucketEnd, name }));
}

export function furtherPartKey({ scope, bucketEnd, name }: DueListId, part: number): Item {
  return itemKey(partitionKeyOf(scope), `more|${padded(bucketEnd)}|${part}|${name}`);
}

/** The items that store a list: one, unless its keys don't fit. */
export function dueListItems(list: DueList): Item[] {
  const texts = [...keyTexts(list.keys)];
  return texts.map((text, part) => ({
    ...(part === 0 ? dueListKey(list) : furtherPartKey(list, part)),
    [attributes.keys]: { S: text },
    ...(part === 0 && texts.length > 1 && { [attributes.parts]: { N: String(texts.length) } }),
  }));
}

/** The list in its first item, with the number of items it has. */
export function readDueList(scope: string, item: Item): DueList & { readonly parts: number } {
  const sortKey = textOf(item, attributes.sortKey);
  const parts = Number(item[attributes.parts]?.N ?? 1);
  return { scope, bucketEnd: Number(sortKey.slice(0, 15)), name: sortKey.slice(16), keys: readKeys(item), parts };
}

export function readKeys(item: Item): string[] {
  return JSON.parse(textOf(item, attributes.keys)) as string[];
}

/** A range of sort keys under one partition key, both ends inclusive. */
export interface SortKeyRange {
  readonly partitionKey: string;
  readonly from: string;
  readonly to: string;
}

/** The first items of the lists that end at or before `until`, which may be any number. */
export function dueUpTo(scope: string, until: EventTimeMs): SortKeyRange {
  // `~` comes after the `|` that follows the time. Before the first time there is nothing: "-" of a document, at most.
  return {
    partitionKey: partitionKeyOf(scope),
    from: "0",
    to: until < 0 ? "0" : `${padded(Math.floor(Math.min(until, timeMax)))}~`,
  };
}

/** The further parts of lists that end from `first` to `last`. */
export function furtherPartsOf(scope: string, first: EventTimeMs, last: EventTimeMs): SortKeyRange {
  return { partitionKey: partitionKeyOf(scope), from: `more|${padded(first)}`, to: `more|${padded(last)}~` };
}

/** The sort key of the first item: names a list within its scope. */
export function headSortKey({ bucketEnd, name }: Pick<DueListId, "bucketEnd" | "name">): string {
  return `${padded(bucketEnd)}|${name}`;
}

/** The sort key of the first item of the list that a further part belongs to. */
export function headSortKeyOfPart(item: Item): string {
  const [, end, , ...name] = textOf(item, attributes.sortKey).split("|");
  return `${end}|${name.join("|")}`;
}

function partitionKeyOf(scope: string): string {
  return `due|${scope}`;
}

function padded(time: EventTimeMs): string {
  if (!Number.isInteger(time) || time < 0 || time > timeMax)
    throw new StreamError("bug", `a bucket can't end at ${time}`);
  return String(time).padStart(15, "0");
}

/** The keys as JSON arrays of at most `partBytesMax` bytes each. */
function* keyTexts(keys: readonly string[]): Generator<string> {
  let texts: string[] = [];
  let bytes = 2;
  for (const key of keys) {
    const text = JSON.stringify(key);
    const length = utf8Length(text) + 1;
    if (bytes + length > partBytesMax && texts.length > 0) {
      yield `[${texts.join(",")}]`;
      texts = [];
      bytes = 2;
    }
    texts.push(text);
    bytes += length;
  }
  yield `[${texts.join(",")}]`;
}
