import { type Answer, byCodePoint, judgeRecords, listOf, type OracleLine, watermarkOfTopic } from "./judge-records.ts";
import { decimalIn, decimalText } from "./oracle-decimal.ts";
import { idIn, optionalTextIn, timeIn } from "./oracle-json.ts";

export interface WindowsSettings {
  /** In milliseconds. */
  readonly allowedLateness: number;
  /** In milliseconds. */
  readonly windowSize: number;
  /** In milliseconds. */
  readonly maxFutureSkew: number;
  /** How many the topic has. */
  readonly partitions: number;
}

/** The amounts are exact, without zeros that say nothing. */
export interface WindowRow {
  readonly userId: string;
  readonly windowStart: number;
  readonly windowEnd: number;
  readonly eventCount: number;
  readonly totalAmount: string;
  readonly minAmount: string;
  readonly maxAmount: string;
  readonly final: true;
}

interface Event {
  readonly id: string;
  readonly user: string;
  readonly time: number;
  readonly windowStart: number;
  /** In millionths. */
  readonly amount: bigint;
}

const topic = "incoming-events";

/**
 * What the windows pipeline has to make of a record file, straight from the words of semantics.md. An id is one event within its user
 * and window, from whatever partition. The rows are in the order of their windows, then of their users.
 */
export function judgeWindows(lines: Iterable<OracleLine | string>, settings: WindowsSettings): Answer<WindowRow> {
  const { windowSize } = settings;
  const { fates, accepted, counts } = judgeRecords<Event>(lines, {
    topics: [topic],
    read: (fields) => readEvent(fields, windowSize),
    identity: ({ user, windowStart, id }) => JSON.stringify([user, windowStart, id]),
    watermark: watermarkOfTopic(topic, settings.partitions, settings.allowedLateness),
    isLate: ({ windowStart }, watermark) => windowStart + windowSize <= watermark,
    remembersForEver: false,
    maxFutureSkew: settings.maxFutureSkew,
  });
  const windows = new Map<string, Event[]>();
  for (const event of accepted) listOf(windows, `${event.windowStart} ${event.user}`).push(event);
  const rows = Array.from(windows.values(), (events) => rowOf(events as [Event, ...Event[]], windowSize)).sort(
    (a, b) => a.windowStart - b.windowStart || byCodePoint(a.userId, b.userId),
  );
  return { fates, rows, counts };
}

function readEvent(fields: Readonly<Record<string, unknown>>, windowSize: number): Event | undefined {
  const id = idIn(fields.eventId);
  const user = idIn(fields.userId);
  const time = timeIn(fields.eventTime);
  const amount = decimalIn(fields.amount ?? "0");
  const type = optionalTextIn(fields.eventType);
  if (id === undefined || user === undefined || time === undefined) return undefined;
  if (amount === undefined || type === undefined) return undefined;
  return { id, user, time, windowStart: Math.floor(time / windowSize) * windowSize, amount };
}

function rowOf(events: readonly [Event, ...Event[]], windowSize: number): WindowRow {
  const [{ user, windowStart }] = events;
  const amounts = events.map(({ amount }) => amount).sort((a, b) => Number(a - b));
  return {
    userId: user,
    windowStart,
    windowEnd: windowStart + windowSize,
    eventCount: events.length,
    totalAmount: decimalText(amounts.reduce((total, amount) => total + amount)),
    minAmount: decimalText(amounts[0] as bigint),
    maxAmount: decimalText(amounts.at(-1) as bigint),
    final: true,
  };
}
