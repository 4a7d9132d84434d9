import fc from "fast-check";
import type { RecordLine } from "../../localstack/record-file/record-line.ts";

/** One record to be, small enough to collide with others in all that matters. */
interface Move {
  readonly topic: "ad_clicks" | "page_views";
  readonly user: number;
  /** Whether it goes astray, into the partition that isn't its user's. */
  readonly isAstray: boolean;
  /** Behind its arrival, in half minutes, and then a millisecond more or less. */
  readonly behind: number;
  readonly jitter: number;
  readonly name: string;
  readonly kind: "plain" | "again" | "again at another time" | "tombstone" | "malformed" | "ahead";
  /** Which of the earlier ones, or which fault. */
  readonly pick: number;
}

const base = Date.parse("2024-01-01T12:00:00Z");
const halfMinute = 30_000;

const move: fc.Arbitrary<Move> = fc.record({
  topic: fc.constantFrom("ad_clicks", "page_views"),
  user: fc.nat(2),
  isAstray: fc.nat(9).map((n) => n === 0),
  behind: fc.nat(10),
  jitter: fc.constantFrom(0, 0, 0, -1, 1),
  name: fc.constantFrom("a", "b", "～", "😀"),
  kind: fc.oneof(
    { weight: 14, arbitrary: fc.constant("plain" as const) },
    { weight: 3, arbitrary: fc.constant("again" as const) },
    { weight: 1, arbitrary: fc.constantFrom("again at another time", "tombstone", "malformed", "ahead") },
  ),
  pick: fc.nat(99),
});

/** Input of up to `max` records: few users in two partitions, times that collide, all that can be wrong with a record. */
export function smallTraffic(max: number, maxFutureSkew: number): fc.Arbitrary<RecordLine[]> {
  return fc.array(move, { maxLength: max, size: "max" }).map((moves) => linesOf(moves, maxFutureSkew));
}

function linesOf(moves: readonly Move[], maxFutureSkew: number): RecordLine[] {
  const offsets = new Map<string, number>();
  const sent: RecordLine[] = [];
  return moves.map((made, i) => {
    const ts = base + Math.floor(i / 2) * halfMinute;
    const user = `user_${made.user}`;
    const line = { topic: made.topic, partition: (made.user + Number(made.isAstray)) % 2, key: user, ts };
    const time = made.kind === "ahead" ? ts + maxFutureSkew + made.jitter : ts - made.behind * halfMinute + made.jitter;
    const content = contentOf(
      made,
      { ...line, payload: plainPayload(made.topic, `${made.name}${i}`, user, time) },
      time,
      sent,
    );
    const source = `${content.topic}-${content.partition}`;
    const offset = offsets.get(source) ?? 0;
    offsets.set(source, offset + 1);
    const placed: RecordLine = { ...content, ts, offset, tstype: "create" };
    if (made.kind === "plain") sent.push(placed);
    return placed;
  });
}

type Content = Omit<RecordLine, "offset" | "tstype">;

function contentOf({ kind, pick }: Move, plain: Content, time: number, sent: readonly RecordLine[]): Content {
  const earlier = sent[pick % Math.max(sent.length, 1)];
  if (kind === "again") return earlier ?? plain;
  if (kind === "again at another time") return earlier ? { ...earlier, payload: atTime(earlier.payload, time) } : plain;
  if (kind === "tombstone") return { ...plain, payload: null };
  if (kind === "malformed") return { ...plain, payload: faults[pick % faults.length]?.(plain.payload ?? "") ?? null };
  return plain;
}

function plainPayload(topic: Move["topic"], id: string, user: string, time: number): string {
  const event_time = new Date(time).toISOString();
  return JSON.stringify(
    topic === "ad_clicks"
      ? { click_id: id, user_id: user, campaign_id: `campaign of ${id}`, event_time }
      : { event_id: id, user_id: user, url: null, event_time },
  );
}

function atTime(payload: string | null, time: number): string {
  return JSON.stringify({ ...(JSON.parse(payload ?? "{}") as object), event_time: time });
}

/** All of them malformed, whatever the topic. */
const faults: readonly ((payload: string) => string)[] = [
  (payload) => payload.slice(0, -1),
  (payload) => `[${payload}]`,
  () => "null",
  () => "",
  ...[{ user_id: undefined }, { user_id: "" }, { user_id: 1.5 }, { event_time: "2023-02-29T12:00:00Z" }].map(spoilt),
  ...[{ event_time: "2024-01-01 12:00:00" }, { event_time: "2024-01-01T24:00:00Z" }, { event_time: -1 }].map(spoilt),
  ...[{ event_time: 1.5 }, { event_time: null }, { event_time: "1969-12-31T23:59:59Z" }].map(spoilt),
  ...[
    { url: 7, campaign_id: true },
    { click_id: [], event_id: {} },
  ].map(spoilt),
];

function spoilt(fields: object): (payload: string) => string {
  return (payload) => JSON.stringify({ ...(JSON.parse(payload) as object), ...fields });
}
