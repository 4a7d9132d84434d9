import { judgeWindows } from "../../support/oracle/windows-oracle.ts";
import { drawTraffic } from "./draw-traffic.ts";
import { byValue, columnsOf, type SimulatedPipeline } from "./simulated-pipeline.ts";

const topic = "incoming-events";
const columns = ["userId", "windowStart", "windowEnd", "eventCount", "totalAmount", "minAmount", "maxAmount"];

export const simulatedWindows: SimulatedPipeline<"windows"> = {
  name: "windows",
  remembersForEver: false,
  isLate: (time, watermark, { windowSize }) => Math.floor(time / windowSize) * windowSize + windowSize <= watermark,
  settings: (random) => ({
    partitions: random.integer(1, 3),
    sinks: random.pick([["s3", "kafka"], ["s3", "http", "kafka"], ["s3"]]),
    windowSize: random.pick(["1m", "2m", "5m"]),
    allowedLateness: random.pick(["0s", "1m", "3m"]),
    maxFutureSkew: "5m",
    stateBytesMax: random.pick([1_024, 4_096]),
  }),
  traffic: (random, faults, { partitions, maxFutureSkew }) =>
    drawTraffic(random, faults, {
      records: random.integer(12, 45),
      ...{ behindMax: 4, lateMax: 24, maxFutureSkew, wanders: true, partitions, anewTopics: [topic] },
      draft: (place, time, size) => {
        const id = `e${place}${"x".repeat(Math.min(size, 800))}`;
        return draftOf(
          random.integer(0, partitions - 1),
          `user_${random.integer(0, 1)}`,
          id,
          time,
          random.pick(["1", "0.1", "-2.5", "3.3"]),
        );
      },
    }),
  flush: (traffic, timestamp, touches, { partitions }) =>
    Array.from({ length: partitions }, (_, partition) => {
      const id = `flush ${timestamp} ${partition} ${touches}`;
      return { ...draftOf(partition, "flush", id, timestamp, "1"), timestamp: timestamp + traffic.length };
    }),
  finalAfter: ({ allowedLateness, windowSize }) => allowedLateness + 2 * windowSize,
  judge(lines, { windowSize, partitions }) {
    const never = Number.POSITIVE_INFINITY;
    const answer = judgeWindows(lines, { windowSize, partitions, allowedLateness: never, maxFutureSkew: never });
    return { fates: answer.fates, rows: answer.rows.map((row) => columnsOf({ ...row }, columns)) };
  },
  comparable: ({ totalAmount, minAmount, maxAmount, ...row }) => {
    const amounts = { totalAmount: byValue(totalAmount), minAmount: byValue(minAmount), maxAmount: byValue(maxAmount) };
    return columnsOf({ ...row, ...amounts }, columns);
  },
  entityOf: (row) => `${row.userId}|${new Date(Number(row.windowStart)).toISOString().replace(".000Z", "Z")}`,
};

function draftOf(partition: number, userId: string, eventId: string, time: number, amount: string) {
  const fields = { eventId, userId, amount, eventType: "a", eventTime: new Date(time).toISOString() };
  return { topic, partition, key: userId, value: JSON.stringify(fields), time };
}
