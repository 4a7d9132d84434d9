import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type EngagementEvent, parseEvent } from "../../../../shared/pipelines/engagement/records.ts";
import { bytes, changeText, rowText, schemaText, verdictOf, wrappedText } from "./change-texts.ts";

/** Row 16 of the example: 7,000 ms of content 1. */
const row16 = {
  id: "16",
  content_id: "1",
  user_id: '"b7f0c1de-0000-4000-8000-000000000016"',
  event_type: '"play"',
  event_ts: '"2024-01-01T12:10:00.123456Z"',
  duration_ms: "7000",
  device: '"ios"',
  raw_payload: '"{\\"id\\": 17, \\"event_ts\\": 5}"',
};
const event16: Omit<EngagementEvent, "text"> = {
  id: "16",
  time: 1_704_111_000_123,
  contentId: "1",
  userId: "b7f0c1de-0000-4000-8000-000000000016",
  eventType: "play",
  durationMs: 7_000,
  device: "ios",
};

type Columns = Readonly<Record<string, string | undefined>>;

const parse = (text: string, includeSnapshot = false) => verdictOf(parseEvent(bytes(text), { includeSnapshot }));
const withColumns = (columns: Columns) => rowText({ ...row16, ...columns });

/** What is made of row 16 with these columns, without the text. */
function eventWith(columns: Columns, schema?: string): unknown {
  const change = changeText({ after: withColumns(columns) });
  const verdict = parse(schema === undefined ? change : wrappedText(change, schema));
  if (typeof verdict === "string") return verdict;
  const { text: _, ...event } = verdict;
  return event;
}

function fieldWith<K extends keyof EngagementEvent>(field: K, columns: Columns, schema?: string): unknown {
  const event = eventWith(columns, schema);
  return typeof event === "string" ? event : (event as EngagementEvent)[field];
}

describe("an engagement event", () => {
  it("is the row that was created, with a schema in front or without", () => {
    expect(eventWith({})).toEqual(event16);
    expect(eventWith({}, schemaText())).toEqual(event16);
  });

  it.each([
    ["c", false, true],
    ["c", true, true],
    ["r", true, true],
    ["r", false, false],
    ["u", true, false],
    ["d", true, false],
    ["t", true, false],
    ["m", true, false],
    ["x", true, false],
    ["C", true, false],
    ["", true, false],
  ])("of op %j with includeSnapshot %j counts: %j", (op, includeSnapshot, counts) => {
    const verdict = parse(changeText({ op: JSON.stringify(op), after: withColumns({}) }), includeSnapshot);
    expect(typeof verdict === "string" ? verdict : verdict.id).toBe(counts ? "16" : "ignored");
  });

  it("is ignored where it doesn't count, whatever is in its row", () => {
    expect([
      parse(changeText({ op: '"u"', after: "[]" })),
      parse(changeText({ op: '"r"', after: "{}" })),
      parse(changeText({ op: '"d"', before: '{"id":null}' })),
      parse(changeText({ op: '"t"' })),
      parse(wrappedText("null")),
    ]).toEqual(["ignored", "ignored", "ignored", "ignored", "ignored"]);
  });

  it.each([
    ["no after", changeText({}), "after is missing"],
    ["no field after", '{"op":"c"}', "after is missing"],
    ["an array for an after", changeText({ after: "[]" }), "after is not a JSON object"],
    ["an empty after", changeText({ after: "{}" }), "id is missing"],
    ["no op", changeText({ op: "null" }), "op (of a whole change event, as Debezium writes it) is missing"],
    ["columns by inheritance", changeText({ after: `{"__proto__":${withColumns({})}}` }), "id is missing"],
  ])("is malformed with %s", (_, text, message) => {
    expect(parse(text, true)).toBe(`malformed: ${message}`);
  });

  it("may lack its duration and device, and have columns that nobody asks for", () => {
    const bare = { ...event16, durationMs: null, device: null };
    expect(eventWith({ duration_ms: undefined, device: undefined, raw_payload: undefined })).toEqual(bare);
    expect(eventWith({ duration_ms: "null", device: "null", raw_payload: "null", more: "[{}]" })).toEqual(bare);
  });

  it.each(["id", "content_id", "user_id", "event_type", "event_ts"])("can't lack its %s", (column) => {
    const message = `malformed: ${column} is missing`;
    expect([eventWith({ [column]: "null" }), eventWith({ [column]: undefined })]).toEqual([message, message]);
  });

  it.each([
    ["event_type", "7", "event_type is not text: 7"],
    ["event_type", "{}", "event_type is not text: object"],
    ["device", "7", "device is not text: 7"],
    ["device", "[]", "device is not text: object"],
  ])("is malformed with %s %s", (column, value, message) => {
    expect(eventWith({ [column]: value })).toBe(`malformed: ${message}`);
  });
});

describe.each([
  ["id", "id"],
  ["content_id", "contentId"],
] as const)("the bigint %s", (column, field) => {
  it.each([
    ["0", "0"],
    ["-0", "0"],
    ["-5", "-5"],
    ["1.0", "1"],
    ["1e3", "1000"],
    ["9007199254740991", "9007199254740991"],
    ["9007199254740992", "9007199254740992"],
    ["9007199254740993", "9007199254740993"],
    ["-9007199254740993", "-9007199254740993"],
    ["9223372036854775807", "9223372036854775807"],
    ["-9223372036854775808", "-9223372036854775808"],
    ['"16"', "16"],
    ['"0"', "0"],
    ['"-16"', "-16"],
    ['"9223372036854775807"', "9223372036854775807"],
    ['"-9223372036854775808"', "-9223372036854775808"],
  ])("is read from %s as %s", (value, id) => {
    expect([fieldWith(field, { [column]: value }), fieldWith(field, { [column]: value }, schemaText())]).toEqual([
      id,
      id,
    ]);
  });

  it.each([
    ["9223372036854775808", "9223372036854775808"],
    ["-9223372036854775809", "-9223372036854775809"],
    ["18446744073709551616", "18446744073709551616"],
    ["9".repeat(200), `${"9".repeat(80)}...`],
    ["1e19", "1e19"],
    ["1e400", "1e400"],
    ["1.5", "1.5"],
    ["9007199254740993.0", "9007199254740993.0"],
    ["true", "boolean"],
  ])("is malformed as %s", (value, shown) => {
    const message = `malformed: ${column} is not an integer of 64 bits: ${shown}`;
    expect(eventWith({ [column]: value })).toBe(message);
  });

  it.each([
    ['"007"', "007"],
    ['"-0"', "-0"],
    ['"+1"', "+1"],
    ['"1e3"', "1e3"],
    ['"1.0"', "1.0"],
    ['""', ""],
    ['" 1"', " 1"],
    ['"1\\n"', "1 "],
    ['"0x1f"', "0x1f"],
    ['"١٢"', "١٢"],
    ['"9223372036854775808"', "9223372036854775808"],
    ['"12345678901234567890"', "12345678901234567890"],
    ['"G1g="', "G1g="],
    ['{"scale":0,"value":"G1g="}', "object"],
    ["[16]", "object"],
  ])("is malformed as %s, which may come of a column that isn't a bigint", (value, shown) => {
    expect(eventWith({ [column]: value })).toBe(
      `malformed: ${column} is not an integer of 64 bits: ${shown}; a numeric column is one only where Debezium's decimal.handling.mode is string`,
    );
  });

  it("is malformed as the bytes of a decimal, even if their base64 is nothing but digits", () => {
    const decimals = schemaText({ [column]: "org.apache.kafka.connect.data.Decimal" });
    expect(eventWith({ [column]: '"1234"' }, decimals)).toMatch(/: 1234; .*decimal\.handling\.mode/);
    expect(fieldWith(field, { [column]: '"1234"' }, schemaText())).toBe("1234");
  });
});

describe("the user's id", () => {
  it.each([
    ['"u"', "u"],
    ['"007"', "007"],
    ['" "', " "],
    ["7", "7"],
    ["-7", "-7"],
    ["9007199254740993", "9007199254740993"],
    ["9".repeat(40), "9".repeat(40)],
    [`"${"é".repeat(512)}"`, "é".repeat(512)],
  ])("is read from %s", (value, id) => {
    expect(fieldWith("userId", { user_id: value })).toBe(id);
  });

  it.each([
    ['""', "malformed: user_id is empty"],
    ['"\\ud800"', "malformed: user_id holds half of a surrogate pair"],
    ["1.5", "malformed: user_id is not text or an integer: 1.5"],
    ["1e30", "malformed: user_id is not text or an integer: 1e30"],
    ["false", "malformed: user_id is not text or an integer: boolean"],
    [`"${"é".repeat(513)}"`, "oversized: user_id of 1026 bytes is longer than 1024"],
    ["9".repeat(1_025), "oversized: user_id of 1025 bytes is longer than 1024"],
  ])("is not read from %s", (value, verdict) => {
    expect(eventWith({ user_id: value })).toBe(verdict);
  });
});

describe("the duration", () => {
  it.each([
    ["0", 0],
    ["-0", 0],
    ["-7000", -7_000],
    ["7000.0", 7_000],
    ["2147483647", 2_147_483_647],
    ["9007199254740991", 9_007_199_254_740_991],
    ["-9007199254740991", -9_007_199_254_740_991],
    ['"7000"', 7_000],
    ['"-7000"', -7_000],
  ])("is read from %s", (value, durationMs) => {
    expect(fieldWith("durationMs", { duration_ms: value })).toBe(durationMs);
  });

  it.each([
    ["7000.5", "7000.5"],
    ["9007199254740992", "9007199254740992"],
    ["-9007199254740992", "-9007199254740992"],
    ["1e400", "1e400"],
    ["true", "boolean"],
  ])("is not read from %s", (value, shown) => {
    const message = `duration_ms is not a whole number that a double holds exactly: ${shown}`;
    expect(eventWith({ duration_ms: value })).toBe(`malformed: ${message}`);
  });

  it.each(['""', '"7000.00"', '"G1g="', '"9007199254740993"', "[]", '{"scale":0,"value":"G1g="}'])(
    "is not read from %s, and what could mend it is said",
    (value) => {
      expect(eventWith({ duration_ms: value })).toMatch(
        /^malformed: duration_ms is not .*decimal\.handling\.mode is string$/,
      );
    },
  );
});

describe("the event time", () => {
  const lastMs = "253402300799999";
  const timeWith = (value: string, type?: string) => {
    const schema = type === undefined ? undefined : schemaText({ event_ts: type });
    return fieldWith("time", { event_ts: value }, schema);
  };
  const refusal = (shown: string) => `malformed: event_ts is no event time of the years 1970 to 9999: ${shown}`;

  it.each([
    ['"2024-01-01T12:10:00Z"', 1_704_111_000_000],
    ['"2024-01-01T12:10:00.123Z"', 1_704_111_000_123],
    ['"2024-01-01T12:10:00.123999Z"', 1_704_111_000_123],
    ['"2024-01-01T12:10:00.123999999Z"', 1_704_111_000_123],
    ['"2024-01-01T13:10:00+01:00"', 1_704_111_000_000],
    ['"2024-01-01T12:10:00"', 1_704_111_000_000],
    ["1704111000123", 1_704_111_000_123],
    ["0", 0],
    [lastMs, 253_402_300_799_999],
  ])("is read from %s", (value, time) => {
    expect(timeWith(value)).toBe(time);
    expect(timeWith(value, "io.debezium.time.ZonedTimestamp")).toBe(time);
  });

  it.each([
    ["microseconds, one more than milliseconds reach", "253402300800000", 253_402_300_800],
    ["microseconds", "1704111000123456", 1_704_111_000_123],
    ["the last microsecond of a millisecond", "1704111000123999", 1_704_111_000_123],
    ["microseconds beyond 2^53", "9007199254740999", 9_007_199_254_740],
    ["the last microsecond", `${lastMs}999`, 253_402_300_799_999],
    ["nanoseconds, one more than microseconds reach", "253402300800000000", 253_402_300_800],
    ["the last nanosecond of a millisecond", "1704111000123999999", 1_704_111_000_123],
    ["the first nanosecond of the next", "1704111000124000000", 1_704_111_000_124],
  ])("is in %s by its size, where no type says it", (_, value, time) => {
    expect(timeWith(value)).toBe(time);
  });

  it.each([
    ["io.debezium.time.Timestamp", "1704111000123", 1_704_111_000_123],
    ["org.apache.kafka.connect.data.Timestamp", "1704111000123", 1_704_111_000_123],
    ["io.debezium.time.MicroTimestamp", "1704111000123999", 1_704_111_000_123],
    ["io.debezium.time.MicroTimestamp", "1999", 1],
    ["io.debezium.time.MicroTimestamp", "5000000000000", 5_000_000_000],
    ["io.debezium.time.MicroTimestamp", `${lastMs}999`, 253_402_300_799_999],
    ["io.debezium.time.NanoTimestamp", "1704111000123999999", 1_704_111_000_123],
    ["io.debezium.time.NanoTimestamp", "5000000000000", 5_000_000],
    ["io.debezium.time.NanoTimestamp", "9223372036854775806", 9_223_372_036_854],
    ["io.debezium.time.IsoTimestamp", '"2024-01-01T12:10:00.123456Z"', 1_704_111_000_123],
  ])("of type %s is read from %s", (type, value, time) => {
    expect(timeWith(value, type)).toBe(time);
  });

  it.each([
    ["io.debezium.time.Timestamp", "253402300800000", "253402300800000"],
    ["org.apache.kafka.connect.data.Timestamp", "253402300800000", "253402300800000"],
    ["io.debezium.time.MicroTimestamp", "253402300800000000", "253402300800000000"],
    ["io.debezium.time.MicroTimestamp", "-1", "-1"],
    ["io.debezium.time.NanoTimestamp", "-999999", "-999999"],
    ["io.debezium.time.NanoTimestamp", "9223372036854775808", "9223372036854776000"],
  ])("of type %s is not read from %s", (type, value, shown) => {
    expect(timeWith(value, type)).toBe(refusal(shown));
  });

  it.each([
    ["text", '"infinity"', "infinity", "io.debezium.time.ZonedTimestamp"],
    ["text", '"-infinity"', "-infinity", "io.debezium.time.ZonedTimestamp"],
    ["milliseconds", "9223372036825200", "9223372036825200", "io.debezium.time.Timestamp"],
    ["microseconds", "9223372036825200000", "9223372036825200000", "io.debezium.time.MicroTimestamp"],
    ["microseconds", "-9223372036832400000", "-9223372036832400000", "io.debezium.time.MicroTimestamp"],
    ["nanoseconds", "9223372036854775807", "9223372036854776000", "io.debezium.time.NanoTimestamp"],
    ["nanoseconds", "-9223372036854775808", "-9223372036854776000", "io.debezium.time.NanoTimestamp"],
  ])("is not Postgres's infinity in %s, %s, with its type or without", (_, value, shown, type) => {
    expect([timeWith(value), timeWith(value, type)]).toEqual([refusal(shown), refusal(shown)]);
  });

  it.each([
    ["-1", "-1"],
    ["1.5", "1.5"],
    ["1e18", "1000000000000000000"],
    ["1e400", "Infinity"],
    ["true", "boolean"],
    ['{"year":2024}', "object"],
    ['"1704111000123"', "1704111000123"],
    ['"1969-12-31T23:59:59.999Z"', "1969-12-31T23:59:59.999Z"],
    ['"2023-02-29T00:00:00Z"', "2023-02-29T00:00:00Z"],
    ['"2024-01-01 12:10:00+00"', "2024-01-01 12:10:00+00"],
    ['"+10000-01-01T00:00:00Z"', "+10000-01-01T00:00:00Z"],
  ])("is not read from %s", (value, shown) => {
    expect(timeWith(value)).toBe(refusal(shown));
  });

  it("has what is beyond milliseconds cut, exactly", () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 9_223_372_036_000_000_000n), (nanos) => {
        const ms = Number(String(nanos).padStart(7, "0").slice(0, -6));
        expect(timeWith(String(nanos), "io.debezium.time.NanoTimestamp")).toBe(ms);
      }),
    );
  });
});

describe("the text of an event", () => {
  it("is a change with the columns that are needed, and no more", () => {
    const verdict = parse(
      wrappedText(changeText({ op: '"r"', after: withColumns({ content_id: "9007199254740993" }) })),
      true,
    );
    expect((verdict as EngagementEvent).text).toBe(
      '{"op":"c","after":{"id":"16","content_id":"9007199254740993","user_id":"b7f0c1de-0000-4000-8000-000000000016",' +
        '"event_type":"play","event_ts":1704111000123,"duration_ms":7000,"device":"ios"}}',
    );
  });

  const bigint = fc.oneof(
    fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
    fc.bigInt(2n ** 53n - 3n, 2n ** 53n + 3n),
    fc.bigInt(-3n, 3n),
  );
  const integer = bigint.chain((value) => fc.constantFrom(String(value), `"${value}"`));
  const text = fc.string({ unit: "binary" }).map((value) => JSON.stringify(value));
  const rows = fc.record({
    id: integer,
    content_id: integer,
    user_id: fc.oneof(
      integer,
      fc.string({ unit: "grapheme", minLength: 1, maxLength: 50 }).map((id) => JSON.stringify(id)),
    ),
    event_type: fc.oneof(text, fc.constant('"\\ud800"')),
    event_ts: fc.oneof(
      fc.bigInt(0n, 9_223_372_036_000_000_000n).map(String),
      fc.bigInt(0n, 253_402_300_799_999n).map(String),
      fc.constant('"2024-01-01T12:10:00.123456+05:30"'),
    ),
    duration_ms: fc.oneof(fc.maxSafeInteger().map(String), fc.constant("null")),
    device: fc.oneof(text, fc.constantFrom("null", '"\\udc00\\ud800"', '"__proto__"')),
  });

  it("is read as the same event again, whatever was included and what was in front", () => {
    fc.assert(
      fc.property(rows, fc.constantFrom('"c"', '"r"'), fc.boolean(), (columns, op, isWrapped) => {
        const change = changeText({ op, after: rowText(columns) });
        const event = parse(isWrapped ? wrappedText(change) : change, true) as EngagementEvent;
        expect(event.id).toBe(columns.id.replaceAll('"', ""));
        expect(event.contentId).toBe(columns.content_id.replaceAll('"', ""));
        expect([parse(event.text, false), parse(event.text, true)]).toEqual([event, event]);
      }),
      { numRuns: 1_000 },
    );
  });
});
