import type { DurationMs } from "./units.ts";

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const iso8601 = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d{1,3}))?S)?)?$/;

/** Reads `500ms`, `90s`, `2m`, `24h`, `7d`, or ISO 8601 (`PT5M`, `P1DT12H`, weeks to milliseconds). `undefined` for anything else. */
export function parseDuration(text: string): DurationMs | undefined {
  const short = /^(\d+)(ms|s|m|h|d)$/.exec(text);
  const value = short ? Number(short[1]) * unitMs[short[2] as keyof typeof unitMs] : parseIso8601(text);
  return value !== undefined && Number.isSafeInteger(value) ? value : undefined;
}

/** The shortest text that `parseDuration` reads back to the same value: `90s`, `2m`, `24h`. */
export function formatDuration(duration: DurationMs): string {
  for (const name of ["d", "h", "m", "s"] as const) {
    if (duration >= unitMs[name] && duration % unitMs[name] === 0) return `${duration / unitMs[name]}${name}`;
  }
  return `${duration}ms`;
}

function parseIso8601(text: string): number | undefined {
  const parts = iso8601.exec(text);
  if (!parts || text.endsWith("P") || text.endsWith("T")) return undefined;
  const [weeks, days, hours, minutes, seconds] = parts.slice(1, 6).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const ms = Number((parts[6] ?? "").padEnd(3, "0"));
  return weeks * 7 * unitMs.d + days * unitMs.d + hours * unitMs.h + minutes * unitMs.m + seconds * unitMs.s + ms;
}
