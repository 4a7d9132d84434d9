import { join } from "node:path";
import {
  type BackfillApp,
  type BackfillProgress,
  backfill,
  type SendingSink,
} from "../../functions/backfill/backfill.ts";
import { BackfillRefused, type BackfillRequest } from "../../functions/backfill/run.ts";
import { wire } from "../../functions/backfill/wiring.ts";
import { parseEventTime } from "../../shared/core/time.ts";
import type { EventTimeMs } from "../../shared/core/units.ts";
import { silentMeter } from "../../shared/ports/meter.ts";
import { recordsRead } from "../../shared/runtime/counts.ts";
import { storeSink } from "../../shared/runtime/immediate-sinks.ts";
import { settingDefinitions } from "../../shared/settings/pipeline-definitions.ts";
import { parquetFormat } from "../../shared/sinks/parquet/parquet-format.ts";
import { PostgresEventRows } from "../../shared/sources/postgres/postgres-event-rows.ts";
import { systemClock } from "../embedded/system-clock.ts";
import { RunNotes } from "../replay/run-notes.ts";
import { openLocalDatabase } from "../runner/local-stores.ts";
import { claimOutput, holdState } from "../runner/state-directory.ts";
import { openWorld } from "../runner/world.ts";
import { backfillLine, backfillText } from "./backfill-text.ts";
import type { CommandIo } from "./io.ts";
import { keyValues, partitionsByDefault, pipelineConfig } from "./options.ts";
import { stopOnSignal } from "./stop-on-signal.ts";
import { UsageError } from "./usage-error.ts";

export interface BackfillFlags {
  readonly start: string;
  readonly end: string;
  readonly sink?: string;
  readonly abandon: boolean;
  readonly postgres?: string;
  readonly aws: boolean;
  readonly state?: string;
  readonly out: string;
  readonly set: readonly string[];
  readonly json: boolean;
}

/** `tidemark backfill`: events out of their Postgres table into the sinks, here or on AWS. @returns 1 where it was stopped before its end. */
export async function backfillCommand(flags: BackfillFlags, io: CommandIo): Promise<number> {
  const request = requestOf(flags);
  const stopping = stopOnSignal();
  try {
    return await (flags.aws ? onAws(flags, request, stopping.signal, io) : here(flags, request, stopping.signal, io));
  } catch (error) {
    throw error instanceof BackfillRefused ? new UsageError(error.message, { cause: error }) : error;
  } finally {
    stopping.release();
  }
}

async function onAws(flags: BackfillFlags, request: BackfillRequest, signal: AbortSignal, io: CommandIo) {
  const app = await wire({ ...process.env, ...(flags.postgres !== undefined && { POSTGRES_URL: flags.postgres }) });
  try {
    return await run(app, request, signal, flags, io);
  } finally {
    await app.close();
  }
}

/** Into the state and the outputs of this machine, with the pipeline's own sinks, and the one that is asked for. */
async function here(flags: BackfillFlags, request: BackfillRequest, signal: AbortSignal, io: CommandIo) {
  const url = flags.postgres ?? process.env.POSTGRES_URL;
  if (url === undefined)
    throw new UsageError("no table to read: give --postgres postgres://USER:PASSWORD@HOST/DATABASE");
  const rows = new PostgresEventRows({ url });
  let database: ReturnType<typeof openHere> | undefined;
  const held = holdState(flags.state ?? join(flags.out, "state"));
  try {
    claimOutput(flags.out, held.store);
    const { store, path: statePath } = held;
    const notes = new RunNotes(store, "engagement");
    notes.partitions ??= partitionsByDefault;
    const config = pipelineConfig("engagement", settingsOf(flags, request), notes.partitions);
    const sending = { batchMax: 100, deliveryTries: 5 };
    const world = await openWorld({ pipelines: [config], store, statePath, outDirectory: flags.out, ...sending });
    const { objects, delivery } = world;
    const app: BackfillApp = {
      settings: config.settings as BackfillApp["settings"],
      surroundings: {
        ...{ store, objects, rowFormat: parquetFormat, clock: systemClock, meter: silentMeter },
        ...{ futureClock: "wall", expires: true },
      },
      rows,
      openSink: async (name) => {
        database = openHere(name);
        return storeSink(database.name, database.store);
      },
      afterPortion: async () => {
        await delivery?.start();
        await delivery?.finished();
        await store.group(async () => delivery?.remember());
      },
    };
    try {
      return await run(app, request, signal, flags, io);
    } finally {
      await world.close();
    }
  } finally {
    held.close();
    await database?.store.close();
    await rows.close();
  }
}

async function run(
  app: BackfillApp,
  request: BackfillRequest,
  signal: AbortSignal,
  flags: BackfillFlags,
  io: CommandIo,
) {
  const started = performance.now();
  let last: BackfillProgress | undefined;
  let rowsBefore: number | undefined;
  for await (const progress of backfill(app, request, signal)) {
    // What an earlier run has done says nothing about this one's speed.
    rowsBefore ??= progress.rows;
    last = progress;
    io.status(backfillLine(progress, progress.rows - rowsBefore, (performance.now() - started) / 1_000));
  }
  io.status("");
  if (!last) return 0;
  for (const line of flags.json ? [JSON.stringify(last)] : backfillText(last, recordsRead(last.counts))) io.out(line);
  return last.isDone ? 0 : 1;
}

function requestOf({ start, end, sink: name, abandon }: BackfillFlags): BackfillRequest {
  const known = settingDefinitions.engagement.sinks.known;
  const sink = known.find((one) => one === name);
  if (name !== undefined && !sink) throw new UsageError(`--sink takes one of ${known.join(", ")}, not "${name}"`);
  return { start: timeOf("--start", start), end: timeOf("--end", end), abandon, ...(sink && { sink }) };
}

function timeOf(option: string, text: string): EventTimeMs {
  const time = parseEventTime(text);
  if (time !== undefined) return time;
  throw new UsageError(`${option} takes a time such as 2024-01-01T00:00:00Z, not "${text}"`);
}

function settingsOf({ set }: BackfillFlags, { sink }: BackfillRequest): Record<string, unknown> {
  const given = keyValues(set);
  const own = given.sinks?.split(",") ?? settingDefinitions.engagement.sinks.default;
  return { ...given, sinks: [...new Set([...own, ...(sink ? [sink] : [])])] };
}

function openHere(name: SendingSink) {
  if (name === "clickhouse" || name === "redis") return { name, store: openLocalDatabase(name, process.env) };
  throw new UsageError(
    `the outputs of ${name} are files here, which follow from the state; leave out --sink, or give --aws to repair a deployment's`,
  );
}
