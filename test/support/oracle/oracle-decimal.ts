import { NumberText } from "./oracle-json.ts";

const numberForm = /^(-?)(0|[1-9]\d*)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;
const digitsMax = 18;
const placesMax = 6;

/**
 * The millionths of an amount: of a JSON number, or of a text that holds one. By value, so that 1.50e1 is 15, and 2.0000000 is 2.
 * `undefined` where it is no number, or has more than 18 digits, or more than 6 of them after the point.
 */
export function decimalIn(value: unknown): bigint | undefined {
  const text = value instanceof NumberText ? value.text : value;
  const form = typeof text === "string" ? numberForm.exec(text) : null;
  if (!form) return undefined;
  const [, sign, whole = "", fraction = "", exponent = "0"] = form;
  const digits = (whole + fraction).replace(/^0+/, "");
  const significant = digits.replace(/0+$/, "");
  if (significant === "") return 0n;
  /** Where the last significant digit stands: 0 for ones, -1 for tenths. */
  const last = Number(exponent) - fraction.length + (digits.length - significant.length);
  if (last < -placesMax || significant.length + Math.max(last, 0) > digitsMax) return undefined;
  const millionths = BigInt(significant) * 10n ** BigInt(last + placesMax);
  return sign === "-" ? -millionths : millionths;
}

/** Without zeros that say nothing: `99.99`, `50`, `-0.000001`. */
export function decimalText(millionths: bigint): string {
  const size = millionths < 0n ? -millionths : millionths;
  const digits = size.toString().padStart(placesMax + 1, "0");
  const fraction = digits.slice(-placesMax).replace(/0+$/, "");
  return `${millionths < 0n ? "-" : ""}${digits.slice(0, -placesMax)}${fraction && `.${fraction}`}`;
}

/** The same value without zeros that say nothing. @throws {TypeError} it is no plain decimal, such as `-12.50`. */
export function withoutIdleZeros(text: string): string {
  const [, sign, whole, fraction = ""] = /^(-?)(0|[1-9]\d*)(?:\.(\d+))?$/.exec(text) ?? [];
  if (whole === undefined) throw new TypeError(`no plain decimal: ${text}`);
  const places = fraction.replace(/0+$/, "");
  const size = places === "" ? whole : `${whole}.${places}`;
  return size === "0" ? "0" : `${sign}${size}`;
}
