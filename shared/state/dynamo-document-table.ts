import { ConditionalCheckFailedException, PutItemCommand, type PutItemCommandInput } from "@aws-sdk/client-dynamodb";
import type { WallTimeMs } from "../core/units.ts";
import type { Clock } from "../ports/clock.ts";
import type { CommitOutcome, Document, DocumentTable } from "../ports/state-store.ts";
import { getItems, type Table } from "./batches.ts";
import { askForUnits, tellUnits, unitsOfFailedWrite } from "./consumed.ts";
import {
  attributes,
  documentItem,
  documentItemKey,
  type Item,
  isExpired,
  isSameDocument,
  readDocument,
} from "./items.ts";

/**
 * Documents in a DynamoDB table, one item each.
 *
 * DynamoDB removes expired items late, if at all; so reads and conditions compare the time themselves, and an item that has expired is
 * the same as none:
 * - version 1 replaces it;
 * - version n + 1 over an expired version n is a conflict in which nothing is found, as it would be had DynamoDB removed the item. The
 *   writer, which read it alive, starts again from nothing and its version 1 goes through, so nobody loops. To let it through would make
 *   the outcome depend on when DynamoDB gets round to the removal.
 *
 * What that can't rule out: a writer that read version n, slept over its expiry AND over the n writes of somebody else's fresh start,
 * would overwrite the fresh version n. Let documents live days longer than they are needed: then a key that is still in use has been
 * written again long before it expires.
 */
export class DynamoDocumentTable implements DocumentTable {
  readonly #table: Table;
  readonly #clock: Clock;

  constructor(table: Table, clock: Clock) {
    this.#table = table;
    this.#clock = clock;
  }

  async read(keys: readonly string[]): Promise<Map<string, Document>> {
    const items = await getItems(this.#table, keys.map(documentItemKey));
    const now = this.#clock.now();
    const living = items.map(readDocument).filter((document) => !isExpired(document, now));
    return new Map(living.map((document) => [document.key, document]));
  }

  async commit(document: Document): Promise<CommitOutcome> {
    const { client, name, onConsumed } = this.#table;
    const item = documentItem(document);
    const now = this.#clock.now();
    try {
      const answer = await client.send(
        new PutItemCommand({
          TableName: name,
          Item: item,
          ...unlessMoved(document.version, now),
          ReturnValuesOnConditionCheckFailure: "ALL_OLD",
          ...askForUnits(onConsumed),
        }),
      );
      tellUnits(onConsumed, "write", answer.ConsumedCapacity);
      return { kind: "committed" };
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      onConsumed?.("write", unitsOfFailedWrite(error.Item));
      return outcomeOfFailure(item, error.Item, now);
    }
  }
}

/** The stored version is the one before `version`; 0 is none, or an expired one. */
function unlessMoved(version: number, now: WallTimeMs): Partial<PutItemCommandInput> {
  const time = { ":now": { N: String(Math.floor(now / 1_000)) } };
  if (version === 1) {
    return {
      ConditionExpression: "attribute_not_exists(#pk) OR #ttl <= :now",
      ExpressionAttributeNames: { "#pk": attributes.partitionKey, "#ttl": attributes.expiry },
      ExpressionAttributeValues: time,
    };
  }
  return {
    ConditionExpression: "#v = :before AND (attribute_not_exists(#ttl) OR #ttl > :now)",
    ExpressionAttributeNames: { "#v": attributes.version, "#ttl": attributes.expiry },
    ExpressionAttributeValues: { ...time, ":before": { N: String(version - 1) } },
  };
}

function outcomeOfFailure(wanted: Item, found: Item | undefined, now: WallTimeMs): CommitOutcome {
  if (!found) return { kind: "conflict", found: undefined };
  // The SDK sends a write again when its answer is lost, and then meets its own item. Expired or not: it was written.
  if (isSameDocument(wanted, found)) return { kind: "committed" };
  const document = readDocument(found);
  return { kind: "conflict", found: isExpired(document, now) ? undefined : document };
}
