/** A number as it stands in the text: JSON.parse alone would round the long ones. */
export class NumberText {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** The object that a text holds, `undefined` where it holds none. */
export function objectIn(text: string): Record<string, unknown> | undefined {
  const keepNumbers = (_key: string, value: unknown, context?: { source?: string }) =>
    typeof value === "number" ? new NumberText(context?.source ?? String(value)) : value;
  try {
    const value: unknown = JSON.parse(text, keepNumbers as (key: string, value: unknown) => unknown);
    if (typeof value !== "object" || value === null || Array.isArray(value) || value instanceof NumberText)
      return undefined;
    return value as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** A non-empty string that UTF-8 can hold, or an integer as its digits. */
export function idIn(value: unknown): string | undefined {
  if (typeof value === "string") return value === "" || !value.isWellFormed() ? undefined : value;
  return value instanceof NumberText && /^-?\d+$/.test(value.text) ? value.text : undefined;
}

/** Text, be it empty. */
export function textIn(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** Text, or null where there is none; `undefined` for anything else. */
export function optionalTextIn(value: unknown): string | null | undefined {
  if (value === undefined || value === null) return null;
  return typeof value === "string" ? value : undefined;
}

const timeForm = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:(Z)|([+-])(\d\d):(\d\d))?$/;
const years = { first: Date.UTC(1970, 0, 1), end: Date.UTC(10_000, 0, 1) };

/** Milliseconds since 1970 of a text such as `2024-01-01T12:10:00.5+02:00`, or of a whole number of them. */
export function timeIn(value: unknown): number | undefined {
  const time =
    value instanceof NumberText ? Number(value.text) : typeof value === "string" ? timeInText(value) : undefined;
  return time !== undefined && Number.isInteger(time) && time >= years.first && time < years.end ? time : undefined;
}

function timeInText(text: string): number | undefined {
  const form = timeForm.exec(text);
  if (!form) return undefined;
  const [year, month, day, hour, minute, second] = form.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const ms = Number((form[7] ?? "").slice(0, 3).padEnd(3, "0"));
  const time = Date.UTC(year, month - 1, day, hour, minute, second, ms);
  // Date.UTC makes March 1 of February 30, and 13:00 of 12:60: what comes back must be what went in.
  if (new Date(time).toISOString().slice(0, 19) !== text.slice(0, 19)) return undefined;
  const [zoneHour, zoneMinute] = [Number(form[10] ?? 0), Number(form[11] ?? 0)];
  if (zoneHour > 23 || zoneMinute > 59) return undefined;
  return time - (form[9] === "-" ? -1 : 1) * (zoneHour * 3_600_000 + zoneMinute * 60_000);
}
