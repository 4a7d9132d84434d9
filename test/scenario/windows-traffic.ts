import fc from "fast-check";
import type { RecordLine } from "../../localstack/record-file/record-line.ts";

/** One record to be, small enough to collide with others in all that matters. */
interface Move {
  readonly partition: number;
  readonly user: string | number;
  readonly id: string | number;
  /** As JSON text: a number keeps its digits. */
  readonly amount: string;
  readonly type: string;
  /** Behind its arrival, in half minutes, and then a millisecond more or less. */
  readonly behind: number;
  readonly jitter: number;
  readonly form: "text" | "number" | "zone";
  readonly kind: "plain" | "tombstone" | "malformed" | "ahead";
}

const base = Date.parse("2024-01-01T12:00:00Z");
const halfMinute = 30_000;
const uuid = "864fd26f-b559-f75b-0000-0000ffffffff";
const amounts = [
  ..."0 1 1.50 -2 0.1 0.2 1e2 -0.000001 999999999999999999 null true [] 0.0000001 1e18".split(" "),
  ...['"12.340000"', '"9999999999999.000000"', '"much"', '""'],
];

const move: fc.Arbitrary<Move> = fc.record({
  partition: fc.nat(2),
  user: fc.constantFrom<string | number>("u", "u|1", "😀", 7, "7"),
  id: fc.oneof(
    fc.constantFrom<string | number>("a", "a,b", "~1", 1, "1", uuid, uuid.toUpperCase()),
    fc.nat(99).map((n) => `e${n}`),
  ),
  amount: fc.oneof({ weight: 4, arbitrary: fc.constantFrom("1", "0.1", "-3.25") }, fc.constantFrom(...amounts)),
  type: fc.oneof({ weight: 9, arbitrary: fc.constant('"purchase"') }, fc.constantFrom("null", '""', "7", "{}")),
  behind: fc.nat(24),
  jitter: fc.constantFrom(0, 0, 0, -1, 1),
  form: fc.constantFrom("text", "number", "zone"),
  kind: fc.oneof(
    { weight: 14, arbitrary: fc.constant("plain" as const) },
    { weight: 1, arbitrary: fc.constantFrom("tombstone", "malformed", "ahead") },
  ),
});

/** Input of up to `max` records: few users in up to three partitions, ids and times that collide, all that can be wrong with a record. */
export function windowsTraffic(max: number, partitions: number, maxFutureSkew: number): fc.Arbitrary<RecordLine[]> {
  return fc.array(move, { maxLength: max, size: "max" }).map((moves) =>
    linesOf(
      moves.map((one) => ({ ...one, partition: one.partition % partitions })),
      maxFutureSkew,
    ),
  );
}

function linesOf(moves: readonly Move[], maxFutureSkew: number): RecordLine[] {
  const offsets = [0, 0, 0];
  return moves.map((made, i): RecordLine => {
    const ts = base + Math.floor(i / 2) * halfMinute;
    const time = made.kind === "ahead" ? ts + maxFutureSkew + made.jitter : ts - made.behind * halfMinute + made.jitter;
    const offset = offsets[made.partition] ?? 0;
    offsets[made.partition] = offset + 1;
    const payload =
      made.kind === "tombstone" ? null : made.kind === "malformed" ? '{"eventId":"x"}' : payloadOf(made, time);
    return { topic: "incoming-events", partition: made.partition, offset, ts, tstype: "create", key: null, payload };
  });
}

function payloadOf({ id, user, amount, type, form }: Move, time: number): string {
  const eventTime = form === "number" ? String(time) : JSON.stringify(timeText(time, form));
  const fields = [`"eventId":${JSON.stringify(id)}`, `"userId":${JSON.stringify(user)}`, `"eventType":${type}`];
  return `{${[...fields, `"amount":${amount}`, `"eventTime":${eventTime}`].join(",")}}`;
}

function timeText(time: number, form: Move["form"]): string {
  if (form === "text") return new Date(time).toISOString();
  return `${new Date(time + 90 * 60_000).toISOString().slice(0, -1)}+01:30`;
}
