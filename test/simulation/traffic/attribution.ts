import { judgeAttribution } from "../../support/oracle/attribution-oracle.ts";
import { drawTraffic } from "./draw-traffic.ts";
import { columnsOf, type SimulatedPipeline } from "./simulated-pipeline.ts";

const usersMax = 3;
const columns = [
  ...["page_view_id", "user_id", "event_time", "url", "attributed_campaign_id", "attributed_click_id"],
  ...["attributed_click_time", "partition"],
];

export const simulatedAttribution: SimulatedPipeline<"attribution"> = {
  name: "attribution",
  remembersForEver: false,
  isLate: (time, watermark) => time < watermark,
  settings: (random) => ({
    partitions: random.integer(1, 2),
    sinks: random.pick([["s3", "http"], ["s3", "http", "kafka"], ["s3"]]),
    attributionWindow: random.pick(["1m", "5m", "10m"]),
    allowedLateness: random.pick(["0s", "1m", "3m"]),
    finalInterval: random.pick(["1m", "2m", "5m"]),
    maxFutureSkew: "5m",
    stateBytesMax: random.pick([1_024, 4_096]),
  }),
  traffic(random, faults, { partitions, maxFutureSkew }) {
    const users = random.integer(1, usersMax);
    const stickiness = random.pick([1, 1, 0.2]);
    let topic = "page_views";
    return drawTraffic(random, faults, {
      records: random.integer(12, 45),
      behindMax: 4,
      lateMax: 24,
      maxFutureSkew,
      wanders: false,
      partitions,
      anewTopics: [random.pick(["ad_clicks", "page_views"])],
      draft(place, time, size) {
        const user = random.integer(0, users - 1);
        // Now and then one of the two says nothing for a while.
        if (random.chance(stickiness)) topic = random.pick(["ad_clicks", "page_views"]);
        const id = `${random.pick(["a", "～", "😀"])}${place}${"x".repeat(Math.min(size, 600))}`;
        return draftOf(topic, user % partitions, `user_${user}`, id, time);
      },
    });
  },
  flush(traffic, timestamp, touches, { partitions }) {
    const owners = Array.from({ length: touches ? usersMax : partitions }, (_, owner) => owner);
    return owners.flatMap((owner) =>
      ["ad_clicks", "page_views"].map((topic) => {
        const id = `flush ${timestamp} ${owner} ${topic}`;
        const user = touches ? `user_${owner}` : "flush";
        return { ...draftOf(topic, owner % partitions, user, id, timestamp), timestamp: timestamp + traffic.length };
      }),
    );
  },
  finalAfter: ({ allowedLateness, finalInterval }) => allowedLateness + 2 * finalInterval,
  judge(lines, { attributionWindow }) {
    const settings = {
      attributionWindow,
      allowedLateness: Number.POSITIVE_INFINITY,
      maxFutureSkew: Number.POSITIVE_INFINITY,
    };
    const { fates, rows } = judgeAttribution(lines, settings);
    return { fates, rows: rows.map((row) => columnsOf({ ...row }, columns)) };
  },
  comparable: (row) => columnsOf(row, columns),
  entityOf: (row) => String(row.page_view_id),
};

function draftOf(topic: string, partition: number, user_id: string, id: string, time: number) {
  const event_time = new Date(time).toISOString();
  const fields =
    topic === "ad_clicks"
      ? { click_id: id, user_id, campaign_id: `campaign of ${id}`, event_time }
      : { event_id: id, user_id, url: null, event_time };
  return { topic, partition, key: user_id, value: JSON.stringify(fields), time };
}
