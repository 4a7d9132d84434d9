import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { recordedTraffic } from "../../../localstack/generate/recorded-traffic.ts";
import { sampleData } from "../../../localstack/generate/sample-data.ts";
import type { PipelineName } from "../../../shared/settings/settings.ts";
import { runCli } from "../../support/run-cli.ts";

const folder = mkdtempSync(join(tmpdir(), "generate-"));
afterAll(() => rmSync(folder, { recursive: true }));

const pipelines = Object.keys(sampleData) as PipelineName[];
const textOf = (lines: Iterable<object>) => Array.from(lines, (line) => `${JSON.stringify(line)}\n`).join("");

describe.each(pipelines)("generate --pipeline %s", (pipeline) => {
  const { plan, sample } = sampleData[pipeline];

  it("prints what it is asked for", async () => {
    const shape = ["--seed", "9", "--partitions", "4", "--users", "50", "--start", "2026-03-01T12:00:00Z"];
    const ended = await runCli("generate", "--pipeline", pipeline, "--records", "300", "--rate", "10", ...shape);
    const start = Date.parse("2026-03-01T12:00:00Z");
    const wanted = { records: 300, seed: 9, partitions: 4, users: 50, start, ratePerSecond: 10 };
    expect(ended).toEqual({ code: 0, out: textOf(recordedTraffic(plan, wanted)), err: "" });
  });

  it("writes its sample into a file", async () => {
    const output = join(folder, `${pipeline}.ndjson`);
    const ended = await runCli("generate", "--pipeline", pipeline, "--sample", "--output", output);
    expect(ended).toEqual({ code: 0, out: "", err: "" });
    expect(readFileSync(output, "utf8")).toBe(textOf(sample));
  });
});
