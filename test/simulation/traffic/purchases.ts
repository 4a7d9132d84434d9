import { judgePurchases } from "../../support/oracle/purchases-oracle.ts";
import { drawTraffic } from "./draw-traffic.ts";
import { byValue, columnsOf, type SimulatedPipeline } from "./simulated-pipeline.ts";

const topic = "purchases";
// Which of several duplicates is the first isn't said across partitions, and so neither is its timestamp.
const columns = ["purchaseId", "userId", "productName", "productType", "value", "quantity", "total"];

export const simulatedPurchases: SimulatedPipeline<"purchases"> = {
  name: "purchases",
  remembersForEver: true,
  isLate: () => false,
  settings: (random) => ({
    partitions: random.integer(1, 3),
    sinks: random.pick([["s3", "views"], ["s3", "views", "kafka"], ["s3", "http", "views"], ["views"]]),
    stateBytesMax: random.pick([1_024, 4_096]),
  }),
  traffic: (random, faults, { partitions }) =>
    drawTraffic(random, faults, {
      records: random.integer(12, 45),
      ...{ behindMax: 4, lateMax: 24, maxFutureSkew: 0, wanders: true, partitions, anewTopics: [topic] },
      draft: (place, _, size) =>
        draftOf(
          random.integer(0, partitions - 1),
          `user_${random.integer(0, 2)}`,
          `p${place}`,
          random.integer(1, 9),
          size,
        ),
    }),
  flush: (traffic, timestamp, touches, { partitions }) =>
    Array.from({ length: partitions }, (_, partition) => {
      const draft = draftOf(partition, "flush", `flush ${timestamp} ${partition} ${touches}`, 1);
      return { ...draft, timestamp: timestamp + traffic.length };
    }),
  finalAfter: () => 0,
  judge(lines) {
    const { fates, rows } = judgePurchases(lines);
    return {
      fates,
      rows: rows.map((row) => columnsOf({ ...row, value: byValue(row.value), total: byValue(row.total) }, columns)),
    };
  },
  comparable: (row) => columnsOf({ ...row, value: byValue(row.value), total: byValue(row.total) }, columns),
  entityOf: (row) => String(row.purchaseId),
};

function draftOf(partition: number, userId: string, purchaseId: string, quantity: number, size = 0) {
  const fields = {
    purchaseId,
    userId,
    productName: `Laptop${"x".repeat(size)}`,
    productType: "Electronics",
    value: "0.15",
    quantity,
  };
  const total = `${Math.floor((15 * quantity) / 100)}.${String((15 * quantity) % 100).padStart(2, "0")}`;
  return { topic, partition, key: userId, value: JSON.stringify({ ...fields, total }), time: null };
}
