import { describe, expect, it } from "vitest";
import { ciSeeds, seedCount, seedsToRun } from "../simulation/ci-seeds.ts";
import { faultKinds } from "../simulation/faults.ts";
import { runSim } from "../simulation/sim-process.ts";
import { simulatedPipelines } from "../simulation/traffic/all-pipelines.ts";

describe("the simulation", () => {
  it("finds nothing wrong in any pipeline, whatever befalls it", { timeout: 600_000 }, async () => {
    const names = simulatedPipelines.map(({ name }) => name);
    const halves = [names.filter((_, at) => at % 2 === 0), names.filter((_, at) => at % 2 === 1)];
    const ended = await Promise.all(
      halves.map(async (half) => {
        const runs = [];
        for (const name of half) runs.push(await runSim("--pipeline", name, "--seeds", seedsToRun, "--json"));
        return runs;
      }),
    );
    for (const { code, out } of ended.flat()) expect(code, out.slice(-4_000)).toBe(0);
    const tallies = ended.flat().flatMap(({ report }) => Object.values(report?.pipelines ?? {}));
    expect(tallies.map(({ seeds }) => seeds)).toEqual(names.map(() => seedCount));
    const never = faultKinds.filter((kind) => tallies.every(({ faults }) => !faults[kind]));
    expect(never, "kinds of faults that never came").toEqual([]);
  });

  it("tells a violation by its seed, a trace, and a command that plays it again", async () => {
    const mutant = ["--mutant", "a floor that doesn't grow", "--pipeline", "attribution"];
    const { code, out } = await runSim(...mutant, "--seeds", ciSeeds, "--shrink");
    expect(code).toBe(1);
    const [, seed, violation] = /^attribution, seed (\d+): (.*)$/m.exec(out) ?? [];
    const [, command = ""] = /^npm run sim -- (.*)$/m.exec(out) ?? [];
    expect(command).toMatch(new RegExp(`^--seed ${seed} --pipeline attribution .*--trace$`));
    const again = await runSim(...mutant, ...command.split(" "));
    expect(again.code).toBe(1);
    expect(again.out).toContain(`attribution, seed ${seed}: ${violation?.split(":")[0]}: `);
    // The trace that was printed is the one that the command prints.
    const traceOf = (text: string) => text.split("\n").filter((line) => /^\d+ \w+#/.test(line));
    expect(traceOf(out).length).toBeGreaterThan(10);
    expect(traceOf(again.out)).toEqual(traceOf(out));
  });

  it("plays the same seed in the same way, byte for byte", async () => {
    for (const { name } of simulatedPipelines) {
      const traces = await Promise.all(
        ["one", "other"].map(() => runSim("--pipeline", name, "--seed", "7", "--trace", "--json")),
      );
      const [one = "", other = ""] = traces.map(({ out }) => out.split("\n").slice(0, -2).join("\n"));
      expect(one.split("\n").length).toBeGreaterThan(100);
      expect(one === other, `two traces of seed 7 of ${name}`).toBe(true);
    }
  });
});
