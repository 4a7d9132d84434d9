import type { DurationMs, EventTimeMs, WallTimeMs } from "./units.ts";

const dayMs = 86_400_000;
/** 9999-12-31T23:59:59.999Z */
export const lastEventTime: EventTimeMs = 253_402_300_799_999;

/**
 * Reads `YYYY-MM-DDTHH:MM:SS[.fraction]` with `Z`, `±HH:MM` or no zone (UTC). Fractions beyond milliseconds are cut.
 * The answer is `undefined` for anything else: a date that doesn't exist, a leap second, a year outside 1970 to 9999 (in UTC).
 */
export function parseEventTime(text: string): EventTimeMs | undefined {
  if (text.length < 19) return undefined;
  if (text[4] !== "-" || text[7] !== "-" || text[10] !== "T" || text[13] !== ":" || text[16] !== ":") return undefined;
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 2);
  const day = digits(text, 8, 2);
  const hour = digits(text, 11, 2);
  const minute = digits(text, 14, 2);
  const second = digits(text, 17, 2);
  if (!(hour <= 23 && minute <= 59 && second <= 59)) return undefined;
  if (!(month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month))) return undefined;
  const fraction = fractionMs(text);
  const offset = fraction && zoneOffsetMs(text, fraction.end);
  if (!fraction || offset === undefined) return undefined;
  const time =
    daysFromEpoch(year, month, day) * dayMs +
    hour * 3_600_000 +
    minute * 60_000 +
    second * 1_000 +
    fraction.ms -
    offset;
  return isEventTime(time) ? time : undefined;
}

/** Whether a number is an event time: integer milliseconds in the years 1970 to 9999. */
export function isEventTime(value: number): value is EventTimeMs {
  return Number.isInteger(value) && value >= 0 && value <= lastEventTime;
}

/** `2024-01-01T12:10:00Z`, with milliseconds only where they aren't zero. */
export function formatEventTime(time: EventTimeMs | WallTimeMs): string {
  const days = Math.floor(time / dayMs);
  const { year, month, day } = civilFromDays(days);
  let rest = time - days * dayMs;
  const hour = Math.floor(rest / 3_600_000);
  rest -= hour * 3_600_000;
  const minute = Math.floor(rest / 60_000);
  rest -= minute * 60_000;
  const second = Math.floor(rest / 1_000);
  const ms = rest - second * 1_000;
  const fraction = ms === 0 ? "" : `.${padded(ms, 3)}`;
  return `${padded(year, 4)}-${padded(month, 2)}-${padded(day, 2)}T${padded(hour, 2)}:${padded(minute, 2)}:${padded(second, 2)}${fraction}Z`;
}

/** The end (exclusive) of the bucket of length `width` that holds `time`; buckets are aligned to the epoch. */
export function bucketEnd(time: EventTimeMs, width: DurationMs): EventTimeMs {
  return bucketStart(time, width) + width;
}

/** The start of the bucket that holds `time`: also the last bucket boundary at or before it. */
export function bucketStart(time: EventTimeMs, width: DurationMs): EventTimeMs {
  return Math.floor(time / width) * width;
}

/** NaN where one of the characters is no digit. */
function digits(text: string, start: number, count: number): number {
  let value = 0;
  for (let i = start; i < start + count; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

function fractionMs(text: string): { ms: number; end: number } | undefined {
  if (text[19] !== ".") return { ms: 0, end: 19 };
  let end = 20;
  let ms = 0;
  for (; end < text.length; end++) {
    const digit = text.charCodeAt(end) - 48;
    if (!(digit >= 0 && digit <= 9)) break;
    if (end < 23) ms += digit * 10 ** (22 - end);
  }
  return end === 20 ? undefined : { ms, end };
}

function zoneOffsetMs(text: string, start: number): number | undefined {
  if (start === text.length) return 0;
  if (text[start] === "Z") return start + 1 === text.length ? 0 : undefined;
  const sign = text[start] === "+" ? 1 : text[start] === "-" ? -1 : 0;
  if (sign === 0 || text.length !== start + 6 || text[start + 3] !== ":") return undefined;
  const hour = digits(text, start + 1, 2);
  const minute = digits(text, start + 4, 2);
  return hour <= 23 && minute <= 59 ? sign * (hour * 3_600_000 + minute * 60_000) : undefined;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Days since 1970-01-01 of a proleptic Gregorian date. @see https://howardhinnant.github.io/date_algorithms.html */
function daysFromEpoch(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

function civilFromDays(days: number): { year: number; month: number; day: number } {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1_460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1;
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}

function padded(value: number, width: number): string {
  return String(value).padStart(width, "0");
}
