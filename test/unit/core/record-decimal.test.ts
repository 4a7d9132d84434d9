import { describe, expect, it } from "vitest";
import { formatDecimal } from "../../../shared/core/decimal.ts";
import {
  optionalDecimal,
  readJsonObject,
  requiredDecimal,
  requiredId,
  requiredText,
  UnusableValue,
} from "../../../shared/core/record.ts";

const json = (text: string) => readJsonObject(new TextEncoder().encode(text));

/** What makes a value unusable, as `reason: message`; the answer where it is usable. */
function verdictOn(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    if (error instanceof UnusableValue) return `${error.reason}: ${error.message}`;
    throw error;
  }
}

const readIn = (text: string) => verdictOn(() => formatDecimal(requiredDecimal(json(text), "value")));
const valueIn = (value: string) => readIn(`{"value":${value}}`);
const refused = (shown: string) =>
  `malformed: value is no decimal of 18 digits with 6 after the point: ${shown}` as const;

describe("requiredDecimal", () => {
  it.each([
    ["99.99", "99.99"],
    ["50.00", "50.00"],
    ["0", "0"],
    ["0.0", "0.0"],
    ["-0", "0"],
    ["-0.50", "-0.50"],
    ["1e3", "1000"],
    ["1.5E+2", "150"],
    ["15e-1", "1.5"],
    ["1e-6", "0.000001"],
    ["0.1", "0.1"],
    ["999999999999999999", "999999999999999999"],
    ["-999999999999.999999", "-999999999999.999999"],
    ["123456789012345.678", "123456789012345.678"],
    ["9007199254740993", "9007199254740993"],
    ["0.3000000000000000000000", "0.300000"],
  ])("reads the number %s, and the text that holds it, as %s", (written, shown) => {
    expect([valueIn(written), valueIn(`"${written}"`)]).toEqual([shown, shown]);
  });

  it.each([
    ["19 digits", "1000000000000000000"],
    ["a digit at the seventh place", "0.0000001"],
    ["a digit far behind the point that a double would swallow", "1.00000000000000000001"],
    ["a digit that a double would round up", "0.9999999999999999999999"],
    ["a number that a double takes for 0", "1e-400"],
    ["a number that a double takes for infinity", "1e400"],
  ])("refuses %s, as a number and as a text", (_, written) => {
    expect([valueIn(written), valueIn(`"${written}"`)]).toEqual([refused(written), refused(written)]);
  });

  it.each([
    ['""', ""],
    ['" 1"', " 1"],
    ['"1,5"', "1,5"],
    ['"NaN"', "NaN"],
    ['"+1"', "+1"],
    ['"50.00 USD"', "50.00 USD"],
    ["true", "boolean"],
    ["[1]", "object"],
    ['{"value":1}', "object"],
  ])("refuses %s", (value, shown) => {
    expect(valueIn(value)).toBe(refused(shown));
  });

  it("calls a null and a missing one the same", () => {
    expect([valueIn("null"), readIn("{}"), readIn('{"metadata":{"value":1}}')]).toEqual([
      "malformed: value is missing",
      "malformed: value is missing",
      "malformed: value is missing",
    ]);
  });

  it.each([
    ["the last of two", '{"value":1.10,"value":2.20}', "2.20"],
    ["the last of two, however it is spelt", '{"value":1.10,"\\u0076alue":2.20}', "2.20"],
    ["the last of two, a text", '{"value":1.10,"value":"2.20"}', "2.20"],
    ["the last of two, after a text", '{"value":"1.10","value":2.20}', "2.20"],
    ["the last of two, after an object", '{"value":{"value":1.10},"value":2.20}', "2.20"],
    ["its own, not one before it and within another", '{"metadata":{"value":1.10},"value":2.20}', "2.20"],
    ["its own, not one behind it and within another", '{"value":2.20,"metadata":{"value":1.10}}', "2.20"],
    ["its own, not one within a list", '{"value":2.20,"a":[{"value":1.10},[{"value":3}]]}', "2.20"],
    ["its own, not one within a text", '{"a":"\\"value\\":1.10,","value":2.20}', "2.20"],
    ["its own, where a text is called the same", '{"a":"value","value":2.20}', "2.20"],
    ["its own, where blanks stand around", '{ "value" :\n 2.20\t}', "2.20"],
    ["its own, with a blank before it", '{"value": 2.20, "a": 1}', "2.20"],
  ])("takes %s", (_, text, shown) => {
    expect(readIn(text)).toBe(shown);
  });

  it.each([
    ["an object of the same name", '{"a":{"value":1.5},"\\u0076alue":1.50000000000000000001}'],
    ["an object of the same name before it", '{"a":{"value":1.5},"value":1.50000000000000000001}'],
    ["a name that ends alike", '{"a\\"value":1.5,"\\u0076alue":1.50000000000000000001}'],
  ])("does not take the digits of %s for those of a number that is only nearly the same", (_, text) => {
    expect(readIn(text)).toBe(refused("1.50000000000000000001"));
  });
});

describe("requiredId", () => {
  it("does not take the digits of a nested number for those of one that is no integer", () => {
    const value = json('{"a":{"id":1},"\\u0069d":1.00000000000000000001}');
    expect(verdictOn(() => requiredId(value, "id"))).toBe("malformed: id is not an integer");
  });
});

describe("optionalDecimal", () => {
  it.each([
    ["{}", null],
    ['{"amount":null}', null],
    ['{"amount":0}', { units: 0n, scale: 0 }],
    ['{"amount":"12.50"}', { units: 1_250n, scale: 2 }],
    ['{"amount":false}', "malformed: amount is no decimal of 18 digits with 6 after the point: boolean"],
  ])("makes of %s: %s", (text, expected) => {
    expect(verdictOn(() => optionalDecimal(json(text), "amount"))).toEqual(expected);
  });
});

describe("requiredText", () => {
  it.each([
    ['{"source":"google"}', "google"],
    ['{"source":""}', ""],
    ["{}", "malformed: source is missing"],
    ['{"source":null}', "malformed: source is missing"],
    ['{"source":7}', "malformed: source is not text: 7"],
    ['{"source":["google"]}', "malformed: source is not text: object"],
  ])("makes of %s: %s", (text, expected) => {
    expect(verdictOn(() => requiredText(json(text), "source"))).toBe(expected);
  });
});
