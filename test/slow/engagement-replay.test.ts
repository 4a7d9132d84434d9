import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, it } from "vitest";
import { replayCommand } from "../../localstack/cli/replay.ts";
import type { RecordLine } from "../../localstack/record-file/record-line.ts";
import { expectKeptAs } from "../support/engagement-files.ts";
import { engagementTraffic } from "../support/engagement-traffic.ts";
import { judgeEngagement } from "../support/oracle/engagement-oracle.ts";

/** `SEED=7 RUNS=50 npx vitest run test/slow/engagement-replay.test.ts` looks elsewhere, and longer. */
const seed = Number(process.env.SEED ?? 20_240_101);
const numRuns = Number(process.env.RUNS ?? 4);

const minute = 60_000;
const settings = {
  allowedLateness: 5 * minute,
  enrichmentWait: 10 * minute,
  maxFutureSkew: 5 * minute,
  includeSnapshot: false,
  partitions: 3,
};
const root = mkdtempSync(join(tmpdir(), "tidemark-wandering-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let inputs = 0;
async function replayed(lines: readonly RecordLine[], batch: string): Promise<string> {
  const directory = join(root, String(inputs++));
  const [input, out] = [`${directory}.ndjson`, join(directory, "out")];
  writeFileSync(input, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  const flags = { pipeline: "engagement", input, out, batch, partitions: "3", sinks: "s3,views", set: [] };
  await replayCommand({ ...flags, drain: true, json: true }, { out: () => {}, err: expect.fail, status: () => {} });
  return out;
}

it("a replay of events that come again in other partitions gives the oracle's answer in deliveries of 1, 7 and 500", async () => {
  const lines = engagementTraffic(200, { ...settings, wanders: true });
  await fc.assert(
    fc.asyncProperty(lines, async (input) => {
      const answer = judgeEngagement(input, settings);
      for (const batch of ["1", "7", "500"]) await expectKeptAs(await replayed(input, batch), answer);
    }),
    // A run takes too long to look for a smaller input that fails.
    { seed, numRuns, endOnFailure: true },
  );
});
