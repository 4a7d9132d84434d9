import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addDecimals,
  compareDecimals,
  type Decimal,
  formatDecimal,
  parseDecimal,
  readDecimal,
  timesInteger,
  zero,
} from "../../../shared/core/decimal.ts";

const read = (text: string): Decimal => {
  const value = parseDecimal(text);
  if (!value) throw new Error(`${text} can't be read`);
  return value;
};
const sum = (...texts: string[]) => formatDecimal(texts.map(read).reduce(addDecimals, zero));

describe("parseDecimal", () => {
  it.each([
    ["0", "0"],
    ["-0", "0"],
    ["0.00", "0.00"],
    ["-0.0", "0.0"],
    ["7", "7"],
    ["-7", "-7"],
    ["50.00", "50.00"],
    ["-0.5", "-0.5"],
    ["0.000001", "0.000001"],
    ["-0.000001", "-0.000001"],
    ["123456.789012", "123456.789012"],
    ["1e1", "10"],
    ["1e3", "1000"],
    ["1E3", "1000"],
    ["1e+3", "1000"],
    ["1.5e1", "15"],
    ["1.50e1", "15.0"],
    ["15e-1", "1.5"],
    ["1e-6", "0.000001"],
    ["-1.25e2", "-125"],
    ["0e999", "0"],
    ["0.0e-999", "0.000000"],
  ])("reads %s as %s", (text, shown) => {
    expect(formatDecimal(read(text))).toBe(shown);
  });

  it.each([
    ["18 digits before the point", "999999999999999999", "999999999999999999"],
    ["18 digits, 6 of them behind it", "999999999999.999999", "999999999999.999999"],
    ["a negative number of 18 digits", "-999999999999.999999", "-999999999999.999999"],
    ["a zero in front of the point, which is no digit", "0.999999", "0.999999"],
    ["1,000 characters", `1.5${"0".repeat(997)}`, "1.500000"],
    ["an exponent that makes 18 digits", "1e17", "100000000000000000"],
    ["an exponent that moves zeros behind the point", "1000000e-6", "1.000000"],
    ["zeros behind the sixth place", "1.1234560000", "1.123456"],
    ["zeros behind the sixth place of an integer", "5.0000000000", "5.000000"],
    ["13 digits before six zeros, of which those stay that fit", "9999999999999.000000", "9999999999999.00000"],
    ["18 digits before a zero", "999999999999999999.0", "999999999999999999"],
    ["18 digits before a zero and an exponent", "99999999999999999.90e1", "999999999999999999"],
    ["an exponent with zeros in front", "1e0000000003", "1000"],
    ["a zero with a large exponent", "0e99999", "0"],
  ])("takes %s", (_, text, shown) => {
    expect(formatDecimal(read(text))).toBe(shown);
  });

  it.each([
    ["19 digits", "1000000000000000000"],
    ["a zero in front, which no JSON number has", "007"],
    ["1,001 characters", `1.5${"0".repeat(998)}`],
    ["19 digits, 6 of them behind the point", "1000000000000.000001"],
    ["a digit at the seventh place", "0.0000001"],
    ["a digit at the seventh place by an exponent", "1e-7"],
    ["an exponent that makes 19 digits", "1e18"],
    ["an exponent far beyond", "1e999"],
    ["an exponent of four digits", "1e1000"],
    ["an exponent of fifty digits", `1e${"9".repeat(50)}`],
    ["an exponent of fifty digits below zero", `1e-${"9".repeat(50)}`],
    ["19 digits, the last of them a zero before the point", "1234567890123456780"],
    ["13 digits before six behind", "9999999999999.000001"],
    ["a plus", "+1"],
    ["no digit before the point", ".5"],
    ["no digit behind the point", "5."],
    ["an exponent without digits", "1e"],
    ["a comma", "1,5"],
    ["thousands apart", "1_000"],
    ["a hexadecimal number", "0x10"],
    ["a space", " 1"],
    ["a line break", "1\n"],
    ["NaN", "NaN"],
    ["Infinity", "Infinity"],
    ["nothing", ""],
    ["a minus alone", "-"],
    ["Arabic digits", "١"],
    ["a currency", "50.00 USD"],
  ])("refuses %s", (_, text) => {
    expect(parseDecimal(text)).toBeUndefined();
  });

  it("refuses ten million digits", () => {
    expect(parseDecimal("9".repeat(10_000_000))).toBeUndefined();
  });
});

describe("decimal arithmetic", () => {
  it("makes 0.1 + 0.2 exactly 0.3", () => {
    expect(sum("0.1", "0.2")).toBe("0.3");
  });

  it.each([
    [["0.1", "0.20"], "0.30"],
    [["1", "-0.000001"], "0.999999"],
    [["-1.5", "1.5"], "0.0"],
    [["999999999999999999", "1"], "1000000000000000000"],
    [["999999999999999999", "0.000001"], "999999999999999999.000001"],
    [Array.from({ length: 10 }, () => "0.1"), "1.0"],
  ])("adds %j to %s", (texts, total) => {
    expect(sum(...texts)).toBe(total);
  });

  it("multiplies exactly", () => {
    expect(formatDecimal(timesInteger(read("50.00"), 2n))).toBe("100.00");
    expect(formatDecimal(timesInteger(read("0.1"), 3n))).toBe("0.3");
    expect(formatDecimal(timesInteger(read("999999999999999999"), 999999999999999999n))).toBe(
      "999999999999999998000000000000000001",
    );
  });

  it.each([
    ["1.5", "1.50", 0],
    ["0", "-0.00", 0],
    ["1.5", "1.500001", -1],
    ["1.5", "1.499999", 1],
    ["-1", "0.000001", -1],
    ["-1", "-2", 1],
    ["999999999999999999", "999999999999999998", 1],
  ])("compares %s with %s by value: %i", (a, b, order) => {
    expect(compareDecimals(read(a), read(b))).toBe(order);
  });
});

/** The same in millionths, which all of them are whole numbers of. */
const decimal = fc
  .tuple(fc.boolean(), fc.bigInt({ min: 0n, max: 10n ** 12n - 1n }), fc.stringMatching(/^\d{0,6}$/))
  .map(([isNegative, whole, fraction]) => {
    const text = `${isNegative ? "-" : ""}${whole}${fraction === "" ? "" : `.${fraction}`}`;
    const millionths = (whole * 1_000_000n + BigInt(fraction.padEnd(6, "0"))) * (isNegative ? -1n : 1n);
    return { text, millionths };
  });
const millionthsOf = ({ units, scale }: Decimal) => units * 10n ** BigInt(6 - scale);

describe("readDecimal", () => {
  it.each([
    "0",
    "0.00",
    "7",
    "-7",
    "-0.5",
    "-0.000001",
    "50.00",
    "1999999999999999998.000001",
    "-12345678901234567890123456.7",
  ])("reads %s as it was written", (text) => {
    expect(formatDecimal(readDecimal(text))).toBe(text);
  });

  it("reads what parseDecimal reads, the same", () => {
    for (const text of ["0.00", "-0.5", "123456789012.345678"]) expect(readDecimal(text)).toEqual(parseDecimal(text));
  });
});

describe("decimals, against whole numbers of millionths", () => {
  it("mean what their text says, and print it again", () => {
    fc.assert(
      fc.property(decimal, ({ text, millionths }) => {
        expect(millionthsOf(read(text))).toBe(millionths);
        expect(formatDecimal(read(text))).toBe(millionths === 0n ? text.replace("-", "") : text);
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it("add and compare as the whole numbers do", () => {
    fc.assert(
      fc.property(fc.array(decimal, { minLength: 1, maxLength: 20 }), (terms) => {
        const total = terms.map(({ text }) => read(text)).reduce(addDecimals, zero);
        const expected = terms.reduce((all, { millionths }) => all + millionths, 0n);
        expect(millionthsOf(total)).toBe(expected);
        const [first, last] = [terms[0]!, terms.at(-1)!];
        const order = first.millionths < last.millionths ? -1 : first.millionths > last.millionths ? 1 : 0;
        expect(compareDecimals(read(first.text), read(last.text))).toBe(order);
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it("mean the same with their point moved by an exponent", () => {
    fc.assert(
      fc.property(fc.integer({ min: -999_999, max: 999_999 }), fc.integer({ min: -6, max: 6 }), (units, exponent) => {
        const shifted = read(`${units}e${exponent}`);
        expect(millionthsOf(shifted)).toBe(BigInt(units) * 10n ** BigInt(6 + exponent));
        expect([0, 1, 2, 3, 4, 5, 6]).toContain(shifted.scale);
      }),
      { seed: 1, numRuns: 300 },
    );
  });
});
