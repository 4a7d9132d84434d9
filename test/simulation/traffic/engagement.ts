import { judgeEngagement } from "../../support/oracle/engagement-oracle.ts";
import { drawTraffic } from "./draw-traffic.ts";
import { columnsOf, type SimulatedPipeline } from "./simulated-pipeline.ts";

const events = "dbserver1.public.engagement_events";
const contents = "dbserver1.public.content";
const contentIds = 4;
// What an event is enriched with depends on which of the two topics is quicker.
const columns = ["event_id", "content_id", "user_id", "event_type", "event_ts", "duration_ms", "device"];

export const simulatedEngagement: SimulatedPipeline<"engagement"> = {
  name: "engagement",
  remembersForEver: true,
  isLate: () => false,
  settings: (random) => ({
    partitions: random.integer(1, 2),
    sinks: random.pick([
      ["s3", "http", "views"],
      ["s3", "http", "kafka", "views", "clickhouse"],
      ["s3", "views"],
      ["s3", "kafka"],
    ]),
    allowedLateness: random.pick(["0s", "1m", "3m"]),
    enrichmentWait: random.pick(["1m", "5m", "20m"]),
    finalInterval: random.pick(["1m", "2m", "5m"]),
    maxFutureSkew: "5m",
    stateBytesMax: random.pick([2_048, 8_192]),
  }),
  traffic(random, faults, { partitions, maxFutureSkew }) {
    const ops = random.pick([
      ["c", "u"],
      ["c", "u"],
      ["c", "u", "d"],
    ]);
    return drawTraffic(random, faults, {
      records: random.integer(12, 45),
      ...{
        behindMax: 4,
        lateMax: 24,
        maxFutureSkew,
        wanders: false,
        partitions,
        anewTopics: [random.pick([events, contents])],
      },
      draft(place, time, size) {
        const content = random.integer(0, contentIds - 1);
        return random.chance(0.25)
          ? contentDraft(random.pick(ops), content, partitions, place, size)
          : eventDraft(
              place + 1,
              content,
              partitions,
              time,
              random.pick(["c", "c", "c", "c", "u"]),
              `user${"x".repeat(Math.min(size, 1_000))}`,
            );
      },
    });
  },
  flush: (traffic, timestamp, touches, { partitions }) =>
    Array.from({ length: partitions }, (_, partition) => {
      const id = timestamp * 10 + partition * 2 + Number(touches);
      return {
        ...eventDraft(id, partition + 100 * partitions, partitions, timestamp, "c", "flush"),
        timestamp: timestamp + traffic.length,
      };
    }),
  finalAfter: ({ allowedLateness, finalInterval, enrichmentWait }) =>
    allowedLateness + enrichmentWait + 2 * finalInterval,
  judge(lines, { enrichmentWait, partitions, includeSnapshot }) {
    const never = Number.POSITIVE_INFINITY;
    const settings = { enrichmentWait, partitions, includeSnapshot, allowedLateness: never, maxFutureSkew: never };
    const { fates, rows } = judgeEngagement(lines, settings);
    return { fates, rows: rows.map((row) => columnsOf({ ...row }, columns)) };
  },
  comparable: (row) => columnsOf(row, columns),
  entityOf: (row) => String(row.event_id),
};

function eventDraft(id: number, content: number, partitions: number, time: number, op: string, user: string) {
  const row = { id, content_id: content, user_id: user, event_type: "play", event_ts: new Date(time).toISOString() };
  const value = JSON.stringify({ before: null, after: { ...row, duration_ms: 7_000, device: "ios" }, op });
  const partition = content % partitions;
  return { topic: events, partition, key: `{"content_id":${content}}`, value, time: op === "c" ? time : null };
}

function contentDraft(op: string, content_id: number, partitions: number, place: number, size: number) {
  const row = { content_id, content_type: `type ${place}${"x".repeat(size)}`, length_seconds: 300 };
  const change = op === "d" ? { before: { content_id }, after: null } : { before: null, after: row };
  const value = JSON.stringify({ ...change, op });
  return {
    topic: contents,
    partition: content_id % partitions,
    key: `{"content_id":${content_id}}`,
    value,
    time: null,
  };
}
