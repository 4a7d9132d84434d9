import { judgeDedupe } from "../../support/oracle/dedupe-oracle.ts";
import { drawTraffic } from "./draw-traffic.ts";
import { columnsOf, type SimulatedPipeline } from "./simulated-pipeline.ts";

const topic = "incoming-events";
const columns = ["eventId", "eventTime", "body"];

export const simulatedDedupe: SimulatedPipeline<"dedupe"> = {
  name: "dedupe",
  remembersForEver: true,
  isLate: (time, watermark) => time < watermark,
  settings: (random) => ({
    partitions: random.integer(1, 3),
    sinks: random.pick([["s3", "kafka"], ["s3", "http", "kafka"], ["s3"]]),
    allowedLateness: random.pick(["0s", "1m", "3m"]),
    maxFutureSkew: "5m",
    stateBytesMax: random.pick([1_024, 4_096]),
  }),
  traffic: (random, faults, { partitions, maxFutureSkew }) =>
    drawTraffic(random, faults, {
      records: random.integer(12, 45),
      ...{ behindMax: 4, lateMax: 24, maxFutureSkew, wanders: true, partitions, anewTopics: [topic] },
      draft: (place, time, size) => draftOf(random.integer(0, partitions - 1), `e${place}`, time, size),
    }),
  flush: (traffic, timestamp, touches, { partitions }) =>
    Array.from({ length: partitions }, (_, partition) => {
      const draft = draftOf(partition, `flush ${timestamp} ${partition} ${touches}`, timestamp);
      return { ...draft, timestamp: timestamp + traffic.length };
    }),
  finalAfter: ({ allowedLateness }) => allowedLateness,
  judge(lines, { partitions }) {
    const never = Number.POSITIVE_INFINITY;
    const answer = judgeDedupe(lines, { partitions, allowedLateness: never, maxFutureSkew: never });
    return { fates: answer.fates, rows: answer.rows.map((row) => columnsOf({ ...row }, columns)) };
  },
  comparable: (row) => columnsOf(row, columns),
  entityOf: (row) => String(row.eventId),
};

function draftOf(partition: number, eventId: string, time: number, size = 0) {
  const value = JSON.stringify({ eventId, eventTime: new Date(time).toISOString(), payload: "x".repeat(size) });
  return { topic, partition, key: eventId, value, time };
}
