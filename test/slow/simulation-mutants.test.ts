import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { atMostAtOnce } from "../../shared/core/at-most-at-once.ts";
import { ciSeeds, runsAll } from "../simulation/ci-seeds.ts";
import { allMutants } from "../simulation/mutants/all-mutants.ts";
import { runSim } from "../simulation/sim-process.ts";

const processesMax = 2;

describe("the faults planted in memory", () => {
  it("each replace something that stands in its file once, and have names of their own", () => {
    for (const { name, file, find } of allMutants) {
      expect(readFileSync(file, "utf8").split(find).length - 1, `${name} in ${file}`).toBe(1);
    }
    expect(new Set(allMutants.map(({ name }) => name)).size).toBe(allMutants.length);
  });

  it("are each found by a checker, within the seeds that CI runs", { timeout: 600_000 }, async () => {
    const jobs = allMutants.flatMap(({ name, pipelines }) => pipelines.map((pipeline) => ({ name, pipeline })));
    const chosen = jobs.filter((_, at) => runsAll || at % 4 === 0);
    const found = await atMostAtOnce(processesMax, chosen, async ({ name, pipeline }) => {
      const { code, out, report } = await runSim(
        "--mutant",
        name,
        "--pipeline",
        pipeline,
        "--seeds",
        ciSeeds,
        "--json",
      );
      const by = /seed (\d+): ([^:\n]*)/.exec(out);
      const line = by && `${name} in ${pipeline}: by "${by[2]}" with seed ${by[1]}, in ${report?.seconds} s`;
      return { line, survives: code !== 1 || !by ? `${name} in ${pipeline}: ${out.slice(-400)}` : undefined };
    });
    process.stdout.write(`${found.flatMap(({ line }) => line ?? []).join("\n")}\n`);
    expect(found.flatMap(({ survives }) => survives ?? [])).toEqual([]);
  });
});
