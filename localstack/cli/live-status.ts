import type { PipelineConfig } from "../../functions/catalog.ts";
import type { DurationMs, WallTimeMs } from "../../shared/core/units.ts";
import { summarize } from "../replay/summary.ts";
import type { World } from "../runner/world.ts";

const headings = [
  "",
  "records/s",
  "accepted",
  "duplicate",
  "rejected",
  "of them late",
  "results",
  "final rows",
  "watermark",
] as const;

/** What the columns mean that don't say so themselves. */
export const legend =
  "results: sent at once, and again when they change. final rows: written when nothing can change them any more. watermark: event time up to which that holds.";

/** Makes tables of how far each pipeline has come: a line for each, numbers below each other. */
export function liveStatus(world: World, configs: readonly PipelineConfig[]) {
  const before = new Map<string, { readonly at: number; readonly read: number }>();
  return async (now: WallTimeMs): Promise<string[]> => {
    const lines = await Promise.all(configs.map((config) => lineOf(world, config, before, now)));
    return tableOf([[`${new Date(now).toISOString().slice(11, 19)}Z`, ...headings.slice(1)], ...lines]);
  };
}

async function lineOf(
  world: World,
  config: PipelineConfig,
  before: Map<string, { readonly at: number; readonly read: number }>,
  now: WallTimeMs,
): Promise<string[]> {
  const { name } = config;
  const summary = await summarize(config, world.pipelineNamed(name), {});
  const counts = Object.values(summary.records);
  const sum = (part: (one: (typeof counts)[number]) => number) => counts.reduce((total, one) => total + part(one), 0);
  const read = sum((one) => one.read);
  const last = before.get(name);
  before.set(name, { at: now, read });
  const rate = last ? Math.round((1_000 * (read - last.read)) / Math.max(now - last.at, 1)) : 0;
  const rejected = sum((one) => Object.values(one.rejected).reduce((total, count) => total + count, 0));
  const [outputs] = Object.values(summary.outputs);
  const numbers = [
    ...[rate, sum((one) => one.accepted), sum((one) => one.duplicate), rejected, sum((one) => one.rejected.late)],
    ...[outputs?.revisions ?? 0, outputs?.finals ?? 0],
  ];
  return [name, ...numbers.map((number) => number.toLocaleString("en")), watermarkCell(summary.watermarks, now)];
}

/** The least of a pipeline's watermarks, as the time that it is behind the clock. */
function watermarkCell(watermarks: Readonly<Record<string, string | null>>, now: WallTimeMs): string {
  const times = Object.values(watermarks);
  if (times.length === 0) return "-";
  if (times.includes(null)) return "not yet";
  const least = Math.min(...times.map((time) => Date.parse(String(time))));
  return `${minutesText(Math.max(now - least, 0))} ago`;
}

function minutesText(duration: DurationMs): string {
  const seconds = Math.round(duration / 1_000);
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m ${String(seconds % 60).padStart(2, "0")}s`;
}

/** The first column from the left, the others from the right. */
function tableOf(rows: readonly (readonly string[])[]): string[] {
  const widths = headings.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join("  "),
  );
}
