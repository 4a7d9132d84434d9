import { join } from "node:path";
import type { PipelineConfig } from "../../functions/catalog.ts";
import { settingDefinitions } from "../../shared/settings/pipeline-definitions.ts";
import { type PipelineName, pipelineNamed, pipelineNames } from "../../shared/settings/settings.ts";
import { makeWritable } from "../runner/state-directory.ts";
import type { CommandIo } from "./io.ts";
import { partitionsByDefault, pipelineConfig, wholeNumberFrom } from "./options.ts";
import { runSamples } from "./sample-tour.ts";
import { runLiveTraffic } from "./start-live.ts";

export interface StartFlags {
  readonly once: boolean;
  readonly directory: string;
  readonly pipelines?: string;
  readonly rate: string;
  readonly seed: string;
  readonly port?: string;
}

/** Live state is forgotten after a day, ids of events after an hour, so that it doesn't grow for ever. */
const liveRetention = { stateRetention: "1d", dedupeRetention: "1h" };

/** `tidemark start`: the samples, and then live traffic until Ctrl-C. */
export async function startCommand(flags: StartFlags, io: CommandIo): Promise<void> {
  const { directory } = flags;
  const names = chosenPipelines(flags.pipelines);
  const ratePerSecond = wholeNumberFrom(flags.rate, "--rate", 1, 20_000);
  const seed = wholeNumberFrom(flags.seed, "--seed", 0, 2 ** 32 - 1);
  const port = flags.port === undefined ? undefined : wholeNumberFrom(flags.port, "--port", 0, 65_535);
  makeWritable(directory, "--directory");
  const sample = join(directory, "sample");
  await runSamples(names, sample, io);
  for (const line of whereItIs(names, sample)) io.out(line);
  if (flags.once) return;
  io.out("");
  const configs = names.map(liveConfig);
  await runLiveTraffic(
    join(directory, "live"),
    { configs, ratePerSecond, seed, ...(port !== undefined && { port }) },
    io,
  );
}

function chosenPipelines(list: string | undefined): PipelineName[] {
  if (list === undefined) return pipelineNames;
  const chosen = list.split(",").map((name) => pipelineNamed(name.trim()));
  return pipelineNames.filter((name) => chosen.includes(name));
}

function liveConfig(name: PipelineName): PipelineConfig {
  const given = Object.entries(liveRetention).filter(([setting]) => Object.hasOwn(settingDefinitions[name], setting));
  return pipelineConfig(name, Object.fromEntries(given), partitionsByDefault);
}

function whereItIs(names: readonly PipelineName[], directory: string): string[] {
  const sinks = new Set(names.flatMap((name) => settingDefinitions[name].sinks.default));
  const places = [
    ["Final rows, as S3 would hold them:", join(directory, "s3"), sinks.has("s3")],
    ["What the HTTP endpoint got:", join(directory, "http", "deliveries.ndjson"), sinks.has("http")],
    ["What the Kafka topics got:", join(directory, "topics"), sinks.has("kafka")],
    ["What the API would answer:", join(directory, "views"), sinks.has("views")],
    ["The records that went in:", join(directory, "records"), true],
  ] as const;
  const width = Math.max(...places.map(([what]) => what.length));
  const [first = "attribution"] = names;
  return [
    ...places.flatMap(([what, where, isThere]) => (isThere ? [`${what.padEnd(width)}  ${where}`] : [])),
    "",
    "Try next:",
    `  npm run -s tidemark -- query "select reason, count(*) from rejected_events group by all" --out ${directory}`,
    `  npm run -s tidemark -- generate --pipeline ${first} --records 200000 --output records.ndjson`,
    `  npm run -s tidemark -- replay --pipeline ${first} --input records.ndjson --out out`,
  ];
}
