import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SqliteStateStore } from "../../localstack/embedded/sqlite-state-store.ts";
import { attributionTraffic } from "../../localstack/generate/attribution-traffic.ts";
import { attribution } from "../../shared/pipelines/attribution/attribution.ts";
import type { Document, DocumentTable, StateStore } from "../../shared/ports/state-store.ts";
import { runKeyed } from "../../shared/runtime/running-pipeline.ts";
import { readSettings } from "../../shared/settings/settings.ts";
import { documentItem } from "../../shared/state/items.ts";
import { jsonRowFormat } from "../support/json-row-format.ts";
import { cutDeliveries, logRecord } from "../support/log-record.ts";
import { MemoryObjectStore } from "../support/memory-object-store.ts";

/**
 * `node test/bench/write-units.ts`: what DynamoDB would bill for generated traffic, by its own rule (a write costs a unit per KB of item
 * begun, a strongly consistent read one per 4 KB), counted over the items that the engine really writes.
 */
const records = 100_000;
const partitions = 4;

/** @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html */
function itemBytes(document: Document): number {
  return Object.entries(documentItem(document)).reduce(
    (sum, [name, value]) => sum + name.length + Buffer.byteLength(String(value.S ?? value.N)),
    0,
  );
}

for (const ratePerSecond of [200, 1_000, 4_000]) {
  const directory = mkdtempSync(join(tmpdir(), "tidemark-units-"));
  const clock = { now: () => Date.now() };
  const store = new SqliteStateStore({ path: join(directory, "state.sqlite"), clock });
  const totals = { writes: 0, writeUnits: 0, readUnits: 0, requests: 0, deliveries: 0 };
  const counted = (table: DocumentTable): DocumentTable => ({
    read: async (keys) => {
      totals.requests += Math.ceil(keys.length / 100);
      const found = await table.read(keys);
      for (const key of keys) {
        const document = found.get(key);
        totals.readUnits += document ? Math.ceil(itemBytes(document) / 4_096) : 1;
      }
      return found;
    },
    commit: (document) => {
      totals.requests++;
      totals.writes++;
      totals.writeUnits += Math.ceil(itemBytes(document) / 1_024);
      return table.commit(document);
    },
  });
  const due: StateStore["due"] = {
    append: (lists) => {
      totals.requests += Math.ceil(lists.length / 25);
      for (const { keys } of lists) totals.writeUnits += Math.ceil((JSON.stringify(keys).length + 80) / 1_024);
      return store.due.append(lists);
    },
    upTo: (scope, until) => store.due.upTo(scope, until),
    remove: (lists) => {
      totals.writeUnits += lists.length;
      return store.due.remove(lists);
    },
  };
  const settings = readSettings("attribution", {});
  const pipeline = runKeyed({
    pipeline: attribution(settings),
    settings: {
      partitions,
      maxFutureSkew: settings.maxFutureSkew,
      futureClock: "record",
      stateBytesMax: settings.stateBytesMax,
      immediate: true,
      finals: true,
      views: true,
      retention: 14 * 24 * 3_600_000,
    },
    store: { entities: counted(store.entities), progress: counted(store.progress), due, lists: store.lists },
    objects: new MemoryObjectStore(),
    rowFormat: jsonRowFormat,
    clock,
    meter: { count: () => {} },
  });
  const lines = attributionTraffic({
    records,
    seed: 1,
    partitions,
    users: 20_000,
    start: 1_704_110_400_000,
    ratePerSecond,
  });
  let sinceClosing = 0;
  await store.group(async () => {
    for (const delivery of cutDeliveries(Array.from(lines, logRecord), 500 * partitions)) {
      totals.deliveries++;
      const byPartition = Map.groupBy(delivery, ({ partition }) => partition);
      const topic = delivery[0]?.topic ?? "";
      await pipeline.process(
        [...byPartition].map(([partition, ofPartition]) => ({ topic, partition, records: ofPartition })),
      );
      sinceClosing += delivery.length;
      if (sinceClosing < 30 * ratePerSecond) continue;
      sinceClosing = 0;
      for (let partition = 0; partition < partitions; partition++) await pipeline.close(partition);
    }
  });
  const per = (total: number) => (total / records).toFixed(2);
  console.log(
    `${ratePerSecond} records/s in batches of ${Math.round(records / totals.deliveries / partitions)} per partition: ` +
      `${per(totals.writeUnits)} write units, ${per(totals.readUnits)} read units, ${per(totals.requests)} requests per record`,
  );
  store.close();
  rmSync(directory, { recursive: true });
}
