import { accessSync, constants, statSync } from "node:fs";
import { join } from "node:path";
import { pipelineNamed, readSettings } from "../../shared/settings/settings.ts";
import { RecordLineError } from "../record-file/parse-line.ts";
import { type ReplayResult, replay } from "../replay/replay.ts";
import { RunNotes, unfinishedOther } from "../replay/run-notes.ts";
import { type Scan, scanRecords } from "../replay/scan.ts";
import { claimOutput, holdState } from "../runner/state-directory.ts";
import { openWorld } from "../runner/world.ts";
import type { CommandIo } from "./io.ts";
import { keyValues, partitionsByDefault, partitionsMax, pipelineConfig, wholeNumberFrom } from "./options.ts";
import { UsageError } from "./usage-error.ts";

export interface ReplayFlags {
  readonly pipeline: string;
  readonly input: string;
  readonly state?: string;
  readonly out: string;
  readonly set: readonly string[];
  readonly sinks?: string;
  readonly batch: string;
  readonly partitions?: string;
  readonly drain: boolean;
  readonly json: boolean;
}

/** `tidemark replay`: runs a recorded input through the real handlers. */
export async function replayCommand(flags: ReplayFlags, io: CommandIo): Promise<void> {
  const { name, given, asked } = settingsOf(flags);
  const batchMax = wholeNumberFrom(flags.batch, "--batch", 1, 10_000);
  checkReadable(flags.input);
  const held = holdState(flags.state ?? join(flags.out, "state"));
  try {
    claimOutput(flags.out, held.store);
    const other = unfinishedOther(held.store, name);
    if (other) {
      throw new UsageError(
        `a replay of ${other} into this state has not come to its end; run it again first, or give another --state and --out`,
      );
    }
    const notes = new RunNotes(held.store, name);
    const { scan, partitions } = choosePartitions(flags.input, asked, notes);
    notes.partitions = partitions;
    const config = pipelineConfig(name, given, partitions);
    const world = await openWorld({
      pipelines: [config],
      store: held.store,
      statePath: held.path,
      outDirectory: flags.out,
      replayBegan: notes.begunAt(Date.now()),
      batchMax: 100,
      deliveryTries: 5,
    });
    try {
      const onProgress = (progress: { bytes: number; records: number; seconds: number }) =>
        io.status(progressLine(progress, scan));
      const options = { config, input: flags.input, scan, batchMax, drain: flags.drain, outDirectory: flags.out };
      const result = await replay(world, { ...options, onProgress });
      io.status("");
      for (const line of flags.json ? [JSON.stringify(result)] : describe(result, flags.out)) io.out(line);
    } finally {
      await world.close();
    }
  } finally {
    held.close();
  }
}

/** What is said of the pipeline, checked before anything is touched. `asked`: the number of partitions, where it is said. */
function settingsOf(flags: ReplayFlags) {
  const name = pipelineNamed(flags.pipeline);
  const given = {
    ...keyValues(flags.set),
    ...(flags.sinks !== undefined && { sinks: flags.sinks.split(",").map((sink) => sink.trim()) }),
  };
  const { partitions } = readSettings(name, given);
  const asked =
    flags.partitions === undefined ? partitions : wholeNumberFrom(flags.partitions, "--partitions", 1, partitionsMax);
  return { name, given, asked };
}

function checkReadable(input: string): void {
  try {
    accessSync(input, constants.R_OK);
    if (statSync(input).isFile()) return;
  } catch {}
  throw new UsageError(`${input} can't be read; give a record file with --input`);
}

/** The number of partitions: the state's own, else the one asked for, else what the file needs. */
function choosePartitions(
  input: string,
  asked: number | undefined,
  notes: RunNotes,
): { scan: Scan; partitions: number } {
  if (asked !== undefined) notes.checkPartitions(asked);
  const known = notes.partitions ?? asked;
  try {
    const scan = scanRecords(input, known);
    const needed = Math.max(
      scan.highestPartition + 1,
      scan.lacksPartition || scan.highestPartition < 0 ? partitionsByDefault : 1,
    );
    if (needed > partitionsMax)
      throw new UsageError(
        `${input} names partition ${needed - 1}; at most ${partitionsMax} partitions can be replayed`,
      );
    return { scan, partitions: known ?? needed };
  } catch (error) {
    if (error instanceof RecordLineError) throw new UsageError(`${input}: ${error.message}`, { cause: error });
    throw error;
  }
}

function progressLine(
  { bytes, records, seconds }: { bytes: number; records: number; seconds: number },
  scan: Scan,
): string {
  const part = Math.floor((100 * bytes) / Math.max(scan.bytes, 1));
  const rate = Math.round(records / Math.max(seconds, 0.001));
  return `replaying ${part} %  ${records.toLocaleString("en")} records  ${rate.toLocaleString("en")}/s`;
}

function describe(result: ReplayResult, out: string): string[] {
  const topics = Object.entries(result.records).map(([topic, { read, accepted, duplicate, ignored, rejected }]) => {
    const refused = Object.entries(rejected).flatMap(([reason, count]) => (count > 0 ? [`${count} ${reason}`] : []));
    return `${topic}: ${read} read, ${accepted} accepted, ${duplicate} duplicate, ${ignored} ignored${refused.length > 0 ? `, rejected: ${refused.join(", ")}` : ""}`;
  });
  const outputs = Object.entries(result.outputs).map(
    ([dataset, { revisions, finals }]) => `${dataset}: ${revisions} revisions, ${finals} final rows`,
  );
  return [
    ...topics,
    ...outputs,
    `${result.seconds} s, ${result.recordsPerSecond} records/s; the outputs are in ${out}`,
  ];
}
