import { type PipelineConfig, runConfigured } from "../../functions/catalog.ts";
import { SqliteStateStore } from "../../localstack/embedded/sqlite-state-store.ts";
import { recordedTraffic } from "../../localstack/generate/recorded-traffic.ts";
import { sampleData } from "../../localstack/generate/sample-data.ts";
import { silentMeter } from "../../shared/ports/meter.ts";
import type { Document, DocumentTable, StateStore } from "../../shared/ports/state-store.ts";
import { pipelineNames, readSettings } from "../../shared/settings/settings.ts";
import { documentItem } from "../../shared/state/items.ts";
import { jsonRowFormat } from "../support/json-row-format.ts";
import { cutDeliveries, logRecord } from "../support/log-record.ts";
import { MemoryObjectStore } from "../support/memory-object-store.ts";

/**
 * `node test/bench/write-units.ts [pipeline ...]`: what DynamoDB and S3 would bill for generated traffic, by DynamoDB's own rule (a write
 * costs a unit per KB of item begun, a strongly consistent read one per 4 KB), counted over the items that the engine really writes.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
 */
const records = 100_000;
const partitions = 4;

/** US dollars per million, on demand, us-east-1, as of 2026-11-21. */
const prices = { writeUnits: 0.625, readUnits: 0.125, objects: 5 };

function itemBytes(document: Document): number {
  return Object.entries(documentItem(document)).reduce(
    (sum, [name, value]) => sum + name.length + Buffer.byteLength(String(value.S ?? value.N)),
    0,
  );
}

function countedStore(store: SqliteStateStore) {
  const totals = { writeUnits: 0, readUnits: 0, requests: 0 };
  const table = (counted: DocumentTable): DocumentTable => ({
    read: async (keys) => {
      totals.requests += Math.ceil(keys.length / 100);
      const found = await counted.read(keys);
      for (const key of keys) {
        const document = found.get(key);
        totals.readUnits += document ? Math.ceil(itemBytes(document) / 4_096) : 1;
      }
      return found;
    },
    commit: (document) => {
      totals.requests++;
      totals.writeUnits += Math.ceil(itemBytes(document) / 1_024);
      return counted.commit(document);
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
  const lists: StateStore["lists"] = {
    append: (entries) => {
      totals.requests += Math.ceil(entries.length / 25);
      for (const { list, order, body } of entries)
        totals.writeUnits += Math.ceil((list.length + order.length + body.length + 8) / 1_024);
      return store.lists.append(entries);
    },
    last: (list, limit, before) => store.lists.last(list, limit, before),
  };
  return { totals, store: { entities: table(store.entities), progress: table(store.progress), due, lists } };
}

const chosen = process.argv.slice(2);
for (const name of pipelineNames) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  for (const ratePerSecond of [200, 1_000, 4_000]) {
    const start = 1_704_110_400_000;
    // As it was when the records came: what is too old by then is forgotten.
    let now = start;
    const clock = { now: () => now };
    const sqlite = new SqliteStateStore({ path: ":memory:", clock });
    const { totals, store } = countedStore(sqlite);
    const objects = new MemoryObjectStore();
    const config = { name, settings: { ...readSettings(name, {}), partitions } } as PipelineConfig;
    const surroundings = { store, objects, rowFormat: jsonRowFormat, clock, meter: silentMeter };
    const pipeline = runConfigured(config, { ...surroundings, futureClock: "record", expires: true });
    const shape = { records, seed: 1, partitions, users: 20_000, start, ratePerSecond };
    const traffic = Array.from(recordedTraffic(sampleData[name].plan, shape), logRecord);
    let deliveries = 0;
    let sinceClosing = 0;
    await sqlite.group(async () => {
      // What a consumer finds each half second, over all partitions: a batch window of 1 s, seldom full.
      for (const delivery of cutDeliveries(
        traffic,
        Math.min(500 * partitions, Math.max(ratePerSecond / 2, partitions)),
      )) {
        now = Math.max(now, delivery.at(-1)?.timestamp ?? 0);
        for (const [partition, ofIt] of Map.groupBy(delivery, (record) => record.partition)) {
          for (let at = 0; at < ofIt.length; at += 500) {
            const topic = delivery[0]?.topic ?? "";
            await pipeline.process([{ topic, partition, records: ofIt.slice(at, at + 500) }]);
            deliveries++;
          }
        }
        sinceClosing += delivery.length;
        if (sinceClosing < 30 * ratePerSecond) continue;
        sinceClosing = 0;
        for (let partition = 0; partition < (pipeline.scope === "topic" ? 1 : partitions); partition++)
          await pipeline.close(partition);
      }
    });
    const written = (await Array.fromAsync(objects.list(""))).length;
    const dollars =
      (totals.writeUnits * prices.writeUnits + totals.readUnits * prices.readUnits + written * prices.objects) /
      records;
    const per = (total: number) => (total / records).toFixed(2);
    console.log(
      `${name} at ${ratePerSecond} records/s, ${Math.round(records / deliveries)} per batch: ${per(totals.writeUnits)} write units, ` +
        `${per(totals.readUnits)} read units, ${per(totals.requests)} requests, ${(written / records).toFixed(4)} objects per record; ` +
        `$${dollars.toFixed(2)} per million records`,
    );
    sqlite.close();
  }
}
