import { describe, expect, it } from "vitest";
import { decimalIn, decimalText, withoutIdleZeros } from "../../support/oracle/oracle-decimal.ts";
import { NumberText } from "../../support/oracle/oracle-json.ts";

const shown = (millionths: bigint | undefined) => millionths !== undefined && decimalText(millionths);

describe("an amount", () => {
  it.each([
    ["0", "0"],
    ["-0", "0"],
    ["0.000000", "0"],
    ["50.00", "50"],
    ["99.99", "99.99"],
    ["-12.5", "-12.5"],
    ["0.000001", "0.000001"],
    ["-0.000001", "-0.000001"],
    ["123456789012.345678", "123456789012.345678"],
    ["999999999999999999", "999999999999999999"],
    ["-999999999999999999", "-999999999999999999"],
    // By value, whatever the text looks like.
    ["1.50e1", "15"],
    ["1E+2", "100"],
    ["1000e-3", "1"],
    ["12345678e-6", "12.345678"],
    ["0e99999999999999999999", "0"],
    ["1.0000000", "1"],
    ["100000000000000000000e-5", "1000000000000000"],
  ])("is exact: %s", (text, canonical) => {
    expect(shown(decimalIn(new NumberText(text)))).toBe(canonical);
    expect(shown(decimalIn(text))).toBe(canonical);
  });

  it.each([
    ["007"],
    ["0.0000001"],
    ["1e-7"],
    ["1.2345678"],
    ["1000000000000000000"],
    ["1e18"],
    ["1234567890123.456789"],
    ["1e99999999999999999999"],
    ["1e-99999999999999999999"],
    [""],
    [" 1"],
    ["1 "],
    ["+1"],
    [".5"],
    ["5."],
    ["1,5"],
    ["0x10"],
    ["NaN"],
    ["Infinity"],
    ["--1"],
  ])("has at most 18 digits, 6 of them after the point, and the form of a number: not %j", (text) => {
    expect(decimalIn(text)).toBeUndefined();
  });

  it.each([[null], [undefined], [true], [{}], [[]], [5]])("is a number's text or a text: not %j", (value) => {
    expect(decimalIn(value)).toBeUndefined();
  });

  it("may be larger than an amount may be given, where it is a sum", () => {
    expect(decimalText(3n * 999_999_999_999_999_999_000_000n)).toBe("2999999999999999997");
  });
});

describe("a plain decimal of any length", () => {
  it.each([
    ["0.00", "0"],
    ["-0.0", "0"],
    ["100", "100"],
    ["100.00", "100"],
    ["-12.50", "-12.5"],
    ["1999999999999999998.000001", "1999999999999999998.000001"],
  ])("loses the zeros that say nothing: %s", (text, canonical) => {
    expect(withoutIdleZeros(text)).toBe(canonical);
  });

  it.each([["1e2"], ["01"], [".5"], ["5."], ["+1"], ["undefined"], [""]])("is refused in another form: %j", (text) => {
    expect(() => withoutIdleZeros(text)).toThrow("no plain decimal");
  });
});
