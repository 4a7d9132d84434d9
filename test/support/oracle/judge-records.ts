import { objectIn } from "./oracle-json.ts";

/** A line of a record file, as the oracles need it. */
export interface OracleLine {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly ts: number;
  readonly payload: string | null;
}

export interface Fate {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly fate: "accepted" | "duplicate" | "ignored" | "rejected";
  readonly reason: "malformed" | "late" | "future" | null;
  /** As it stood just before the record. */
  readonly watermark: number | null;
}

/** Of a topic, as summary.json gives them. */
export interface OracleCounts {
  read: number;
  accepted: number;
  duplicate: number;
  ignored: number;
  rejected: { malformed: number; late: number; future: number; oversized: number };
}

export interface Answer<Row> {
  readonly fates: readonly Fate[];
  readonly rows: readonly Row[];
  readonly counts: Readonly<Record<string, OracleCounts>>;
}

/** What a pipeline reads in a record. The time is null where its records have none. */
export interface OracleEvent {
  readonly time: number | null;
}

/** An event that counts, and what the world knew when it came. */
export type Accepted<E extends OracleEvent> = E & {
  readonly record: OracleLine;
  /** How many records were judged up to this one. */
  readonly place: number;
  readonly watermark: number | null;
};

/** The highest event time that came in from a topic's partition, `undefined` where none did. */
export type HighestTime = (topic: string, partition: number) => number | undefined;

/** How a pipeline judges its records. */
export interface Rules<E extends OracleEvent> {
  readonly topics: readonly string[];
  /** What a record's object holds: `undefined` where it is malformed. */
  read(fields: Readonly<Record<string, unknown>>, record: OracleLine): E | "ignored" | undefined;
  /** Records with the same identity are the same. */
  identity(event: E, record: OracleLine): string;
  /** For a record of this partition. */
  watermark(highest: HighestTime, partition: number): number | null;
  isLate(event: E, watermark: number): boolean;
  /** Whether an identity is known for ever: otherwise it is until its record would be late. */
  readonly remembersForEver: boolean;
  readonly maxFutureSkew: number;
}

export interface Judged<E extends OracleEvent> {
  readonly fates: readonly Fate[];
  /** In the order in which they came. */
  readonly accepted: readonly Accepted<E>[];
  readonly counts: Readonly<Record<string, OracleCounts>>;
}

/** Judges records one by one, in the order of their file. Keeps everything: it knows nothing of batches, state or pruning. */
export function judgeRecords<E extends OracleEvent>(lines: Iterable<OracleLine | string>, rules: Rules<E>): Judged<E> {
  const fates: Fate[] = [];
  const accepted: Accepted<E>[] = [];
  const byIdentity = new Map<string, Accepted<E>[]>();
  const seen = new Set<string>();
  const highest = new Map<string, number>();
  const highestTime: HighestTime = (topic, partition) => highest.get(`${topic} ${partition}`);
  for (const line of lines) {
    const record = lineIn(line);
    const { topic, partition, offset } = record;
    const position = `${topic} ${partition} ${offset}`;
    if (seen.has(position)) continue;
    seen.add(position);
    const watermark = rules.watermark(highestTime, partition);
    const event = readEvent(record, rules);
    const same = typeof event === "object" ? listOf(byIdentity, rules.identity(event, record)) : [];
    const [fate, reason] = fateOf(record, event, watermark, same, rules);
    fates.push({ topic, partition, offset, fate, reason, watermark });
    if (typeof event !== "object" || fate === "rejected") continue;
    if (event.time !== null) {
      const source = `${topic} ${partition}`;
      highest.set(source, Math.max(highest.get(source) ?? event.time, event.time));
    }
    if (fate === "duplicate") continue;
    const counting = { ...event, record, place: fates.length, watermark };
    accepted.push(counting);
    same.push(counting);
  }
  return { fates, accepted, counts: countsOf(fates, rules.topics) };
}

function lineIn(line: OracleLine | string): OracleLine {
  const record = typeof line === "string" ? (JSON.parse(line) as OracleLine) : line;
  const { partition, offset, ts, payload } = record;
  const isWhole = [partition, offset, ts].every(Number.isSafeInteger);
  if (isWhole && (payload === null || typeof payload === "string")) return record;
  throw new Error(`A record needs partition, offset and ts, and a payload that is text: ${JSON.stringify(record)}`);
}

function readEvent<E extends OracleEvent>(record: OracleLine, rules: Rules<E>): E | "ignored" | "malformed" {
  if (record.payload === null || !rules.topics.includes(record.topic)) return "ignored";
  const fields = objectIn(record.payload);
  return (fields && rules.read(fields, record)) ?? "malformed";
}

function fateOf<E extends OracleEvent>(
  record: OracleLine,
  event: E | "ignored" | "malformed",
  watermark: number | null,
  same: readonly E[],
  rules: Rules<E>,
): [Fate["fate"], Fate["reason"]] {
  if (event === "ignored") return ["ignored", null];
  if (event === "malformed") return ["rejected", "malformed"];
  if (event.time !== null && event.time > record.ts + rules.maxFutureSkew) return ["rejected", "future"];
  const isLate = (of: E) => watermark !== null && rules.isLate(of, watermark);
  if (rules.remembersForEver && same.length > 0) return ["duplicate", null];
  if (isLate(event)) return ["rejected", "late"];
  return [same.some((earlier) => !isLate(earlier)) ? "duplicate" : "accepted", null];
}

/** Of the partition alone: the least of its topics' highest times, less the lateness, once all of them have one. */
export function watermarkOfPartition(
  topics: readonly string[],
  allowedLateness: number,
): Rules<OracleEvent>["watermark"] {
  return (highest, partition) => {
    return leastWatermark(
      topics.map((topic) => highest(topic, partition)),
      allowedLateness,
    );
  };
}

/** Of a whole topic: the least of its partitions' highest times, less the lateness, once all of them have one. */
export function watermarkOfTopic(
  topic: string,
  partitions: number,
  allowedLateness: number,
): Rules<OracleEvent>["watermark"] {
  const all = Array.from({ length: partitions }, (_, partition) => partition);
  return (highest) => {
    return leastWatermark(
      all.map((partition) => highest(topic, partition)),
      allowedLateness,
    );
  };
}

function leastWatermark(times: readonly (number | undefined)[], allowedLateness: number): number | null {
  return times.includes(undefined) ? null : Math.min(...(times as number[])) - allowedLateness;
}

export function listOf<T>(lists: Map<string, T[]>, name: string): T[] {
  const list = lists.get(name) ?? [];
  lists.set(name, list);
  return list;
}

/** By code point, which is also the order of UTF-8 bytes. */
export function byCodePoint(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function countsOf(fates: readonly Fate[], topics: readonly string[]): Record<string, OracleCounts> {
  const counts: Record<string, OracleCounts> = {};
  for (const topic of new Set([...topics, ...fates.map((fate) => fate.topic)])) {
    counts[topic] = {
      read: 0,
      accepted: 0,
      duplicate: 0,
      ignored: 0,
      rejected: { malformed: 0, late: 0, future: 0, oversized: 0 },
    };
  }
  for (const { topic, fate, reason } of fates) {
    const ofTopic = counts[topic] as OracleCounts;
    ofTopic.read++;
    if (fate === "rejected") ofTopic.rejected[reason ?? "malformed"]++;
    else ofTopic[fate]++;
  }
  return counts;
}
