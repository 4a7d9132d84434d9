import { setTimeout } from "node:timers/promises";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { DurationMs } from "../core/units.ts";
import type { Clock } from "../ports/clock.ts";
import type { DocumentTable, DueLists, EntryLists, StateStore } from "../ports/state-store.ts";
import type { Table } from "./batches.ts";
import type { OnConsumed } from "./consumed.ts";
import { DynamoDocumentTable } from "./dynamo-document-table.ts";
import { DynamoDueLists } from "./dynamo-due-lists.ts";
import { DynamoEntryLists } from "./dynamo-entry-lists.ts";

export interface DynamoStateStoreOptions {
  readonly client: DynamoDBClient;
  readonly entitiesTable: string;
  readonly progressTable: string;
  readonly clock: Clock;
  /** From 0 up to 1: the jitter of waits. */
  readonly random?: () => number;
  readonly sleep?: (delay: DurationMs) => Promise<unknown>;
  /** Told what each request was billed for. Without it DynamoDB isn't asked. */
  readonly onConsumed?: OnConsumed;
}

/**
 * State in two DynamoDB tables, both with the partition key `pk` and the sort key `sk`; items.ts says what is in them.
 *
 * Each commit is one conditional write, each read strongly consistent; nothing scans. What the SDK throws after its own retries is
 * passed on as it is.
 */
export class DynamoStateStore implements StateStore {
  readonly entities: DocumentTable;
  readonly progress: DocumentTable;
  readonly due: DueLists;
  readonly lists: EntryLists;

  constructor({
    client,
    entitiesTable,
    progressTable,
    clock,
    random = Math.random,
    sleep = setTimeout,
    onConsumed,
  }: DynamoStateStoreOptions) {
    const table = (name: string): Table => ({ client, name, random, sleep, onConsumed });
    this.entities = new DynamoDocumentTable(table(entitiesTable), clock);
    this.progress = new DynamoDocumentTable(table(progressTable), clock);
    this.due = new DynamoDueLists(table(progressTable));
    this.lists = new DynamoEntryLists(table(entitiesTable));
  }
}
