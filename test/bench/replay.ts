import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startCli } from "../support/run-cli.ts";

/**
 * `npm run bench [records [pipeline ...]]`: replays generated traffic of every pipeline, or of these, and prints what it took. Compare
 * figures of one run only: machines are noisy.
 */
const [records = "200000", ...chosen] = process.argv.slice(2);
const directory = mkdtempSync(join(tmpdir(), "tidemark-bench-"));

/** How long a plain loop takes here and now, in milliseconds: the yardstick for all other figures. */
function yardstick(): number {
  const start = performance.now();
  let x = 0;
  for (let i = 0; i < 3e8; i++) x = (x * 31 + i) | 0;
  return Math.round(performance.now() - start) + (x & 0);
}

async function peakMemoryMb(pid: number | undefined, ended: Promise<unknown>): Promise<number> {
  let peak = 0;
  let isOver = false;
  ended.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    try {
      const status = readFileSync(`/proc/${pid}/status`, "utf8");
      peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1_024);
    } catch {}
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return Math.round(peak);
}

const sinksOf = {
  attribution: ["s3,http", "s3"],
  conversions: ["s3,kafka"],
  dedupe: ["s3,kafka"],
  windows: ["s3,kafka"],
  engagement: ["s3,http,views", "s3"],
  purchases: ["s3,views"],
};
console.log(`${records} records; the yardstick loop takes ${yardstick()} ms`);
for (const [pipeline, choices] of Object.entries(sinksOf)) {
  if (chosen.length > 0 && !chosen.includes(pipeline)) continue;
  const input = join(directory, `${pipeline}.ndjson`);
  const shape = ["--records", records, "--partitions", "4", "--users", "20000", "--seed", "1"];
  await startCli(["generate", "--pipeline", pipeline, ...shape, "--output", input]).ended;
  for (const sinks of choices) {
    const out = join(directory, pipeline, sinks);
    const args = ["replay", "--pipeline", pipeline, "--input", input, "--out", out, "--sinks", sinks, "--json"];
    const run = startCli(args);
    const peak = await peakMemoryMb(run.process.pid, run.ended);
    const { recordsPerSecond, seconds } = JSON.parse((await run.ended).out);
    console.log(
      `${pipeline} to ${sinks}: ${recordsPerSecond} records/s, ${seconds} s, peak memory ${peak || "unknown"} MB`,
    );
  }
}
rmSync(directory, { recursive: true });
