import { describe, expect, it } from "vitest";
import { columnTimeIn, integerIdIn, optionalIntegerIn, rowChangeIn } from "../../support/oracle/oracle-envelope.ts";
import { NumberText, objectIn } from "../../support/oracle/oracle-json.ts";
import { noon } from "./file-lines.ts";

const micro = "io.debezium.time.MicroTimestamp";

/** What Debezium says of an envelope whose rows have one column; of those before a change something else, which is of no use. */
function schema(field: string, name?: string) {
  const column = { type: "int64", field, ...(name && { name }) };
  const before = { type: "struct", field: "before", fields: [{ ...column, name: "io.debezium.time.Date" }] };
  const after = { type: "struct", field: "after", fields: [column] };
  return { type: "struct", name: "Envelope", fields: [before, after, { type: "string", field: "op" }] };
}

const changeIn = (value: object) => rowChangeIn(objectIn(JSON.stringify(value)) ?? {});
const number = (text: string | number | bigint) => new NumberText(String(text));

describe("an envelope", () => {
  it.each([
    ["bare", { op: "u", before: { a: "1" }, after: { a: "2" }, source: {}, ts_ms: 1 }],
    ["wrapped", { schema: schema("a"), payload: { op: "u", before: { a: "1" }, after: { a: "2" } } }],
    ["wrapped without a schema", { payload: { op: "u", before: { a: "1" }, after: { a: "2" } } }],
    [
      "wrapped, with a schema that is null",
      { schema: null, payload: { op: "u", before: { a: "1" }, after: { a: "2" } } },
    ],
    ["bare, with a member called payload", { op: "u", before: { a: "1" }, after: { a: "2" }, payload: { op: "d" } }],
  ])("is read %s", (_, value) => {
    expect(changeIn(value)).toMatchObject({ op: "u", before: { a: "1" }, after: { a: "2" } });
  });

  it.each([
    ["nothing", {}],
    ["no op", { before: null, after: {} }],
    ["an op of null", { op: null }],
    ["an op that is a number", { op: 1 }],
    ["a payload of null", { schema: null, payload: null }],
    ["a payload that is a list", { payload: [{ op: "c" }] }],
    ["a payload that is a number", { payload: 7 }],
    ["an envelope in its wrapper's wrapper", { payload: { payload: { op: "c" } } }],
  ])("is none with %s", (_, value) => {
    expect(changeIn(value)).toBe(undefined);
  });

  it.each([null, undefined, 7, "row", true, []])("has no row where there is %j", (row) => {
    const { before, after } = changeIn({ op: "c", before: row, after: row }) ?? {};
    expect([before, after]).toEqual([undefined, undefined]);
  });

  it("says the type of a column of the row after it, where it has a schema that does", () => {
    const payload = { op: "c", after: {} };
    expect(changeIn({ schema: schema("event_ts", micro), payload })?.typeOf("event_ts")).toBe(micro);
    expect(changeIn({ schema: schema("event_ts", micro), payload })?.typeOf("other")).toBe(undefined);
    expect(changeIn({ schema: schema("event_ts"), payload })?.typeOf("event_ts")).toBe(undefined);
    for (const broken of [
      null,
      7,
      "schema",
      [],
      { fields: 7 },
      { fields: [null, 7, { field: "after", fields: {} }] },
    ]) {
      expect(changeIn({ schema: broken, payload })?.typeOf("event_ts")).toBe(undefined);
    }
    expect(changeIn({ ...payload, schema: schema("event_ts", micro) })?.typeOf("event_ts")).toBe(undefined);
  });
});

describe("the time of a column", () => {
  it.each([
    ["2024-01-01T12:00:00Z", 0],
    ["2024-01-01T12:00:00.123999Z", 123],
    ["2024-01-01T12:00:00.0009999Z", 0],
    ["2024-01-01T12:00:00", 0],
    ["2024-01-01T14:30:00+02:30", 0],
    ["2024-01-01T08:30:00.5-03:30", 500],
  ])("is read from text: %s", (text, ms) => {
    expect(columnTimeIn(text, undefined)).toBe(noon() + ms);
    expect(columnTimeIn(text, "io.debezium.time.ZonedTimestamp")).toBe(noon() + ms);
  });

  it.each([
    [undefined, noon(), noon()],
    [undefined, `${noon()}999`, noon()],
    [undefined, "253402300799999", 253_402_300_799_999],
    [undefined, "253402300800000", 253_402_300_800],
    [undefined, "253402300799999999", 253_402_300_799_999],
    ["some.other.Type", noon(), noon()],
    ["io.debezium.time.Timestamp", noon(), noon()],
    ["org.apache.kafka.connect.data.Timestamp", noon(), noon()],
    [micro, `${noon()}999`, noon()],
    [micro, "1999", 1],
    [micro, "253402300799999", 253_402_300_799],
    ["io.debezium.time.NanoTimestamp", `${noon()}999999`, noon()],
    [micro, 0, 0],
    [undefined, "1.7041104e12", 1_704_110_400_000],
  ])("is read from a number of the type %s: %s", (type, text, time) => {
    expect(columnTimeIn(number(text), type)).toBe(time);
  });

  it.each([
    [undefined, number(-1)],
    [micro, number(-1)],
    [undefined, number("1.5")],
    [undefined, number("253402300800000000")],
    ["io.debezium.time.Timestamp", number("253402300800000")],
    [micro, number("253402300800000000")],
    [undefined, "1704110400000"],
    [undefined, "1969-12-31T23:59:59.999Z"],
    [undefined, "10000-01-01T00:00:00Z"],
    [undefined, "2024-01-01"],
    [undefined, null],
    [undefined, true],
    [undefined, undefined],
  ])("is none with the type %s: %j", (type, value) => {
    expect(columnTimeIn(value, type)).toBe(undefined);
  });
});

describe("an integer", () => {
  it("is an id as a number or as its digits, with a sign, in 64 bits", () => {
    const most = 2n ** 63n - 1n;
    expect(["16", "0", "-7", String(most), String(-most - 1n)].map((text) => integerIdIn(number(text)))).toEqual([
      ...[16n, 0n, -7n, most, -most - 1n],
    ]);
    expect(integerIdIn("9007199254740993")).toBe(9_007_199_254_740_993n);
    const none = [
      number(most + 1n),
      number(-most - 2n),
      number("1.0"),
      number("1e3"),
      "",
      "e1",
      "007",
      "+7",
      "-0",
      " 7",
    ];
    expect(none.map(integerIdIn)).toEqual(none.map(() => undefined));
    expect([null, undefined, true, [], {}].map(integerIdIn)).toEqual(Array(5).fill(undefined));
  });

  it("may be left out elsewhere, and is a number then, by value", () => {
    expect([null, undefined].map(optionalIntegerIn)).toEqual([null, null]);
    const some = ["7000", "-7", "0", "-0", "7e3", "7.0", "9223372036854775807"].map(number);
    expect(some.map(optionalIntegerIn)).toEqual([7_000n, -7n, 0n, 0n, 7_000n, 7n, 9_223_372_036_854_775_807n]);
    const none = [number("0.5"), number("9223372036854775808"), number("1e400"), "7000", "", true, [], {}];
    expect(none.map(optionalIntegerIn)).toEqual(none.map(() => undefined));
  });
});
