import { judgeConversions } from "../../support/oracle/conversions-oracle.ts";
import { drawTraffic } from "./draw-traffic.ts";
import { byValue, columnsOf, type SimulatedPipeline } from "./simulated-pipeline.ts";

const usersMax = 3;
const topic = "raw-events";
const columns = [
  ...["event_type", "conversion_id", "click_id", "user_id", "ad_id", "campaign_id", "source", "conversion_type"],
  ...["value", "click_time", "conversion_time", "attribution_window_hours", "attributed"],
];

export const simulatedConversions: SimulatedPipeline<"conversions"> = {
  name: "conversions",
  remembersForEver: false,
  isLate: (time, watermark) => time < watermark,
  settings: (random) => ({
    partitions: random.integer(1, 2),
    sinks: random.pick([["s3", "kafka"], ["s3", "http", "kafka"], ["s3"]]),
    attributionWindow: random.pick(["1m", "5m", "10m"]),
    allowedLateness: random.pick(["0s", "1m", "3m"]),
    finalInterval: random.pick(["1m", "2m", "5m"]),
    maxFutureSkew: "5m",
    stateBytesMax: random.pick([1_024, 4_096]),
  }),
  traffic(random, faults, { partitions, maxFutureSkew }) {
    const users = random.integer(1, usersMax);
    return drawTraffic(random, faults, {
      records: random.integer(12, 45),
      ...{ behindMax: 4, lateMax: 24, maxFutureSkew, wanders: false, partitions, anewTopics: [topic] },
      draft(place, time, size) {
        const user = random.integer(0, users - 1);
        const kind = random.pick(["click", "click", "conversion", "conversion", "refund"]);
        const id = `${random.pick(["a", "～", "😀"])}${place}${"x".repeat(Math.min(size, 600))}`;
        return draftOf(kind, user % partitions, `user_${user}`, id, time, `campaign_${random.integer(0, 1)}`);
      },
    });
  },
  flush(traffic, timestamp, touches, { partitions }) {
    const owners = Array.from({ length: touches ? usersMax : partitions }, (_, owner) => owner);
    return owners.flatMap((owner) =>
      ["click", "conversion"].map((kind) => {
        const user = touches ? `user_${owner}` : "flush";
        const draft = draftOf(kind, owner % partitions, user, `flush ${timestamp} ${owner}`, timestamp, "flush");
        return { ...draft, timestamp: timestamp + traffic.length };
      }),
    );
  },
  finalAfter: ({ allowedLateness, finalInterval }) => allowedLateness + 2 * finalInterval,
  judge(lines, { attributionWindow }) {
    const never = Number.POSITIVE_INFINITY;
    const answer = judgeConversions(lines, { attributionWindow, allowedLateness: never, maxFutureSkew: never });
    return { fates: answer.fates, rows: answer.rows.map((row) => columnsOf({ ...row }, columns)) };
  },
  comparable: (row) => columnsOf({ ...row, value: byValue(row.value) }, columns),
  entityOf: (row) => String(row.conversion_id),
};

function draftOf(
  event_type: string,
  partition: number,
  user_id: string,
  event_id: string,
  time: number,
  campaign_id: string,
) {
  const shared = { event_type, event_id, user_id, campaign_id, source: "web", timestamp: new Date(time).toISOString() };
  const fields =
    event_type === "click" ? { ...shared, ad_id: `ad of ${event_id}` } : { ...shared, type: "purchase", value: "12.5" };
  // What is ignored moves no watermark.
  const counts = event_type === "click" || event_type === "conversion";
  return { topic, partition, key: user_id, value: JSON.stringify(fields), time: counts ? time : null };
}
