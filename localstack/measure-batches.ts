import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FunctionRow } from "../functions/function-row.ts";
import { functions } from "../functions/manifest.ts";
import { bundleFolders } from "../infra/bundle.ts";
import type { PipelineName } from "../shared/settings/settings.ts";
import { recordedTraffic } from "./generate/recorded-traffic.ts";
import { sampleData } from "./generate/sample-data.ts";
import { mskEvent } from "./runner/msk-mapping.ts";
import { startEmptyAws } from "./stand-in/empty-aws.ts";
import { startInstance } from "./stand-in/lambda-runtime.ts";
import { sampleEnvironment } from "./stand-in/sample-invocation.ts";
import { logRecord } from "./stand-in/sample-traffic.ts";

/*
 * How much memory and time a consumer takes for the largest batches that it can get: what the manifest's memory and timeouts go by.
 * Tables and buckets answer at once and are empty, so the time is the function's own.
 */

/** Lambda takes no larger event. */
const eventBytesMax = 6_000_000;
const invocations = 10;

/** A batch of one topic: as it comes, or with records so large that the event is as large as can be. */
function batchOf(row: FunctionRow, topic: string, isLarge: boolean): object {
  const size = row.triggers.find((trigger) => trigger.kind === "msk")?.batchSize ?? 0;
  const [pipeline] = row.pipelines as readonly [PipelineName];
  const shape = { records: 20 * size, partitions: 1, seed: 1, users: 5_000, start: Date.now(), ratePerSecond: 1_000 };
  const records = [];
  for (const line of recordedTraffic(sampleData[pipeline].plan, shape)) {
    if (line.topic === topic && records.length < size) records.push(line);
  }
  const filler = "x".repeat(Math.floor((eventBytesMax * 3) / 4 / size) - 600);
  const padded = (payload: string | null) => payload?.replace(/^\{/, `{"more":"${filler}",`) ?? null;
  return mskEvent(records.map((line) => logRecord(isLarge ? { ...line, payload: padded(line.payload) } : line)));
}

const directory = mkdtempSync(join(tmpdir(), "tidemark-batches-"));
const aws = await startEmptyAws();
try {
  const bundles = await bundleFolders(directory);
  process.stdout.write(
    "| function | event, KiB | first, ms | later, ms | peak memory, MiB | of |\n| --- | ---: | ---: | ---: | ---: | ---: |\n",
  );
  for (const row of functions.filter(({ folder }) => folder === "consume")) {
    const topics = row.triggers.flatMap((trigger) => (trigger.kind === "msk" ? trigger.topics : []));
    for (const isLarge of [false, true]) {
      const event = batchOf(row, topics.at(-1) as string, isLarge);
      const bundle = bundles.get(row.folder)?.directory ?? "";
      const instance = await startInstance({ ...row, directory: bundle, environment: sampleEnvironment(row, aws.url) });
      const times: number[] = [];
      for (let i = 0; i < invocations; i++) {
        const outcome = await instance.invoke(event);
        if (outcome.kind === "failed") throw new Error(`${row.name}: ${outcome.error.errorMessage}`);
        times.push(outcome.ms);
      }
      const [first = 0, ...later] = times;
      const mean = later.reduce((sum, ms) => sum + ms, 0) / later.length;
      const peak = Math.round((instance.peakBytes() ?? 0) / 1_024 ** 2);
      const bytes = Math.round(JSON.stringify(event).length / 1_024);
      process.stdout.write(
        `| \`${row.name}\` | ${bytes} | ${Math.round(first)} | ${Math.round(mean)} | ${peak} | ${row.memoryMb} |\n`,
      );
      await instance.stop();
    }
  }
} finally {
  aws.stop();
  rmSync(directory, { recursive: true, force: true });
}
