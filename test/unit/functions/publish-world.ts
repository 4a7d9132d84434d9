import { type PipelineConfig, runConfigured } from "../../../functions/catalog.ts";
import { createHandler as createConsume } from "../../../functions/consume/handler.ts";
import { createHandler as createPublish } from "../../../functions/publish/handler.ts";
import { SqliteStateStore } from "../../../localstack/embedded/sqlite-state-store.ts";
import { mskEvent } from "../../../localstack/runner/msk-mapping.ts";
import { streamEvent } from "../../../localstack/runner/stream-mapping.ts";
import { formatEventTime } from "../../../shared/core/time.ts";
import { silentMeter } from "../../../shared/ports/meter.ts";
import { readPipelines } from "../../../shared/settings/deployment.ts";
import { jsonRowFormat } from "../../support/json-row-format.ts";
import { logRecord } from "../../support/log-record.ts";
import { MemoryObjectStore } from "../../support/memory-object-store.ts";
import { MemoryProducer, type MemoryProducerOptions } from "../../support/memory-producer.ts";
import { context } from "./embedded-functions.ts";

export const now = Date.UTC(2024, 0, 1, 14);

/** An event of `incoming-events`, with `size` bytes beside its id and time. */
export interface Event {
  readonly id: string;
  readonly size?: number;
}

/**
 * Consumers of two pipelines whose results go to Kafka (`dedupe`: `processed-events`, `attribution`: `attributed-page-views`), their change
 * stream, and the function `publish` behind it.
 */
export function publishWorld(options: Partial<MemoryProducerOptions> = {}, published = ["dedupe", "attribution"]) {
  const clock = { now: () => now };
  const store = new SqliteStateStore({ path: ":memory:", clock });
  const objects = new MemoryObjectStore();
  const { dedupe, attribution } = readPipelines(
    '{"dedupe":{"partitions":3},"attribution":{"partitions":3,"sinks":["s3","http","kafka"]}}',
  );
  const surroundings = {
    ...{ store, objects, rowFormat: jsonRowFormat, clock, meter: silentMeter },
    futureClock: "wall",
    expires: false,
  } as const;
  const configs: PipelineConfig[] = [
    { name: "dedupe", settings: dedupe! },
    { name: "attribution", settings: attribution! },
  ];
  const pipelines = configs.map((config) => runConfigured(config, surroundings));
  const [takeEvents, takeTouches] = pipelines.map((pipeline) => createConsume({ pipeline, failures: "throw" }));
  const producer = new MemoryProducer({ topics: { "processed-events": 3, "attributed-page-views": 3 }, ...options });
  const publish = createPublish({
    pipelines: pipelines.filter(({ name }) => published.includes(name)),
    delivery: { producer, deadLetters: objects },
    clock,
  });
  let offset = 0;
  const record = (topic: string, payload: object) => {
    const ts = now - 3_600_000;
    return logRecord({ topic, partition: 0, offset: offset++, ts, key: null, payload: JSON.stringify(payload) });
  };
  return {
    publish,
    producer,
    /** Events come in, each with a time a second behind the one before. */
    async events(...events: readonly Event[]) {
      const records = events.map(({ id, size = 0 }) => {
        const eventTime = formatEventTime(now - 3_600_000 + offset * 1_000);
        return record("incoming-events", { eventId: id, eventTime, ...(size > 0 && { note: "x".repeat(size) }) });
      });
      await takeEvents?.(mskEvent(records), context);
    },
    /** Page views of a user come in, in one batch. */
    async pageViews(user_id: string, ...ids: readonly string[]) {
      const event_time = "2024-01-01T12:10:00Z";
      const records = ids.map((event_id) => record("page_views", { event_id, user_id, event_time }));
      await takeTouches?.(mskEvent(records), context);
    },
    /** A click of a user comes in, ahead of all page views. */
    async click(user_id: string, click_id: string) {
      const touch = { click_id, user_id, campaign_id: "c", event_time: "2024-01-01T12:09:00Z" };
      await takeTouches?.(mskEvent([record("ad_clicks", touch)]), context);
    },
    /** What the change stream tells of all that, from a sequence on. */
    stream: (from = "0") => {
      const changes = store.changes.after(0, 1_000).filter(({ sequence }) => sequence >= Number(from));
      return streamEvent(changes, "entities");
    },
    /** What was put aside, by name. */
    async letters() {
      const found: Record<string, unknown> = {};
      for await (const name of objects.list("dead_letters/")) {
        found[name] = JSON.parse(new TextDecoder().decode(await objects.read(name)));
      }
      return found;
    },
    objects,
    /** `id` of each message that is written, in the order of the writes. */
    written: () => producer.records.map(({ id }) => id),
  };
}
