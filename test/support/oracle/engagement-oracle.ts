import { type ContentViewsAnswer, viewsOf } from "./content-views-oracle.ts";
import {
  type Accepted,
  type Answer,
  type HighestTime,
  judgeRecords,
  listOf,
  type OracleLine,
  watermarkOfPartition,
} from "./judge-records.ts";
import {
  type Content,
  type ContentChange,
  type Engagement,
  readContentChange,
  readEngagement,
} from "./read-engagement.ts";

const events = "dbserver1.public.engagement_events";
const contents = "dbserver1.public.content";

export interface EngagementSettings {
  /** In milliseconds. */
  readonly allowedLateness: number;
  /** In milliseconds. */
  readonly enrichmentWait: number;
  /** In milliseconds. */
  readonly maxFutureSkew: number;
  /** Whether rows of a snapshot, `op: "r"`, are events. */
  readonly includeSnapshot: boolean;
  /** How many the topics have. */
  readonly partitions: number;
}

/** A number where a double holds it exactly, otherwise its digits. */
type Integer = number | string;

/** An event with its enrichment, in the order of the columns. */
export interface EnrichedRow {
  readonly event_id: Integer;
  readonly content_id: Integer;
  readonly user_id: string;
  readonly event_type: string;
  /** In milliseconds since 1970. */
  readonly event_ts: number;
  readonly duration_ms: Integer | null;
  readonly device: string | null;
  readonly content_type: string | null;
  readonly length_seconds: Integer | null;
  readonly engagement_seconds: number | null;
  readonly engagement_pct: number | null;
  /** 2 where the content came while the event waited for it. */
  readonly revision: 1 | 2;
}

/** The same in JSON: the time is text. */
export type EnrichedBody = Omit<EnrichedRow, "event_ts"> & { readonly event_ts: string };

export interface EngagementOutput {
  readonly id: string;
  readonly pipeline: "engagement";
  readonly entity: string;
  readonly revision: 1 | 2;
  readonly final: boolean;
  readonly body: EnrichedBody;
}

/** The rows, of which each event has one, are in the order of their times, then of their content, then of their ids. */
export interface EngagementAnswer extends Answer<EnrichedRow> {
  /** Every revision: event by event in the order in which they came. How those of different events mix is not said. */
  readonly outputs: readonly EngagementOutput[];
  readonly views: ContentViewsAnswer<EnrichedBody>;
  /** In milliseconds, by partition, after the last record. */
  readonly watermarks: Readonly<Record<string, number | null>>;
}

/** An event, and all that was ever said of it. */
interface Story {
  readonly event: Accepted<Engagement>;
  readonly rows: readonly [EnrichedRow, ...EnrichedRow[]];
  readonly isFinalAtOnce: boolean;
}

/**
 * What the engagement pipeline has to make of a record file, straight from the words of semantics.md. A record takes effect where it stands
 * in the file: an event knows of the changes before it, in the partition of the same number, and waits for those after it.
 */
export function judgeEngagement(lines: Iterable<OracleLine | string>, settings: EngagementSettings): EngagementAnswer {
  const watermarkOf = watermarkOfPartition([events], settings.allowedLateness);
  // What the judge asks goes on counting: after the last record it tells how all of it ends.
  let highestTime: HighestTime = () => undefined;
  const { fates, accepted, counts } = judgeRecords<Engagement | ContentChange>(lines, {
    topics: [events, contents],
    read: (fields, { topic }) =>
      topic === events ? readEngagement(fields, settings.includeSnapshot) : readContentChange(fields),
    identity: (read, { topic, partition, offset }) =>
      read.kind === "event" ? `event ${read.id}` : `${topic} ${partition} ${offset}`,
    watermark: (highest, partition) => {
      highestTime = highest;
      return watermarkOf(highest, partition);
    },
    isLate: () => false,
    remembersForEver: true,
    maxFutureSkew: settings.maxFutureSkew,
  });
  const stories = storiesOf(accepted, settings);
  const latest = stories.map(({ event, rows }) => ({ ...event, body: bodyOf(rows.at(-1) ?? rows[0]) }));
  const partitions = Array.from({ length: settings.partitions }, (_, partition) => partition);
  return {
    fates,
    rows: stories.toSorted(inRowOrder).map(({ rows }) => rows.at(-1) ?? rows[0]),
    counts,
    outputs: stories.flatMap(outputsOf),
    views: viewsOf(latest),
    watermarks: Object.fromEntries(partitions.map((partition) => [partition, watermarkOf(highestTime, partition)])),
  };
}

function storiesOf(accepted: readonly Accepted<Engagement | ContentChange>[], settings: EngagementSettings): Story[] {
  const changesOf = new Map<string, Accepted<ContentChange>[]>();
  const meeting = ({ record, contentId }: Accepted<Engagement | ContentChange>) => `${record.partition} ${contentId}`;
  for (const one of accepted) if (one.kind === "change") listOf(changesOf, meeting(one)).push(one);
  return accepted
    .filter((one): one is Accepted<Engagement> => one.kind === "event")
    .map((event) => storyOf(event, changesOf.get(meeting(event)) ?? [], settings.enrichmentWait));
}

/** `changes`: of the event's content, in its partition. */
function storyOf(
  event: Accepted<Engagement>,
  changes: readonly Accepted<ContentChange>[],
  enrichmentWait: number,
): Story {
  const known = changes.findLast(({ place }) => place < event.place)?.content ?? null;
  const isLate = event.watermark !== null && event.time < event.watermark;
  const first = rowOf(event, known, 1);
  if (known || isLate) return { event, rows: [first], isFinalAtOnce: true };
  const arrival = changes.find(({ place, content }) => place > event.place && content);
  const waitsTill = event.time + enrichmentWait;
  const isInTime = arrival && (arrival.watermark === null || waitsTill >= arrival.watermark);
  const rows: Story["rows"] = isInTime ? [first, rowOf(event, arrival.content, 2)] : [first];
  return { event, rows, isFinalAtOnce: false };
}

function rowOf(event: Engagement, content: Content | null, revision: 1 | 2): EnrichedRow {
  const { duration } = event;
  const length = content?.length ?? null;
  const isMeasured = duration !== null && length !== null && length !== 0n;
  return {
    event_id: asInteger(event.id),
    content_id: asInteger(event.contentId),
    user_id: event.user,
    event_type: event.type,
    event_ts: event.time,
    duration_ms: duration === null ? null : asInteger(duration),
    device: event.device,
    content_type: content?.type ?? null,
    length_seconds: length === null ? null : asInteger(length),
    engagement_seconds: isMeasured ? Number(`${duration}e-3`) : null,
    engagement_pct: isMeasured ? Number(`${roundedRatio(100n * duration, 1_000n * length)}e-2`) : null,
    revision,
  };
}

/** To the nearest whole number, from the middle away from zero. */
function roundedRatio(dividend: bigint, divisor: bigint): bigint {
  const [size, by] = [dividend, divisor].map((n) => (n < 0n ? -n : n)) as [bigint, bigint];
  const rounded = (2n * size + by) / (2n * by);
  return dividend < 0n === divisor < 0n ? rounded : -rounded;
}

function asInteger(whole: bigint): Integer {
  return Number.isSafeInteger(Number(whole)) ? Number(whole) : String(whole);
}

function bodyOf(row: EnrichedRow): EnrichedBody {
  return { ...row, event_ts: new Date(row.event_ts).toISOString().replace(".000Z", "Z") };
}

/** Having waited long enough is no revision: what is never told otherwise ends with a first one that isn't final. */
function outputsOf({ event, rows, isFinalAtOnce }: Story): EngagementOutput[] {
  return rows.map((row) => ({
    id: `engagement:${event.id}:${row.revision}`,
    pipeline: "engagement",
    entity: String(event.id),
    revision: row.revision,
    final: isFinalAtOnce || row.revision === 2,
    body: bodyOf(row),
  }));
}

function inRowOrder({ event: a }: Story, { event: b }: Story): number {
  return a.time - b.time || Number(a.contentId - b.contentId) || Number(a.id - b.id);
}
