import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateRawSync } from "node:zlib";
import type { FunctionRow } from "../functions/function-row.ts";
import { functions } from "../functions/manifest.ts";
import { type Bundle, bundleFolders } from "../infra/bundle.ts";
import { startEmptyAws } from "./stand-in/empty-aws.ts";
import { startInstance } from "./stand-in/lambda-runtime.ts";
import { sampleEnvironment, sampleEvent } from "./stand-in/sample-invocation.ts";

/** Of each function, in processes of their own. */
const starts = 5;

interface Times {
  readonly initMs: number;
  /** Of the first event; missing where there is none that it can answer. */
  readonly firstMs?: number;
}

async function timesOf(row: FunctionRow, directory: string, url: string): Promise<Times> {
  const instance = await startInstance({ ...row, directory, environment: sampleEnvironment(row, url) });
  try {
    const { initMs } = instance;
    const event = sampleEvent(row.name);
    if (event === undefined) return { initMs };
    const outcome = await instance.invoke(event);
    if (outcome.kind === "failed") throw new Error(`${row.name}: ${outcome.error.errorMessage}`);
    return { initMs, firstMs: outcome.ms };
  } finally {
    await instance.stop();
  }
}

async function lineOf(row: FunctionRow, { directory, bytes }: Bundle, url: string): Promise<string> {
  const times: Times[] = [];
  for (let i = 0; i < starts; i++) times.push(await timesOf(row, directory, url));
  const zippedBytes = deflateRawSync(readFileSync(join(directory, "index.mjs"))).length;
  const cells = [
    ...[bytes, zippedBytes].map((size) => Math.round(size / 1_024)),
    median(times.map(({ initMs }) => initMs)),
    median(times.flatMap(({ firstMs }) => firstMs ?? [])),
  ];
  return `| \`${row.name}\` | ${cells.join(" | ")} |\n`;
}

/** Empty where there is nothing to measure. */
function median(times: readonly number[]): number | "" {
  const middle = times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)];
  return middle === undefined ? "" : Math.round(middle);
}

const directory = mkdtempSync(join(tmpdir(), "tidemark-bundles-"));
const aws = await startEmptyAws();
try {
  const bundles = await bundleFolders(directory);
  const machine = `${process.arch} on this machine, Node ${process.version}, not Lambda`;
  process.stdout.write(`${machine}; times are the median of ${starts} new processes.\n\n`);
  process.stdout.write("| function | KiB | KiB zipped | cold start, ms | first event, ms |\n");
  process.stdout.write("| --- | ---: | ---: | ---: | ---: |\n");
  for (const row of functions) process.stdout.write(await lineOf(row, bundles.get(row.folder) as Bundle, aws.url));
} finally {
  aws.stop();
  rmSync(directory, { recursive: true, force: true });
}
