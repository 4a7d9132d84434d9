import fc from "fast-check";
import type { RecordLine } from "../../localstack/record-file/record-line.ts";

/** One record to be, small enough to collide with others in all that matters. */
interface Move {
  readonly type: "click" | "conversion";
  readonly user: number;
  /** Whether it goes astray, into the partition that isn't its user's. */
  readonly isAstray: boolean;
  readonly campaign: string;
  /** Behind its arrival, in half minutes, and then a millisecond more or less. */
  readonly behind: number;
  readonly jitter: number;
  readonly name: string;
  readonly value: string;
  readonly kind: "plain" | "again" | "again otherwise" | "tombstone" | "ignored" | "malformed" | "ahead";
  /** Which of the earlier ones, or which fault. */
  readonly pick: number;
}

const base = Date.parse("2024-01-01T12:00:00Z");
const halfMinute = 30_000;

const move: fc.Arbitrary<Move> = fc.record({
  type: fc.constantFrom("click", "conversion"),
  user: fc.nat(2),
  isAstray: fc.nat(9).map((n) => n === 0),
  campaign: fc.constantFrom("shoes", "hats", "bags"),
  behind: fc.nat(14),
  jitter: fc.constantFrom(0, 0, 0, -1, 1),
  name: fc.constantFrom("a", "b", "～", "😀"),
  value: fc.constantFrom("0", "99.99", "50.00", '"0.1"', "1e2", "123456789012.345678", "-7", "999999999999999999"),
  kind: fc.oneof(
    { weight: 16, arbitrary: fc.constant("plain" as const) },
    { weight: 3, arbitrary: fc.constant("again" as const) },
    { weight: 1, arbitrary: fc.constantFrom("again otherwise", "tombstone", "ignored", "malformed", "ahead") },
  ),
  pick: fc.nat(99),
});

/** Input of up to `max` records: few users and campaigns in two partitions, times that collide, all that can be wrong with a record. */
export function conversionTraffic(max: number, maxFutureSkew: number): fc.Arbitrary<RecordLine[]> {
  return fc.array(move, { maxLength: max, size: "max" }).map((moves) => linesOf(moves, maxFutureSkew));
}

function linesOf(moves: readonly Move[], maxFutureSkew: number): RecordLine[] {
  const offsets: number[] = [];
  const sent: Content[] = [];
  return moves.map((made, i) => {
    const ts = base + Math.floor(i / 2) * halfMinute;
    const time = made.kind === "ahead" ? ts + maxFutureSkew + made.jitter : ts - made.behind * halfMinute + made.jitter;
    const content = contentOf(made, plain(made, i, time), sent);
    if (made.kind === "plain") sent.push(content);
    const offset = offsets[content.partition] ?? 0;
    offsets[content.partition] = offset + 1;
    return { topic: "raw-events", ...content, ts, offset, tstype: "create" };
  });
}

type Content = Pick<RecordLine, "partition" | "key" | "payload">;

function plain({ type, user, isAstray, campaign, name, value }: Move, i: number, time: number): Content {
  const key = `user_${user}`;
  const fields = {
    ...{ event_type: type, event_id: `${name}${i}`, user_id: key, campaign_id: campaign, timestamp: time },
    ...(type === "click"
      ? { ad_id: `ad of ${name}${i}`, source: name, metadata: { value: "none", timestamp: 0 } }
      : { type: "purchase", value: 0, source: "shop" }),
  };
  const payload = JSON.stringify(fields).replace('"value":0', `"value":${value}`);
  return { partition: (user + Number(isAstray)) % 2, key, payload };
}

function contentOf({ kind, pick, campaign }: Move, fresh: Content, sent: readonly Content[]): Content {
  const earlier = sent[pick % Math.max(sent.length, 1)];
  if (kind === "again") return earlier ?? fresh;
  if (kind === "again otherwise") {
    const { timestamp } = JSON.parse(fresh.payload ?? "") as { timestamp: number };
    return earlier ? { ...earlier, payload: changed(earlier, { timestamp, campaign_id: campaign }) } : fresh;
  }
  if (kind === "tombstone") return { ...fresh, payload: null };
  if (kind === "ignored") return { ...fresh, payload: changed(fresh, { event_type: "impression", user_id: null }) };
  if (kind === "malformed") return { ...fresh, payload: changed(fresh, faults[pick % faults.length] ?? {}) };
  return fresh;
}

function changed({ payload }: Content, fields: object): string {
  return JSON.stringify({ ...(JSON.parse(payload ?? "{}") as object), ...fields });
}

/** All of them malformed, whatever the type. */
const faults = [
  ...[{ event_type: null }, { event_type: 1 }, { event_id: "" }, { event_id: 1.5 }, { user_id: null }],
  ...[{ campaign_id: true }, { source: 7 }, { source: null }, { timestamp: -1 }, { timestamp: "2023-02-29T12:00:00Z" }],
  ...[
    { ad_id: null, value: null },
    { ad_id: {}, value: "1,5" },
    { ad_id: [], value: 0.000_000_1 },
    { ad_id: "", type: 0 },
  ],
];
