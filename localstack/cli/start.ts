import { rmSync } from "node:fs";
import { join } from "node:path";
import { readSettings } from "../../shared/settings/settings.ts";
import { FileLog } from "../embedded/file-log.ts";
import { liveTraffic } from "../generate/attribution-traffic.ts";
import { sampleRecords } from "../generate/sample.ts";
import { ReplayNotes } from "../replay/progress-note.ts";
import { type Summary, summarize } from "../replay/summary.ts";
import { openLog, runLive } from "../runner/live.ts";
import { claimOutput, holdState, makeWritable } from "../runner/state-directory.ts";
import { openWorld } from "../runner/world.ts";
import { writeRecords } from "./generate.ts";
import type { CommandIo } from "./io.ts";
import { wholeNumberFrom } from "./options.ts";
import { query } from "./query.ts";
import { replayCommand } from "./replay.ts";

export interface StartFlags {
  readonly once: boolean;
  readonly directory: string;
  readonly rate: string;
  readonly seed: string;
}

const partitions = 3;
const liveUsers = 5_000;

/** `tidemark start`: the sample, and then live traffic until Ctrl-C. */
export async function startCommand(flags: StartFlags, io: CommandIo): Promise<void> {
  const ratePerSecond = wholeNumberFrom(flags.rate, "--rate", 1, 20_000);
  const seed = wholeNumberFrom(flags.seed, "--seed", 0, 2 ** 32 - 1);
  await runSample(join(flags.directory, "sample"), io);
  if (!flags.once) await runLiveTraffic(join(flags.directory, "live"), { ratePerSecond, seed }, io);
}

/** The twelve records that everyone sees first, always from fresh state. */
async function runSample(directory: string, io: CommandIo): Promise<void> {
  rmSync(directory, { recursive: true, force: true });
  makeWritable(directory, "--directory");
  const input = join(directory, "sample.ndjson");
  writeRecords(sampleRecords, input);
  const quiet = { ...io, out: () => {} };
  const flags = { pipeline: "attribution", input, out: directory, set: [], batch: "500", drain: true, json: false };
  await replayCommand({ ...flags, state: join(directory, "state"), partitions: String(partitions) }, quiet);
  io.out(
    "Six ad clicks and six page views went through the attribution pipeline. Each page view and the click it is attributed to:",
  );
  io.out("");
  const code = await query(
    `select page_view_id, user_id, event_time, attributed_campaign_id, attributed_click_id
     from attributed_page_views order by page_view_id`,
    { out: directory, json: false },
    io,
  );
  if (code !== 0) throw new Error("the sample's output can't be read");
  io.out("");
  io.out(`Final rows, as S3 would hold them:  ${join(directory, "s3")}`);
  io.out(`What the HTTP endpoint got:         ${join(directory, "http", "deliveries.ndjson")}`);
  io.out(`The records that went in:           ${input}`);
  io.out("");
  io.out("Try next:");
  io.out(`  npm run -s tidemark -- query "select * from attributed_page_views" --out ${directory}`);
  io.out("  npm run -s tidemark -- generate --pipeline attribution --records 200000 --output records.ndjson");
  io.out("  npm run -s tidemark -- replay --pipeline attribution --input records.ndjson --out out");
}

async function runLiveTraffic(
  directory: string,
  { ratePerSecond, seed }: { ratePerSecond: number; seed: number },
  io: CommandIo,
) {
  const held = holdState(join(directory, "state"));
  try {
    claimOutput(directory, held.store);
    const notes = new ReplayNotes(held.store);
    notes.partitions = partitions;
    const settings = readSettings("attribution", {});
    const sinks = new Set(["s3", "http"] as const);
    const world = await openWorld({
      settings,
      partitions,
      sinks,
      store: held.store,
      statePath: held.path,
      outDirectory: directory,
      futureClock: "wall",
      durable: true,
      batchMax: 100,
      deliveryTries: Number.POSITIVE_INFINITY,
    });
    const log = new FileLog(join(directory, "topics"));
    await openLog(world, log);
    const traffic = liveTraffic({ seed, start: Date.now(), users: liveUsers, partitions, ratePerSecond });
    const stopping = stopOnSignal();
    io.out("");
    io.out(
      `Live traffic of ${liveUsers} users, about ${ratePerSecond} records a second, into ${directory}; Ctrl-C stops it.`,
    );
    const status = setInterval(() => showStatus(io, world).catch((error) => io.err(String(error))), 1_000);
    try {
      await runLive(world, { log, traffic: (now) => traffic.next(now), signal: stopping.signal });
    } finally {
      clearInterval(status);
      stopping.release();
      await world.close();
    }
    io.out("Stopped. Nothing is lost: npm start goes on from here.");
  } finally {
    held.close();
  }
}

/** The first signal asks for an orderly stop, the second ends the process as it would by default. */
function stopOnSignal() {
  const controller = new AbortController();
  const stop = () => controller.abort();
  process.once("SIGINT", stop).once("SIGTERM", stop);
  return { signal: controller.signal, release: () => void process.off("SIGINT", stop).off("SIGTERM", stop) };
}

let before: { at: number; read: number } | undefined;

async function showStatus(io: CommandIo, world: Parameters<typeof runLive>[0]): Promise<void> {
  const summary = await summarize(world.engine, {});
  const totals = totalsOf(summary);
  const now = performance.now();
  const rate = before ? Math.round((1_000 * (totals.read - before.read)) / (now - before.at)) : 0;
  before = { at: now, read: totals.read };
  const watermarks = Object.entries(summary.watermarks).map(
    ([partition, time]) => `${partition} ${time?.slice(11, 19) ?? "-"}`,
  );
  const { revisions, finals } = Object.values(summary.outputs)[0] ?? { revisions: 0, finals: 0 };
  io.out(
    `${new Date().toISOString().slice(11, 19)}Z  ${rate}/s  watermarks ${watermarks.join("  ")}  late ${totals.late}  ` +
      `rejected ${totals.rejected}  duplicate ${totals.duplicate}  attributed ${revisions}  final ${finals}`,
  );
}

function totalsOf({ records }: Summary) {
  const totals = { read: 0, duplicate: 0, late: 0, rejected: 0 };
  for (const { read, duplicate, rejected } of Object.values(records)) {
    totals.read += read;
    totals.duplicate += duplicate;
    totals.late += rejected.late;
    totals.rejected += rejected.late + rejected.malformed + rejected.future + rejected.oversized;
  }
  return totals;
}
