import { QueryCommand, type WriteRequest } from "@aws-sdk/client-dynamodb";
import type { Entry, EntryLists } from "../ports/state-store.ts";
import { type Table, writeItems } from "./batches.ts";
import { attributes, itemKey, textOf } from "./items.ts";

/** Lists in the entities table: one item per entry, the list as its partition key and the order as its sort key. */
export class DynamoEntryLists implements EntryLists {
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  append(entries: readonly Entry[]): Promise<void> {
    return writeItems(
      this.#table,
      entries.map(
        ({ list, order, body }): WriteRequest => ({
          PutRequest: { Item: { ...itemKey(list, order), [attributes.body]: { S: body } } },
        }),
      ),
    );
  }

  async last(list: string, limit: number, before?: string): Promise<Entry[]> {
    const entries: Entry[] = [];
    let below = before;
    // A page ends at 1 MB too.
    while (entries.length < limit) {
      const page = await this.#table.client.send(
        new QueryCommand({
          TableName: this.#table.name,
          ConsistentRead: true,
          ScanIndexForward: false,
          Limit: limit - entries.length,
          KeyConditionExpression: below === undefined ? "#pk = :pk" : "#pk = :pk AND #sk < :before",
          ExpressionAttributeNames: {
            "#pk": attributes.partitionKey,
            ...(below !== undefined && { "#sk": attributes.sortKey }),
          },
          ExpressionAttributeValues: { ":pk": { S: list }, ...(below !== undefined && { ":before": { S: below } }) },
        }),
      );
      for (const item of page.Items ?? []) {
        entries.push({ list, order: textOf(item, attributes.sortKey), body: textOf(item, attributes.body) });
      }
      below = entries.at(-1)?.order;
      if (!page.LastEvaluatedKey || below === undefined) break;
    }
    return entries;
  }
}
