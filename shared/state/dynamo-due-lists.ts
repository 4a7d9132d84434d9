import { QueryCommand, type WriteRequest } from "@aws-sdk/client-dynamodb";
import type { EventTimeMs } from "../core/units.ts";
import type { DueList, DueLists } from "../ports/state-store.ts";
import { getItems, type Table, writeItems } from "./batches.ts";
import { askForUnits, tellUnits } from "./consumed.ts";
import {
  type DueListId,
  dueListItems,
  dueListKey,
  dueUpTo,
  furtherPartKey,
  furtherPartsOf,
  headSortKey,
  headSortKeyOfPart,
  readDueList,
  readKeys,
  type SortKeyRange,
} from "./due-items.ts";
import { attributes, eachOnce, type Item, itemKey, textOf } from "./items.ts";

/** Due lists in the progress table: due-items.ts says how they lie there. */
export class DynamoDueLists implements DueLists {
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  append(lists: readonly DueList[]): Promise<void> {
    const items = eachOnce(lists.flatMap(dueListItems));
    return writeItems(
      this.#table,
      items.map((item): WriteRequest => ({ PutRequest: { Item: item } })),
    );
  }

  async *upTo(scope: string, until: EventTimeMs): AsyncGenerator<DueList> {
    for await (const item of this.#query(dueUpTo(scope, until))) {
      const { parts, ...list } = readDueList(scope, item);
      yield parts === 1 ? list : { ...list, keys: [...list.keys, ...(await this.#furtherKeys(list, parts))] };
    }
  }

  async remove(lists: readonly DueListId[]): Promise<void> {
    const further: Item[] = [];
    for (const [scope, ofScope] of Map.groupBy(lists, (list) => list.scope)) {
      further.push(...(await this.#furtherParts(scope, ofScope)));
    }
    // The first items last: if this ends half-way, a list that still has one is found, and removed, the next time.
    for (const keys of [further, eachOnce(lists.map(dueListKey))]) {
      await writeItems(
        this.#table,
        keys.map((key): WriteRequest => ({ DeleteRequest: { Key: key } })),
      );
    }
  }

  /** A part that isn't there belongs to a list whose writer is still at it, or died over it: nothing was committed for that list yet. */
  async #furtherKeys(list: DueListId, parts: number): Promise<string[]> {
    const keys = Array.from({ length: parts - 1 }, (_, i) => furtherPartKey(list, i + 1));
    const items = await getItems(this.#table, keys);
    const bySortKey = new Map(items.map((item) => [sortKeyOf(item), item]));
    return keys.flatMap((key) => {
      const item = bySortKey.get(sortKeyOf(key));
      return item ? readKeys(item) : [];
    });
  }

  /** The keys of the items beyond the first that `lists`, all of `scope`, have. */
  async #furtherParts(scope: string, lists: readonly DueListId[]): Promise<Item[]> {
    const wanted = new Set(lists.map(headSortKey));
    const ends = lists.map(({ bucketEnd }) => bucketEnd).sort((a, b) => a - b);
    const found: Item[] = [];
    for await (const item of this.#query(furtherPartsOf(scope, ends[0] as EventTimeMs, ends.at(-1) as EventTimeMs))) {
      if (wanted.has(headSortKeyOfPart(item)))
        found.push(itemKey(textOf(item, attributes.partitionKey), sortKeyOf(item)));
    }
    return found;
  }

  async *#query({ partitionKey, from, to }: SortKeyRange): AsyncGenerator<Item> {
    let start: Item | undefined;
    do {
      const page = await this.#table.client.send(
        new QueryCommand({
          TableName: this.#table.name,
          ConsistentRead: true,
          KeyConditionExpression: "#pk = :pk AND #sk BETWEEN :from AND :to",
          ExpressionAttributeNames: { "#pk": attributes.partitionKey, "#sk": attributes.sortKey },
          ExpressionAttributeValues: { ":pk": { S: partitionKey }, ":from": { S: from }, ":to": { S: to } },
          ...(start && { ExclusiveStartKey: start }),
          ...askForUnits(this.#table.onConsumed),
        }),
      );
      tellUnits(this.#table.onConsumed, "read", page.ConsumedCapacity);
      yield* page.Items ?? [];
      start = page.LastEvaluatedKey;
    } while (start);
  }
}

function sortKeyOf(item: Item): string {
  return textOf(item, attributes.sortKey);
}
