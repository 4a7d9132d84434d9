/** An exact decimal: `units` / 10^`scale`. */
export interface Decimal {
  readonly units: bigint;
  /** Digits after the point, 0 to 6. */
  readonly scale: number;
}

export const zero: Decimal = { units: 0n, scale: 0 };

const digitsMax = 18;
export const scaleMax = 6;
const textLengthMax = 1_000;
const numberForm = /^(-?)(0|[1-9]\d*)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;

/**
 * Reads a decimal from the text of a JSON number: at most 18 digits, at most 6 of them after the point, an exponent worked out.
 * Zeros after the point are kept (`50.00`) as far as they fit. `undefined` for anything else, and for more than 1,000 characters.
 */
export function parseDecimal(text: string): Decimal | undefined {
  const parts = text.length <= textLengthMax ? numberForm.exec(text) : null;
  if (!parts) return undefined;
  const [, sign, whole, fraction = "", exponent = "0"] = parts as unknown as [string, string, string, string?, string?];
  let scale = fraction.length - Number(exponent);
  let digits = (whole + fraction).replace(/^0+/, "");
  if (digits === "") return { units: 0n, scale: Math.min(Math.max(scale, 0), scaleMax) };
  while (scale > 0 && digits.endsWith("0") && (scale > scaleMax || digits.length > digitsMax)) {
    digits = digits.slice(0, -1);
    scale--;
  }
  if (scale > scaleMax || digits.length - Math.min(scale, 0) > digitsMax) return undefined;
  if (scale < 0) {
    digits += "0".repeat(-scale);
    scale = 0;
  }
  const units = BigInt(digits);
  return { units: sign === "-" ? -units : units, scale };
}

/** As text, with the digits after the point that its scale says. */
export function formatDecimal({ units, scale }: Decimal): string {
  const sign = units < 0n ? "-" : "";
  const digits = String(units < 0n ? -units : units).padStart(scale + 1, "0");
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/** Reads what `formatDecimal` has written, however many digits that has: the way back for sums, which `parseDecimal` may refuse. */
export function readDecimal(text: string): Decimal {
  const point = text.indexOf(".");
  if (point === -1) return { units: BigInt(text), scale: 0 };
  return { units: BigInt(text.slice(0, point) + text.slice(point + 1)), scale: text.length - point - 1 };
}

export function addDecimals(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(a.scale, b.scale);
  return { units: unitsAt(a, scale) + unitsAt(b, scale), scale };
}

/** Times an integer. */
export function timesInteger({ units, scale }: Decimal, factor: bigint): Decimal {
  return { units: units * factor, scale };
}

/** Negative, zero or positive as the value of `a` is below, equal to or above that of `b`. */
export function compareDecimals(a: Decimal, b: Decimal): number {
  const scale = Math.max(a.scale, b.scale);
  const difference = unitsAt(a, scale) - unitsAt(b, scale);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

function unitsAt({ units, scale }: Decimal, wanted: number): bigint {
  return units * 10n ** BigInt(wanted - scale);
}
