import fc from "fast-check";
import type { RecordLine } from "../../localstack/record-file/record-line.ts";
import { NumberText } from "../support/oracle/oracle-json.ts";

export const second = 1_000;
export const minute = 60 * second;
const halfMinute = 30 * second;
const base = Date.parse("2024-01-01T12:00:00Z");

/** One record to be, small enough to collide with others in all that matters. */
export interface Move {
  readonly kind: "plain" | "again" | "again, changed" | "tombstone" | "malformed" | "ahead";
  readonly user: number;
  /** Whether it goes into another partition than its user's. */
  readonly isAstray: boolean;
  /** Behind its arrival, in half minutes, and then a millisecond more or less. */
  readonly behind: number;
  readonly jitter: number;
  /** For whatever else there is to choose. */
  readonly choice: number;
  /** The same for all of an input: from where `idAlike` takes its ids. */
  readonly palette: number;
  /** Which of the earlier ones, or which fault. */
  readonly pick: number;
}

export type Fields = Readonly<Record<string, unknown>>;

/** What the records of a pipeline look like. */
export interface InputShape {
  readonly topic: string;
  /** `place`: how many come before it in the input. */
  fields(move: Move, place: number, time: unknown): Fields;
  /** Each spoils a record, unless it is of a type that nobody reads. */
  readonly faults: readonly Fields[];
  /** What of an earlier record's fields stays when it comes again with other contents. */
  readonly identity: readonly string[];
  /** Whether a record that comes again may go into another partition than before. */
  readonly wanders: boolean;
}

const move: fc.Arbitrary<Omit<Move, "palette">> = fc.record({
  kind: fc.oneof(
    { weight: 14, arbitrary: fc.constant("plain" as const) },
    { weight: 3, arbitrary: fc.constantFrom("again", "again, changed") },
    { weight: 3, arbitrary: fc.constantFrom("malformed", "malformed", "malformed", "ahead", "tombstone") },
  ),
  user: fc.nat(2),
  isAstray: fc.nat(5).map((n) => n === 0),
  behind: fc.nat(8),
  jitter: fc.constantFrom(0, 0, 0, -1, 1),
  choice: fc.nat(999),
  pick: fc.nat(999),
});

/** Input of up to 60 records: few users in few partitions, times that collide, all that can be wrong with a record. */
export function smallInput(shape: InputShape, partitions: number, maxFutureSkew: number): fc.Arbitrary<RecordLine[]> {
  return fc.tuple(fc.nat(alike.length - 1), fc.array(move, { maxLength: 60, size: "max" })).map(([palette, moves]) => {
    const made = moves.map((move) => ({ ...move, palette }));
    return linesOf(shape, made, partitions, maxFutureSkew);
  });
}

interface Sent {
  readonly fields: Fields;
  readonly partition: number;
}

function linesOf(shape: InputShape, moves: readonly Move[], partitions: number, maxFutureSkew: number): RecordLine[] {
  const offsets = new Map<number, number>();
  const sent: Sent[] = [];
  return moves.map((made, place) => {
    const ts = base + Math.floor(place / 2) * halfMinute;
    const time = made.kind === "ahead" ? ts + maxFutureSkew + made.jitter : ts - made.behind * halfMinute + made.jitter;
    const partition = (made.user + Number(made.isAstray)) % partitions;
    const fresh = { fields: shape.fields(made, place, timeForm(time, made.choice)), partition };
    const content = contentOf(shape, made, fresh, sent);
    if (made.kind === "plain") sent.push(fresh);
    const offset = offsets.get(content.partition) ?? 0;
    offsets.set(content.partition, offset + 1);
    const payload = made.kind === "tombstone" ? null : jsonText(content.fields);
    return { topic: shape.topic, partition: content.partition, offset, tstype: "create", ts, key: null, payload };
  });
}

function contentOf(shape: InputShape, { kind, pick }: Move, fresh: Sent, sent: readonly Sent[]): Sent {
  const earlier = sent[pick % Math.max(sent.length, 1)] ?? fresh;
  const partition = shape.wanders ? fresh.partition : earlier.partition;
  if (kind === "again") return { fields: earlier.fields, partition };
  if (kind === "malformed")
    return { ...fresh, fields: { ...fresh.fields, ...shape.faults[pick % shape.faults.length] } };
  if (kind !== "again, changed") return fresh;
  const kept = Object.fromEntries(shape.identity.map((name) => [name, earlier.fields[name]]));
  return { fields: { ...fresh.fields, ...kept }, partition };
}

/** One and the same time in one of the ways to write it. */
function timeForm(time: number, choice: number): unknown {
  const text = new Date(time).toISOString();
  const inZone = new Date(time + 345 * minute).toISOString().slice(0, -1);
  return [text, time, text.slice(0, -1), `${text.slice(0, -1)}999Z`, `${inZone}+05:45`][choice % 5];
}

/** JSON in which a `NumberText` stands as it is, and what is undefined not at all. */
function jsonText(fields: Fields): string {
  const members = Object.entries(fields).filter(([, value]) => value !== undefined);
  const written = members.map(([name, value]) => {
    return `${JSON.stringify(name)}: ${value instanceof NumberText ? value.text : JSON.stringify(value)}`;
  });
  return `{${written.join(", ")}}`;
}

const uuid = "0f8fad5b-d9cb-469f-a165-70867728950e";

/** Ids that are not the same, however alike those of a line look; but the first two are. */
const alike: readonly (readonly unknown[])[] = [
  [new NumberText("7"), "7", "07", "7 ", "-7"],
  [uuid, uuid.toUpperCase(), `${uuid.slice(0, -1)}f`, uuid.replaceAll("-", ""), `{${uuid}}`],
  [uuid, uuid.replace("0f8f", "0f8e"), uuid.replace("d9cb", "d9cc"), uuid.replace("7086", "7087")],
  [new NumberText("9007199254740993"), new NumberText("9007199254740992"), "9007199254740992.0"],
  ["a,b", "a~1b", "a", "b", "a,b,"],
  ["a~", "a~0", "a|", "a |", '"a"'],
  ["é", "e\u0301", "É", "～", "😀"],
  ["\u0000", " ", "\n", "\\", "__proto__", "x".repeat(300)],
];

export function idAlike({ palette, choice }: Move): unknown {
  const line = alike[palette % alike.length] ?? [];
  return line[choice % line.length];
}

const amounts: readonly unknown[] = [
  ...[0, 1, 5, 0.1, 0.2, "0.30", "-0.1", -5, 19.99, "100.00", new NumberText("1.50"), new NumberText("2.000000")],
  ...[new NumberText("1e2"), new NumberText("25E-1"), new NumberText("-0"), "0.000001", "-999999999999.999999"],
  ...["999999999999.999999", "999999999999999999", new NumberText("123456789012345678")],
];

export function amount(choice: number): unknown {
  return amounts[choice % amounts.length];
}

/** Nothing that holds an id may have these values. */
export const noIds: readonly unknown[] = [undefined, null, "", 1.5, true, [], {}, "\ud83d", new NumberText("1e3")];

/** Nothing that holds an event time may have these values. */
export const noTimes: readonly unknown[] = [
  ...[undefined, null, "", -1, 1.5, true, "2024-01-01", "2024-01-01 12:00:00", "2023-02-29T12:00:00Z"],
  ...["2024-01-01T24:00:00Z", "1969-12-31T23:59:59Z", "10000-01-01T00:00:00Z", "1704110400000"],
];

/** Nothing that holds an amount may have these values. */
export const noAmounts: readonly unknown[] = [
  ...["", "much", "1,5", "0x10", true, [], new NumberText("0.1234567"), "1234567890123456789", "1e18", " 1"],
];

/** A fault for each of the values that a field may not have. */
export function faultsOf(name: string, values: readonly unknown[]): Fields[] {
  return values.map((value) => ({ [name]: value }));
}
