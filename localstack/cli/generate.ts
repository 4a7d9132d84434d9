import { closeSync, openSync, writeSync } from "node:fs";
import { parseEventTime } from "../../shared/core/time.ts";
import { pipelineNamed } from "../../shared/settings/settings.ts";
import { recordedTraffic } from "../generate/recorded-traffic.ts";
import { sampleData } from "../generate/sample-data.ts";
import type { RecordLine } from "../record-file/record-line.ts";
import type { CommandIo } from "./io.ts";
import { wholeNumberFrom } from "./options.ts";
import { UsageError } from "./usage-error.ts";

export interface GenerateFlags {
  readonly pipeline: string;
  readonly records: string;
  readonly seed: string;
  readonly partitions: string;
  readonly users: string;
  readonly start: string;
  readonly rate: string;
  readonly sample: boolean;
  readonly output?: string;
}

const linesPerWrite = 2_000;

/** `tidemark generate`: sample records as a record file. */
export async function generateCommand(flags: GenerateFlags, io: CommandIo): Promise<void> {
  const { plan, sample } = sampleData[pipelineNamed(flags.pipeline)];
  const start = parseEventTime(flags.start);
  if (start === undefined)
    throw new UsageError(`--start takes a time such as 2024-01-01T12:00:00Z, not "${flags.start}"`);
  const records = recordedTraffic(plan, {
    records: wholeNumberFrom(flags.records, "--records", 0, 1e9),
    seed: wholeNumberFrom(flags.seed, "--seed", 0, 2 ** 32 - 1),
    partitions: wholeNumberFrom(flags.partitions, "--partitions", 1, 10_000),
    users: wholeNumberFrom(flags.users, "--users", 1, 10_000_000),
    ratePerSecond: wholeNumberFrom(flags.rate, "--rate", 1, 1e6),
    start,
  });
  const chosen = flags.sample ? sample : records;
  if (flags.output === undefined) for (const record of chosen) io.out(JSON.stringify(record));
  else writeRecords(chosen, flags.output);
}

/** Writes a record file. @throws {UsageError} it can't be written. */
export function writeRecords(records: Iterable<RecordLine>, output: string): void {
  const file = openForWriting(output);
  let lines: string[] = [];
  const flush = () => {
    writeSync(file, lines.join(""));
    lines = [];
  };
  for (const record of records) {
    lines.push(`${JSON.stringify(record)}\n`);
    if (lines.length === linesPerWrite) flush();
  }
  flush();
  closeSync(file);
}

function openForWriting(path: string): number {
  try {
    return openSync(path, "w");
  } catch {
    throw new UsageError(`${path} can't be written; give another file with --output`);
  }
}
