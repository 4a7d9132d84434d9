import { QueryCommand, type WriteRequest } from "@aws-sdk/client-dynamodb";
import type { Entry, EntryLists } from "../ports/state-store.ts";
import { type Table, writeItems } from "./batches.ts";
import { askForUnits, tellUnits } from "./consumed.ts";
import { attributes, eachOnce, itemKey, textOf } from "./items.ts";

/** What all orders lie between, as they begin with a digit. A document's sort key, `-`, doesn't. */
const beforeOrders = "/";
const behindOrders = ":";

/** Lists in the entities table: one item per entry, with the list as its partition key and the order as its sort key. */
export class DynamoEntryLists implements EntryLists {
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  append(entries: readonly Entry[]): Promise<void> {
    const items = entries.map(({ list, order, body }) => ({ ...itemKey(list, order), [attributes.body]: { S: body } }));
    return writeItems(
      this.#table,
      eachOnce(items).map((item): WriteRequest => ({ PutRequest: { Item: item } })),
    );
  }

  async last(list: string, limit: number, before?: string): Promise<Entry[]> {
    const entries: Entry[] = [];
    let start = before === undefined ? undefined : itemKey(list, before);
    do {
      const page = await this.#table.client.send(
        new QueryCommand({
          TableName: this.#table.name,
          ConsistentRead: true,
          ScanIndexForward: false,
          Limit: limit - entries.length,
          KeyConditionExpression: "#pk = :pk AND #sk BETWEEN :from AND :to",
          ExpressionAttributeNames: { "#pk": attributes.partitionKey, "#sk": attributes.sortKey },
          ExpressionAttributeValues: { ":pk": { S: list }, ":from": { S: beforeOrders }, ":to": { S: behindOrders } },
          ...(start && { ExclusiveStartKey: start }),
          ...askForUnits(this.#table.onConsumed),
        }),
      );
      tellUnits(this.#table.onConsumed, "read", page.ConsumedCapacity);
      for (const item of page.Items ?? []) {
        entries.push({ list, order: textOf(item, attributes.sortKey), body: textOf(item, attributes.body) });
      }
      start = page.LastEvaluatedKey;
    } while (start && entries.length < limit);
    return entries;
  }
}
