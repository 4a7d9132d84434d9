import { existsSync } from "node:fs";
import { join } from "node:path";
import { formatEventTime } from "../../shared/core/time.ts";
import type { ScopeProgress } from "../../shared/runtime/progress.ts";
import { pipelineNamed } from "../../shared/settings/settings.ts";
import { hasEventTimes, watermarkText } from "../replay/summary.ts";
import { stateFile } from "../runner/state-directory.ts";
import { readStoredProgress } from "../runner/stored-progress.ts";
import type { CommandIo } from "./io.ts";
import { keyValues, pipelineConfig } from "./options.ts";
import { UsageError } from "./usage-error.ts";

export interface WatermarksFlags {
  readonly pipeline: string;
  readonly state: string;
  readonly set: readonly string[];
  readonly json: boolean;
}

/** A source partition, or all of them together. */
interface Line {
  readonly topic: string;
  readonly partition: number | "all";
  /** Of all source partitions that count together with it. */
  readonly watermark: string | null;
  /** Behind the wall clock. */
  readonly lagMs: number | null;
  readonly highestEventTime?: string | null;
  readonly nextOffset?: number;
  readonly idle?: boolean;
}

/** `tidemark watermarks`: a line per source partition, and, where all partitions have one watermark, a line for that. */
export async function watermarksCommand(flags: WatermarksFlags, io: CommandIo): Promise<void> {
  const name = pipelineNamed(flags.pipeline);
  const configured = (partitions: number) => pipelineConfig(name, keyValues(flags.set), partitions);
  const config = configured(1);
  if (!existsSync(join(flags.state, stateFile))) {
    throw new UsageError(`there is no state in ${flags.state}; tidemark start or tidemark replay makes one`);
  }
  const progress = await readStoredProgress(flags.state, name, configured);
  if (!progress) {
    throw new UsageError(
      `${name} has not run with the state in ${flags.state}; tidemark replay --pipeline ${name} does`,
    );
  }
  const isTimed = hasEventTimes(config);
  for (const line of progress.flatMap(isTimed ? linesOf : positionsOf)) {
    io.out(flags.json ? JSON.stringify(line) : textOf(line, isTimed));
  }
}

/** By partition, then by topic. */
function linesOf({ name, watermark, sources }: ScopeProgress): Line[] {
  const lagMs = watermark === undefined ? null : Date.now() - watermark;
  const shown = { watermark: watermarkText(watermark), lagMs };
  const lines = sources.map(({ topic, partition, row: { highest, next, idle } }): Line => {
    const highestEventTime = highest === undefined ? null : formatEventTime(highest);
    return { topic, partition, ...shown, highestEventTime, nextOffset: next.offset, idle };
  });
  const [first] = lines;
  return first && name === "all" ? [...lines, { topic: first.topic, partition: "all", ...shown }] : lines;
}

/** Without event times there is no watermark. */
function positionsOf({ sources }: ScopeProgress): Line[] {
  return sources.map(({ topic, partition, row }) => ({
    ...{ topic, partition, watermark: null, lagMs: null },
    nextOffset: row.next.offset,
  }));
}

function textOf(line: Line, isTimed: boolean): string {
  const { topic, partition, watermark, lagMs, highestEventTime, nextOffset, idle } = line;
  const parts = [
    `${topic}-${partition}`,
    isTimed ? (watermark ?? "no watermark yet") : "no event times, so no watermark",
    ...(isTimed ? [`lag ${lagMs === null ? "-" : `${lagMs} ms`}`] : []),
    ...(highestEventTime === undefined ? [] : [`highest ${highestEventTime ?? "-"}`]),
    ...(nextOffset === undefined ? [] : [`next offset ${nextOffset}`]),
    ...(idle ? ["idle"] : []),
  ];
  return parts.join("  ");
}
