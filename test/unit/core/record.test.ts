import { describe, expect, it } from "vitest";
import { topLevelSource } from "../../../shared/core/json-text.ts";
import {
  idBytesMax,
  optionalText,
  readJsonObject,
  requiredEventTime,
  requiredId,
  UnusableValue,
} from "../../../shared/core/record.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const json = (text: string) => readJsonObject(bytes(text));
const idIn = (value: string) => requiredId(json(`{"id":${value}}`), "id");

/** What makes a value unusable, as `reason: message`; the answer where it is usable. */
function verdictOn(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    if (error instanceof UnusableValue) return `${error.reason}: ${error.message}`;
    throw error;
  }
}

describe("requiredId", () => {
  it.each([
    ["a text", '"user_1"', "user_1"],
    ["a text of digits", '"0012"', "0012"],
    ["a space, which is a text", '" "', " "],
    ["__proto__ as an id", '"__proto__"', "__proto__"],
    ["an escaped text", '"\\u0041\\n"', "A\n"],
    ["0", "0", "0"],
    ["an integer", "42", "42"],
    ["a negative integer", "-42", "-42"],
    ["2^53 - 1", "9007199254740991", "9007199254740991"],
    ["2^53", "9007199254740992", "9007199254740992"],
    ["2^53 + 1, which a double can't hold", "9007199254740993", "9007199254740993"],
    ["-(2^53 + 1)", "-9007199254740993", "-9007199254740993"],
    ["the largest bigint", "18446744073709551615", "18446744073709551615"],
    ["an integer of 400 digits", "9".repeat(400), "9".repeat(400)],
    ["1,024 bytes", `"${"x".repeat(1_024)}"`, "x".repeat(1_024)],
    ["1,024 bytes in 512 letters", `"${"é".repeat(512)}"`, "é".repeat(512)],
    ["1,024 bytes in 256 emoji", `"${"😀".repeat(256)}"`, "😀".repeat(256)],
    ["an integer of 1,024 digits", "9".repeat(1_024), "9".repeat(1_024)],
  ])("takes %s", (_, value, id) => {
    expect(idIn(value)).toBe(id);
  });

  it.each([
    ["null", "malformed: id is missing"],
    ['""', "malformed: id is empty"],
    ["1.5", "malformed: id is not an integer"],
    ["9007199254740993.5", "malformed: id is not an integer"],
    ["true", "malformed: id is neither text nor an integer"],
    ["false", "malformed: id is neither text nor an integer"],
    ['["a"]', "malformed: id is neither text nor an integer"],
    ['{"a":1}', "malformed: id is neither text nor an integer"],
    ['"\\ud800"', "malformed: id holds half of a surrogate pair"],
    ['"a\\udc00b"', "malformed: id holds half of a surrogate pair"],
    ["1e400", "malformed: id is not an integer"],
    ["4503599627370497.5", "malformed: id is not an integer"],
    ["1.00000000000000000001", "malformed: id is not an integer"],
  ])("refuses %s", (value, verdict) => {
    expect(verdictOn(() => idIn(value))).toBe(verdict);
  });

  it.each([
    ["1,025 bytes", `"${"x".repeat(1_025)}"`, 1_025],
    ["1,025 bytes in fewer letters", `"${"é".repeat(512)}x"`, 1_025],
    ["1,026 bytes of three-byte letters", `"${"用".repeat(342)}"`, 1_026],
    ["1,028 bytes of emoji", `"${"😀".repeat(257)}"`, 1_028],
    ["1,025 digits", "9".repeat(1_025), 1_025],
    ["a megabyte", `"${"x".repeat(1_000_000)}"`, 1_000_000],
  ])("calls an id of %s oversized", (_, value, length) => {
    expect(verdictOn(() => idIn(value))).toBe(`oversized: id of ${length} bytes is longer than ${idBytesMax}`);
  });

  it("calls a missing field missing, also one that every object inherits", () => {
    const empty = json("{}");
    for (const name of ["id", "toString", "constructor", "hasOwnProperty", "__proto__"]) {
      expect(verdictOn(() => requiredId(empty, name))).toBe(`malformed: ${name} is missing`);
    }
  });

  it("takes a field named __proto__ for a field like any other, and nothing else for its inheritance", () => {
    const value = json('{"__proto__":{"id":"inherited"}}');
    expect(verdictOn(() => requiredId(value, "id"))).toBe("malformed: id is missing");
    expect(({} as Record<string, unknown>).id).toBeUndefined();
    expect(requiredId(json('{"__proto__":"a"}'), "__proto__")).toBe("a");
  });

  it.each([
    ['{"id":"a","id":"b"}', "b"],
    ['{"id":9007199254740993,"id":"b"}', "b"],
    ['{"id":"a","id":9007199254740993}', "9007199254740993"],
    ['{"id":9007199254740993,"id":9007199254740995}', "9007199254740995"],
    ['{"id":9007199254740995,"\\u0069d":9007199254740993}', "9007199254740993"],
  ])("takes the last where a name stands twice: %s", (text, id) => {
    expect(requiredId(json(text), "id")).toBe(id);
  });

  it.each([
    ['{"a":{"id":9007199254740995},"id":9007199254740993}'],
    ['{"id":9007199254740993,"a":{"id":9007199254740995}}'],
    ['{"id":9007199254740993,"a":[{"id":1},{"b":{"id":9007199254740995}}]}'],
    ['{"x":"\\"id\\":9007199254740995","id":9007199254740993}'],
    ['{ "id" :\n9007199254740993 }'],
  ])("takes the number of its own object, not one of the same name elsewhere: %s", (text) => {
    expect(requiredId(json(text), "id")).toBe("9007199254740993");
  });
});

describe("topLevelSource", () => {
  it.each([
    ['{"a":1.50}', "1.50"],
    ['{"a":1e3}', "1e3"],
    ['{"a":-0}', "-0"],
    ['{"a":0.10,"b":{"a":7}}', "0.10"],
    ['{"b":{"a":7}}', undefined],
    ["{}", undefined],
  ])("gives the text of the number a in %s", (text, source) => {
    expect(topLevelSource(text, "a")).toBe(source);
  });
});

describe("requiredEventTime", () => {
  const timeIn = (value: string) => verdictOn(() => requiredEventTime(json(`{"t":${value}}`), "t"));

  it.each([
    ['"2024-01-01T12:10:00Z"', 1_704_111_000_000],
    ['"2024-01-01T12:10:00.5+01:00"', 1_704_107_400_500],
    ["1704111000000", 1_704_111_000_000],
    ["1704111000000.0", 1_704_111_000_000],
    ["1.704111e12", 1_704_111_000_000],
    ["0", 0],
    ["253402300799999", 253_402_300_799_999],
  ])("reads %s", (value, time) => {
    expect(timeIn(value)).toBe(time);
  });

  it.each([
    ["253402300800000", "253402300800000"],
    ["-1", "-1"],
    ["1.5", "1.5"],
    ["1e400", "Infinity"],
    ["true", "boolean"],
    ["[0]", "object"],
    ['""', ""],
    ['"1704111000000"', "1704111000000"],
    ['"2023-02-29T00:00:00Z"', "2023-02-29T00:00:00Z"],
    [`"${"x".repeat(81)}"`, `${"x".repeat(80)}...`],
    [`"${"x".repeat(79)}😀"`, `${"x".repeat(79)}\ufffd...`],
  ])("refuses %s, and shows it shortened", (value, shown) => {
    expect(timeIn(value)).toBe(`malformed: t is no event time of the years 1970 to 9999: ${shown}`);
  });

  it("calls a null and a missing one the same", () => {
    expect([timeIn("null"), verdictOn(() => requiredEventTime(json("{}"), "t"))]).toEqual([
      "malformed: t is missing",
      "malformed: t is missing",
    ]);
  });
});

describe("optionalText", () => {
  it.each([
    ["{}", null],
    ['{"url":null}', null],
    ['{"url":""}', ""],
    ['{"url":"x"}', "x"],
    ['{"url":7}', "malformed: url is not text: 7"],
    ['{"url":false}', "malformed: url is not text: boolean"],
    ['{"url":{}}', "malformed: url is not text: object"],
  ])("makes of %s: %s", (text, expected) => {
    expect(verdictOn(() => optionalText(json(text), "url"))).toBe(expected);
  });
});
