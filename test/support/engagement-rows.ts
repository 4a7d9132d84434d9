import { NumberText } from "./oracle/oracle-json.ts";

export type Fields = Readonly<Record<string, unknown>>;

/** What there is to choose in a row. */
export interface RowChoices {
  /** 0 to 3. */
  readonly content: number;
  readonly choice: number;
}

const contentIds = ["1", "2", "9007199254740993", "9223372036854775807"];
const users = ["user_1", "～😀", 7, new NumberText("9007199254740993"), 'a|b, "c"'];
const eventTypes = ["play", "pause", "finish", "click", ""];
const devices = ["ios", null, undefined, "web-chrome", ""];
/** With 1 s, 1,005 ms and 145 ms are what a float rounds to the wrong side; with 300 s, 1,500 ms are in the middle. */
const durations = [7_000, 1_500, 1_499, 0, null, undefined, 1_005, 145, 15_000, -1_500, -1_499, 2_147_483_647];
const lengths = [300, 1, 120, 0, null, undefined, 7, -300, 2_147_483_647];
/** A column that nobody reads, and that looks like much. */
const rawPayloads = [undefined, null, '{"op":"d","after":null,"payload":{"op":"c"}}', "{"];

/** Of the record at this place in the input, and of no other one. */
export function eventId({ choice }: RowChoices, place: number): unknown {
  return new NumberText(String(choice % 4 === 0 ? 9_007_199_254_740_990n + BigInt(place) : place + 1));
}

/** A row of `engagement_events`, and what its columns' types are called. */
export function eventRow({ content, choice }: RowChoices, id: unknown, time: number) {
  const [event_ts, type] = timeForms[choice % timeForms.length]?.(time) ?? [];
  const row = {
    id,
    content_id: contentIdOf(content),
    user_id: pick(users, choice),
    event_type: pick(eventTypes, Math.floor(choice / 2)),
    event_ts,
    duration_ms: pick(durations, Math.floor(choice / 3)),
    device: pick(devices, Math.floor(choice / 5)),
    raw_payload: pick(rawPayloads, Math.floor(choice / 7)),
  };
  return { row, types: { event_ts: type } };
}

/** A row of `content`: its type tells the place of its record in the input. */
export function contentRow({ content, choice }: RowChoices, place: number): Fields {
  const content_type = choice % 17 === 0 ? "" : `type ${place}`;
  return { content_id: contentIdOf(content), content_type, length_seconds: pick(lengths, choice) };
}

function contentIdOf(content: number): NumberText {
  return new NumberText(contentIds[content] ?? "1");
}

function pick(values: readonly unknown[], choice: number): unknown {
  return values[choice % values.length];
}

const minute = 60_000;
const inText = (time: number) => new Date(time).toISOString().slice(0, -1);

/** One and the same time in one of the ways to write it, and what a schema calls the type of its column. */
const timeForms: readonly ((time: number) => readonly [value: unknown, type: string | undefined])[] = [
  (time) => [`${inText(time)}Z`, "io.debezium.time.ZonedTimestamp"],
  (time) => [`${inText(time)}999Z`, "io.debezium.time.ZonedTimestamp"],
  (time) => [`${inText(time + 345 * minute)}+05:45`, "io.debezium.time.ZonedTimestamp"],
  (time) => [`${inText(time - 210 * minute)}999999-03:30`, undefined],
  (time) => [inText(time), undefined],
  (time) => [time, undefined],
  (time) => [time, "io.debezium.time.Timestamp"],
  (time) => [time, "org.apache.kafka.connect.data.Timestamp"],
  (time) => [new NumberText(`${time}999`), undefined],
  (time) => [new NumberText(`${time}000`), "io.debezium.time.MicroTimestamp"],
  (time) => [new NumberText(`${time}999`), "io.debezium.time.MicroTimestamp"],
];

export const wrappings = ["bare", "schema", "null for a schema"] as const;

/** An envelope in the wrapper that a converter puts around it, or in none. */
export function wrapped(wrapping: (typeof wrappings)[number], payload: Fields, types: Fields): Fields {
  if (wrapping === "bare") return payload;
  return { schema: wrapping === "schema" ? schemaOf(types) : null, payload };
}

function schemaOf(types: Fields): Fields {
  const columns = Object.entries(types).map(([field, name]) => ({ type: "any", optional: true, name, field }));
  const rows = ["before", "after"].map((field) => ({
    ...{ type: "struct", optional: true, name: "dbserver1.Value", field },
    fields: [{ type: "int64", optional: false, field: "content_id" }, ...columns],
  }));
  return { type: "struct", name: "dbserver1.Envelope", fields: [...rows, { type: "string", field: "op" }] };
}

/** JSON in which a `NumberText` stands as it is, and what is undefined not at all. */
export function jsonText(value: unknown): string {
  if (value instanceof NumberText) return value.text;
  if (Array.isArray(value)) return `[${value.map(jsonText).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}: ${jsonText(member)}`).join(", ")}}`;
}

/** Each spoils a record, whatever it was. */
export const spoiltTexts: readonly ((payload: string) => string)[] = [
  (payload) => payload.slice(0, -1),
  (payload) => `[${payload}]`,
  () => "null",
  () => "",
  () => '"c"',
  () => "{}",
  () => '{"op":null,"before":null,"after":{}}',
  () => '{"op":"c","before":{"id":1,"content_id":1},"after":null}',
  () => '{"schema":null,"payload":[]}',
];

const beyondInt64 = [new NumberText("9223372036854775808"), new NumberText("-9223372036854775809")];
const noIds = [undefined, null, "", "e1", 1.5, true, [], {}, "\ud83d", ...beyondInt64];
const noUsers = [undefined, null, "", 1.5, true, [], {}, "\ud83d"];
const noTexts = [7, true, [], {}];
const noIntegers = [1.5, "much", "", true, [], {}, new NumberText("1e400")];
const noTimes = [
  ...[undefined, null, "", -1, 1.5, true, [], {}, "2024-01-01", "2024-01-01 12:00:00", "2023-02-29T12:00:00Z"],
  ...["2024-01-01T24:00:00Z", "1969-12-31T23:59:59Z", "10000-01-01T00:00:00Z", "1704110400000"],
  ...[new NumberText("253402300800000000000")],
];

/** Each spoils a row of `engagement_events`. */
export const eventFaults: readonly Fields[] = [
  ...["id", "content_id"].flatMap((name) => faultsOf(name, noIds)),
  ...faultsOf("user_id", noUsers),
  ...faultsOf("event_type", [undefined, null, ...noTexts]),
  ...faultsOf("event_ts", noTimes),
  ...faultsOf("duration_ms", noIntegers),
  ...faultsOf("device", noTexts),
];

/** Each spoils a row of `content`. */
export const contentFaults: readonly Fields[] = [
  ...faultsOf("content_id", noIds),
  ...faultsOf("content_type", noTexts),
  ...faultsOf("length_seconds", noIntegers),
];

function faultsOf(name: string, values: readonly unknown[]): Fields[] {
  return values.map((value) => ({ [name]: value }));
}
