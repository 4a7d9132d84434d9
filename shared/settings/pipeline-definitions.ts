import type { DurationMs } from "../core/units.ts";
import {
  type BytesDefinition,
  type CountDefinition,
  type Definitions,
  type DurationDefinition,
  databaseSinks,
  type FlagDefinition,
  type Sink,
  type SinksDefinition,
  type TopicDefinition,
} from "./definition.ts";

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** The topics that each pipeline reads. All of a pipeline's have as many partitions as its setting says. */
export const sourceTopics = {
  attribution: ["ad_clicks", "page_views"],
  conversions: ["raw-events"],
  dedupe: ["incoming-events"],
  windows: ["incoming-events"],
  engagement: ["dbserver1.public.engagement_events", "dbserver1.public.content"],
  purchases: ["purchases"],
} as const;

export type PipelineName = keyof typeof sourceTopics;

const attributionWindow = (byDefault: DurationMs, of: string): DurationDefinition => ({
  kind: "duration",
  default: byDefault,
  min: 0,
  max: 90 * day,
  meaning: `how long before ${of} a click may lie and still be credited with it, both ends included`,
});

const allowedLateness = (byDefault: DurationMs): DurationDefinition => ({
  kind: "duration",
  default: byDefault,
  min: 0,
  max: 7 * day,
  meaning: "how far the watermark stays behind the highest event time",
});

const finalInterval: DurationDefinition = {
  kind: "duration",
  default: 5 * minute,
  min: second,
  max: day,
  meaning: "the length of the event-time buckets that final rows are written by",
  isFixed: true,
};

const windowSize: DurationDefinition = {
  kind: "duration",
  default: 5 * minute,
  min: second,
  max: day,
  meaning: "the length of a window; windows are aligned to 1970-01-01T00:00:00Z",
  isFixed: true,
};

const dedupeRetention: DurationDefinition = {
  kind: "duration",
  default: 7 * day,
  min: second,
  max: 730 * day,
  meaning: "how long an id is known at least, by the wall clock, from when its event was taken in",
};

const enrichmentWait: DurationDefinition = {
  kind: "duration",
  default: 10 * minute,
  min: 0,
  max: 7 * day,
  meaning: "how long after its time an event waits for its content, before it is final without",
};

const includeSnapshot: FlagDefinition = {
  kind: "flag",
  default: false,
  meaning: "whether rows that a snapshot of the table has read count as events, beside those that were inserted since",
};

/** For pipelines whose records have an event time. */
const timed: Record<"maxFutureSkew" | "idleTimeout", DurationDefinition> = {
  maxFutureSkew: {
    kind: "duration",
    default: 5 * minute,
    min: 0,
    max: 365 * day,
    meaning: "how far ahead of the clock an event time may lie; what is further ahead is rejected",
  },
  idleTimeout: {
    kind: "duration",
    default: 10 * minute,
    min: second,
    max: 7 * day,
    meaning:
      "after how long without a record, and with none left to read, a source partition no longer holds the watermark back; no effect yet",
  },
};

const stateBytesMax = (meaning: string): BytesDefinition => ({
  kind: "bytes",
  default: 256 * 1_024,
  min: 1_024,
  max: 320 * 1_024,
  meaning: `${meaning}. DynamoDB takes items up to 400 KB`,
});

/** For pipelines that keep a state per key. */
const keyed: { stateBytesMax: BytesDefinition; stateRetention: DurationDefinition } = {
  stateBytesMax: stateBytesMax("the largest state of a key; a record that would make it larger is rejected"),
  stateRetention: {
    kind: "duration",
    default: 14 * day,
    min: day,
    max: 730 * day,
    meaning:
      "how long the state of a key outlives its last write, on AWS; longer than its topics keep their records, which Kafka does for 7d by default",
  },
};

/** For pipelines whose records are results, each id once. */
const facts = { stateBytesMax: stateBytesMax("the longest value of a record that is kept; a longer one is rejected") };

const sinksOfAll: readonly Sink[] = ["s3", "http", "kafka"];

interface DeploymentDefinitions {
  readonly partitions: CountDefinition<undefined>;
  readonly sinks: SinksDefinition;
  readonly outputTopic: TopicDefinition;
}

/** What every deployment of a pipeline decides for itself. */
function deployed(
  pipeline: PipelineName,
  sinks: readonly Sink[],
  outputTopic: string,
  known = sinksOfAll,
): DeploymentDefinitions {
  const topics = sourceTopics[pipeline].map((topic) => `\`${topic}\``).join(" and ");
  return {
    partitions: {
      kind: "count",
      default: undefined,
      min: 1,
      max: 10_000,
      meaning: `the number of partitions of ${topics}`,
      isFixed: true,
      needed: `give the number of partitions of ${sourceTopics[pipeline].join(" and ")}`,
    },
    sinks: { kind: "sinks", default: sinks, known, meaning: "where results go" },
    outputTopic: {
      kind: "topic",
      default: outputTopic,
      meaning: "the Kafka topic that takes the results where `kafka` is one of the sinks",
    },
  };
}

/** The settings of each pipeline. */
export const settingDefinitions = {
  attribution: {
    attributionWindow: attributionWindow(30 * minute, "a page view"),
    allowedLateness: allowedLateness(2 * minute),
    finalInterval,
    ...timed,
    ...keyed,
    ...deployed("attribution", ["s3", "http"], "attributed-page-views"),
  },
  conversions: {
    attributionWindow: attributionWindow(24 * hour, "a conversion"),
    allowedLateness: allowedLateness(5 * minute),
    finalInterval,
    ...timed,
    ...keyed,
    ...deployed("conversions", ["s3", "kafka"], "attributed-events"),
  },
  dedupe: {
    allowedLateness: allowedLateness(5 * minute),
    dedupeRetention,
    ...timed,
    ...facts,
    ...deployed("dedupe", ["s3", "kafka"], "processed-events"),
  },
  windows: {
    windowSize,
    allowedLateness: allowedLateness(10 * minute),
    ...timed,
    ...keyed,
    ...deployed("windows", ["s3", "kafka"], "mode-b-aggregates"),
  },
  engagement: {
    allowedLateness: allowedLateness(5 * minute),
    enrichmentWait,
    includeSnapshot,
    finalInterval,
    ...timed,
    ...facts,
    ...deployed("engagement", ["s3", "http", "views"], "events-enriched", [...sinksOfAll, "views", ...databaseSinks]),
  },
  purchases: {
    ...facts,
    ...deployed("purchases", ["s3", "views"], "processed-purchases", [...sinksOfAll, "views"]),
  },
} as const satisfies Readonly<Record<PipelineName, Definitions>>;
