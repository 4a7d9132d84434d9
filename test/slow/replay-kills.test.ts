import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, it } from "vitest";
import { summary } from "../support/replay-outputs.ts";
import { startCli } from "../support/run-cli.ts";
import { generateHere, replayHere } from "../support/run-here.ts";

const root = mkdtempSync(join(tmpdir(), "tidemark-kills-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Two transactions and the end; CI kills with more of them. */
const records = Number(process.env.TIDEMARK_RECORDS ?? 9_000);

interface Case {
  readonly topic: string;
  readonly sinks?: string;
  /** Records in a second. */
  readonly rate?: number;
  readonly settings?: readonly string[];
}

const cases: Readonly<Record<string, Case>> = {
  attribution: { topic: "attributed-page-views" },
  conversions: { topic: "attributed-events" },
  dedupe: { topic: "processed-events" },
  windows: { topic: "mode-b-aggregates" },
  // Its topics take turns each second: with few records in a second there would be a file for every few.
  engagement: {
    topic: "events-enriched",
    sinks: "s3,http,kafka,views",
    rate: 200,
    settings: ["allowedLateness=5s", "enrichmentWait=10s", "finalInterval=5s"],
  },
  purchases: { topic: "processed-purchases", sinks: "s3,http,kafka,views" },
};

const sizeOf = (file: string) => (existsSync(file) ? statSync(file).size : 0);

/** Every output file, by its path. */
function outputsOf(out: string): Record<string, string> {
  const files = globSync(["s3/**/*.parquet", "http/*", "topics/*", "views/*"], { cwd: out }).sort();
  return Object.fromEntries(files.map((file) => [file, readFileSync(join(out, file)).toString("base64")]));
}

function countsOf(out: string): object {
  const { records, outputs, watermarks } = summary(out);
  return { records, outputs, watermarks };
}

/** Starts it, and kills it as soon as `file` has so many bytes. */
async function killAt(args: readonly string[], file: string, bytes: number): Promise<void> {
  const { process, ended } = startCli(args);
  while (sizeOf(file) < bytes && process.exitCode === null) await sleep(2);
  process.kill("SIGKILL");
  expect(await ended).toMatchObject({ code: null });
}

it.each(Object.entries(cases))(
  "a replay of %s with all its sinks, killed early, in the middle and late, leaves the very same files as one that was not",
  async (pipeline, { topic, sinks = "s3,http,kafka", rate = 20, settings = [] }) => {
    const at = (name: string) => join(root, pipeline, name);
    const input = join(root, `${pipeline}.ndjson`);
    await generateHere(pipeline, input, { records, users: 1_500, seed: 11, rate });
    const args = [
      ...["replay", "--pipeline", pipeline, "--input", input, "--out", at("killed")],
      ...["--sinks", sinks, ...settings.flatMap((setting) => ["--set", setting])],
    ];
    await replayHere(pipeline, { input, out: at("whole"), sinks, set: settings });
    const size = sizeOf(join(at("whole"), "topics", `${topic}.ndjson`));
    expect(size).toBeGreaterThan(100_000);
    for (const part of [0.01, 0.5, 0.9]) {
      await killAt(args, join(at("killed"), "topics", `${topic}.ndjson`), part * size);
    }
    await replayHere(pipeline, { input, out: at("killed"), sinks, set: settings });
    const [found, wanted] = [outputsOf(at("killed")), outputsOf(at("whole"))];
    expect(Object.keys(found)).toEqual(Object.keys(wanted));
    expect(Object.keys(wanted).filter((file) => found[file] !== wanted[file])).toEqual([]);
    expect(countsOf(at("killed"))).toEqual(countsOf(at("whole")));
  },
);
