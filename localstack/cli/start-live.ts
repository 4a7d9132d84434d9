import { join } from "node:path";
import type { PipelineConfig } from "../../functions/catalog.ts";
import type { WallTimeMs } from "../../shared/core/units.ts";
import { FileLog } from "../embedded/file-log.ts";
import { liveTraffic } from "../generate/live-traffic.ts";
import { sampleData } from "../generate/sample-data.ts";
import type { RecordLine } from "../record-file/record-line.ts";
import { RunNotes } from "../replay/run-notes.ts";
import { HttpApi } from "../runner/http-api.ts";
import { openLog, runLive } from "../runner/live.ts";
import { localApi } from "../runner/local-api.ts";
import { logProducer } from "../runner/log-producer.ts";
import { claimOutput, holdState } from "../runner/state-directory.ts";
import { openWorld, type World } from "../runner/world.ts";
import type { CommandIo } from "./io.ts";
import { legend, liveStatus } from "./live-status.ts";
import { partitionsByDefault } from "./options.ts";
import { stopOnSignal } from "./stop-on-signal.ts";
import { UsageError } from "./usage-error.ts";

export interface LiveTrafficOptions {
  readonly configs: readonly PipelineConfig[];
  /** Of all topics together. */
  readonly ratePerSecond: number;
  readonly seed: number;
  /** Of the API; any free one, if need be, where it isn't said. */
  readonly port?: number;
}

const users = 5_000;
const statusMs = 5_000;
const usualPort = 8081;
/** Purchases are kept for ever, so there are fewer of them. */
const weights: Readonly<Record<string, number>> = { purchases: 0.1 };

/** Live traffic through pipelines that go on from where they were stopped, until a signal comes. */
export async function runLiveTraffic(directory: string, options: LiveTrafficOptions, io: CommandIo): Promise<void> {
  const { configs } = options;
  const held = holdState(join(directory, "state"));
  try {
    claimOutput(directory, held.store);
    for (const { name } of configs) new RunNotes(held.store, name).partitions = partitionsByDefault;
    const { store, path: statePath } = held;
    const sending = { batchMax: 100, deliveryTries: Number.POSITIVE_INFINITY };
    const world = await openWorld({ pipelines: configs, store, statePath, outDirectory: directory, ...sending });
    try {
      await runWorld(world, directory, options, io);
    } finally {
      await world.close();
    }
    io.out("Stopped. Nothing is lost: npm start goes on from here.");
  } finally {
    held.close();
  }
}

async function runWorld(world: World, directory: string, options: LiveTrafficOptions, io: CommandIo): Promise<void> {
  const { configs, port } = options;
  const log = new FileLog(join(directory, "log"));
  await openLog(world, log);
  const api = configs.some(({ settings }) => settings.sinks.includes("views"))
    ? await startApi(world, log, port)
    : undefined;
  const stopping = stopOnSignal();
  for (const line of welcome(directory, options, api?.url)) io.out(line);
  const status = liveStatus(world, configs);
  // The first table counts from here.
  await status(Date.now());
  const show = async () => {
    for (const line of await status(Date.now())) io.out(line);
    io.out("");
  };
  const shown = setInterval(() => show().catch((error) => io.err(String(error))), statusMs);
  try {
    await runLive(world, { log, traffic: trafficFor(options), signal: stopping.signal });
  } finally {
    clearInterval(shown);
    stopping.release();
    await api?.stop();
  }
}

function welcome(directory: string, { configs, ratePerSecond }: LiveTrafficOptions, url: string | undefined): string[] {
  const names = configs.map(({ name }) => name);
  const ofPurchases = [
    `  curl ${url}/total/user_1`,
    `  curl -X POST ${url}/duplicate/3/me; sleep 3; curl ${url}/total/me`,
    `  npm run -s tidemark -- query "select userId, sum(total) from purchases group by all order by 2 desc limit 5" --out ${directory}`,
  ];
  const ofEngagement = [`  curl "${url}/content/top?limit=5"`, `  curl ${url}/content/1/last`];
  return [
    `Live traffic now: about ${ratePerSecond} records a second of ${users} users through ${names.join(", ")}.`,
    `Outputs grow in ${directory} for as long as it runs. Ctrl-C stops it, npm start goes on with it.`,
    ...(url === undefined ? [] : [`The API listens at ${url} (all it can do: ${url}/openapi.json).`]),
    "",
    "Try in another terminal:",
    ...(names.includes("engagement") ? ofEngagement : []),
    ...(names.includes("purchases") ? ofPurchases : []),
    `  npm run -s tidemark -- query "select pipeline, reason, count(*) from rejected_events group by all" --out ${directory}`,
    `  npm run -s tidemark -- watermarks --pipeline ${names[0]} --state ${join(directory, "state")}`,
    "",
    legend,
    "",
  ];
}

/** Traffic for every topic once. Of two pipelines that read the same one, the first has it its way. */
function trafficFor({ configs, ratePerSecond, seed }: LiveTrafficOptions): (now: WallTimeMs) => RecordLine[] {
  const byTopics = new Map(configs.toReversed().map(({ name }) => [sampleData[name].plan.topics.join(), name]));
  const names = [...byTopics.values()];
  const weightOf = (name: string) => weights[name] ?? 1;
  const all = names.reduce((sum, name) => sum + weightOf(name), 0);
  const start = Date.now();
  const sources = names.map((name) =>
    liveTraffic(sampleData[name].plan, {
      ...{ seed, start, users, partitions: partitionsByDefault },
      ratePerSecond: (ratePerSecond * weightOf(name)) / all,
    }),
  );
  return (now) => sources.flatMap((source) => source(now));
}

async function startApi(world: World, log: FileLog, port: number | undefined): Promise<HttpApi> {
  const partitions = new Map(world.pipelines.flatMap((one) => one.sources.map((topic) => [topic, one.partitions])));
  const handler = localApi(world, logProducer(log, partitions));
  try {
    return await HttpApi.start({ handler, port: port ?? usualPort });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EADDRINUSE") throw cause;
    if (port === undefined) return HttpApi.start({ handler });
    throw new UsageError(`port ${port} is taken; give another one with --port, or 0 for any`, { cause });
  }
}
