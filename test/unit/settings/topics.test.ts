import { describe, expect, it } from "vitest";
import { heartbeatTopic } from "../../../infra/capture/connector.ts";
import { readDeployment } from "../../../shared/settings/deployment.ts";
import { topicsOf } from "../../../shared/settings/topics.ts";

const topicsWith = (pipelines: object) => topicsOf(readDeployment({ pipelines }));

describe("topicsOf", () => {
  it("has the sources of every pipeline, then where results go, then the heartbeat", () => {
    const pipelines = {
      attribution: { partitions: 6, sinks: ["s3"] },
      conversions: { partitions: 4 },
      dedupe: { partitions: 3 },
      windows: { partitions: 3 },
      engagement: { partitions: 5, sinks: ["s3", "kafka"] },
      purchases: { partitions: 2 },
    };
    expect(topicsWith(pipelines)).toEqual([
      { name: "ad_clicks", partitions: 6, role: "source", cleanup: "delete" },
      { name: "page_views", partitions: 6, role: "source", cleanup: "delete" },
      { name: "raw-events", partitions: 4, role: "source", cleanup: "delete" },
      { name: "incoming-events", partitions: 3, role: "source", cleanup: "delete" },
      { name: "dbserver1.public.engagement_events", partitions: 5, role: "source", cleanup: "delete" },
      { name: "dbserver1.public.content", partitions: 5, role: "source", cleanup: "compact" },
      { name: "purchases", partitions: 2, role: "source", cleanup: "delete" },
      { name: "attributed-events", partitions: 4, role: "output", cleanup: "delete" },
      { name: "processed-events", partitions: 3, role: "output", cleanup: "delete" },
      { name: "mode-b-aggregates", partitions: 3, role: "output", cleanup: "delete" },
      { name: "events-enriched", partitions: 5, role: "output", cleanup: "delete" },
      { name: heartbeatTopic, partitions: 1, role: "internal", cleanup: "delete" },
    ]);
  });

  it("has a topic that two pipelines read once", () => {
    const sinks = ["s3"];
    expect(topicsWith({ dedupe: { partitions: 7, sinks }, windows: { partitions: 7, sinks } })).toEqual([
      { name: "incoming-events", partitions: 7, role: "source", cleanup: "delete" },
    ]);
  });

  it("has an output topic under the name that the settings give it, and none where kafka is no sink", () => {
    const attribution = { partitions: 2, sinks: ["kafka"], outputTopic: "credited" };
    const purchases = { partitions: 1, outputTopic: "bought" };
    expect(topicsWith({ attribution, purchases })).toEqual([
      { name: "ad_clicks", partitions: 2, role: "source", cleanup: "delete" },
      { name: "page_views", partitions: 2, role: "source", cleanup: "delete" },
      { name: "purchases", partitions: 1, role: "source", cleanup: "delete" },
      { name: "credited", partitions: 2, role: "output", cleanup: "delete" },
    ]);
  });
});
