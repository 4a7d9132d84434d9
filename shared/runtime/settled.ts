import type { EventTimeMs } from "../core/units.ts";
import type { Watermark } from "../core/watermark.ts";

/**
 * Results that wait for their bucket to close, one per line: the bucket's end, a blank, and JSON. As text they cost a write next to
 * nothing, and a read nothing at all; only the closing of their bucket parses them.
 */
export type SettledLines = string;

/** With one more result. */
export function addSettled(lines: SettledLines, bucketEnd: EventTimeMs, stored: unknown): SettledLines {
  return `${lines}${bucketEnd} ${JSON.stringify(stored)}\n`;
}

/** Without the results of closed buckets, once the oldest is among them. */
export function dropClosed(lines: SettledLines, closed: Watermark): SettledLines {
  if (closed === undefined || lines === "" || endOf(lines) > closed) return lines;
  return linesOf(lines)
    .filter((line) => endOf(line) > closed)
    .map((line) => `${line}\n`)
    .join("");
}

/** The results of one bucket, parsed. */
export function settledIn(lines: SettledLines, bucketEnd: EventTimeMs): unknown[] {
  const prefix = `${bucketEnd} `;
  return linesOf(lines).flatMap((line) => (line.startsWith(prefix) ? [JSON.parse(line.slice(prefix.length))] : []));
}

function linesOf(lines: SettledLines): string[] {
  return lines.split("\n").filter((line) => line !== "");
}

function endOf(line: string): EventTimeMs {
  return Number.parseInt(line, 10);
}
