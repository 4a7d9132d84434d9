import { existsSync } from "node:fs";
import { join } from "node:path";
import { formatEventTime } from "../../shared/core/time.ts";
import { watermarkOf } from "../../shared/core/watermark.ts";
import { attribution } from "../../shared/pipelines/attribution/attribution.ts";
import { readRowKey } from "../../shared/runtime/keys.ts";
import { type PartitionRow, readRow } from "../../shared/runtime/partition-row.ts";
import { pipelineNamed, readSettings } from "../../shared/settings/settings.ts";
import { readProgress, stateFile } from "../runner/state-directory.ts";
import type { CommandIo } from "./io.ts";
import { keyValues } from "./options.ts";
import { UsageError } from "./usage-error.ts";

export interface WatermarksFlags {
  readonly pipeline: string;
  readonly state: string;
  readonly set: readonly string[];
  readonly json: boolean;
}

interface SourceLine {
  readonly topic: string;
  readonly partition: number;
  readonly row: PartitionRow;
}

/** `tidemark watermarks`: one line per source partition; the watermark is that of its partition over all sources. */
export async function watermarksCommand(flags: WatermarksFlags, io: CommandIo): Promise<void> {
  const name = pipelineNamed(flags.pipeline);
  const settings = readSettings(name, keyValues(flags.set));
  const { allowedLateness } = settings;
  const topics = attribution(settings).sources;
  if (!existsSync(join(flags.state, stateFile))) {
    throw new UsageError(`there is no state in ${flags.state}; tidemark start or tidemark replay makes one`);
  }
  const sources = readProgress(flags.state).flatMap((document): SourceLine[] => {
    const key = readRowKey(document.key);
    return key?.pipeline === name ? [{ topic: key.topic, partition: key.partition, row: readRow(document) }] : [];
  });
  for (const { topic, partition, row } of sources.sort(byPartition)) {
    const together = topics.map((name) =>
      sources.find((other) => other.topic === name && other.partition === partition),
    );
    const highest = together.filter((other) => !other?.row.idle).map((other) => other?.row.highest);
    const watermark = watermarkOf(highest, allowedLateness, undefined);
    const lag = watermark === undefined ? null : Date.now() - watermark;
    const seen = row.highest === undefined ? null : formatEventTime(row.highest);
    const shown = watermark === undefined ? null : formatEventTime(Math.max(watermark, 0));
    io.out(
      flags.json
        ? JSON.stringify({
            topic,
            partition,
            watermark: shown,
            lagMs: lag,
            highestEventTime: seen,
            nextOffset: row.next.offset,
            idle: row.idle,
          })
        : `${topic}-${partition}  ${shown ?? "no watermark yet"}  lag ${lag === null ? "-" : `${lag} ms`}  highest ${seen ?? "-"}  next offset ${row.next.offset}${row.idle ? "  idle" : ""}`,
    );
  }
}

function byPartition(a: SourceLine, b: SourceLine): number {
  return a.partition - b.partition || (a.topic < b.topic ? -1 : 1);
}
