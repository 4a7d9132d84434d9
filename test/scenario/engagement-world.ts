import { contentViews } from "../../functions/content-views.ts";
import type { LogRecord } from "../../shared/core/record.ts";
import { engagement } from "../../shared/pipelines/engagement/engagement.ts";
import { contentTable, engagementEvents } from "../../shared/pipelines/engagement/records.ts";
import type { Clock } from "../../shared/ports/clock.ts";
import type { EngineSettings } from "../../shared/runtime/engine.ts";
import { runFacts } from "../../shared/runtime/running-pipeline.ts";
import { readSettings } from "../../shared/settings/settings.ts";
import { PipelineWorld } from "../support/pipeline-world.ts";
import type { Turns } from "../support/turns.ts";

/** 2024-01-01T12:00:00Z, minute `m` and second `s` after it. */
export function at(m: number, s = 0): number {
  return Date.UTC(2024, 0, 1, 12, m, s);
}

export function engagementWorld(
  options: {
    readonly given?: Readonly<Record<string, unknown>>;
    readonly settings?: Partial<EngineSettings>;
    readonly turns?: Turns;
  } = {},
) {
  const { given = {}, settings = {}, turns } = options;
  return new PipelineWorld({
    pipeline: engagement(readSettings("engagement", given)),
    run: runFacts,
    settings: { partitions: 2, ...settings },
    ...(turns && { interpose: turns.interpose, interposeObjects: turns.interposeObjects }),
  });
}

export type EngagementWorld = ReturnType<typeof engagementWorld>;

/** What the API would answer; with a clock, at that time. */
export function viewsOf({ store }: EngagementWorld, clock?: Clock) {
  return contentViews({ store, partitions: 2, clock });
}

/** The two topics of a partition, as Debezium fills them. */
export class Changes {
  readonly #partition: number;
  #events = 0;
  #contents = 0;

  constructor(partition = 0) {
    this.#partition = partition;
  }

  event(id: number | string, time: number, more: Readonly<Record<string, unknown>> = {}): LogRecord {
    const { op = "c", ...columns } = more;
    const after = {
      id,
      content_id: 1,
      user_id: "ann",
      event_type: "play",
      duration_ms: 7_000,
      device: "ios",
      ...columns,
    };
    const value = { op, before: null, after: { ...after, event_ts: new Date(time).toISOString() } };
    return this.#record(engagementEvents, this.#events++, time, value);
  }

  content(id: number, row: readonly [type: string, length: number | null] | null, op = row ? "c" : "d"): LogRecord {
    const columns = row && { content_id: id, content_type: row[0], length_seconds: row[1] };
    const value = row ? { op, before: null, after: columns } : { op, before: { content_id: id }, after: null };
    return this.#record(contentTable, this.#contents++, at(0), value);
  }

  #record(topic: string, offset: number, timestamp: number, value: object): LogRecord {
    return {
      topic,
      partition: this.#partition,
      offset,
      timestamp,
      key: null,
      value: Buffer.from(JSON.stringify(value)),
    };
  }
}
