import { simulate, stepsDefault } from "./run.ts";
import { readSeeds } from "./seeds.ts";
import { type Shrunk, shrink } from "./shrink.ts";
import { addRun, emptyTally, sumOf, type Tally, tallyText } from "./tally.ts";
import { simulatedPipelines } from "./traffic/all-pipelines.ts";
import type { SimulatedPipeline } from "./traffic/simulated-pipeline.ts";
import type { WorldOptions } from "./world.ts";

export interface PlayOptions {
  /** A pipeline's name, or `all`. */
  readonly pipeline: string;
  /** As `readSeeds` reads them. */
  readonly seeds?: string;
  /** Without seeds: how long to draw new ones. */
  readonly minutes?: number;
  readonly steps?: number;
  readonly trace: boolean;
  readonly withoutRecords: ReadonlySet<number>;
  readonly withoutFaults: ReadonlySet<number>;
  /** Whether a failing run is made shorter. */
  readonly shrinks: boolean;
  readonly json: boolean;
  readonly print: (line: string) => void;
}

const shrinkMs = 20_000;
const soakMinutes = 1;
/** A soak tells how far it is after so many seeds of each pipeline. */
const seedsPerLine = 500;

/** Plays the worlds of all seeds that are asked for, up to the first violation. @returns whether there was none. */
export async function play(options: PlayOptions): Promise<boolean> {
  const pipelines = simulatedPipelines.filter(({ name }) => options.pipeline === "all" || options.pipeline === name);
  if (pipelines.length === 0) {
    options.print(
      `there is no pipeline ${options.pipeline}; known are ${simulatedPipelines.map(({ name }) => name).join(", ")}`,
    );
    return false;
  }
  const began = Date.now();
  const tallies = new Map<string, Tally>(pipelines.map(({ name }) => [name, emptyTally()]));
  let isRight = true;
  for (const seed of seedsOf(options, began)) {
    for (const pipeline of pipelines) {
      isRight = await playOne(options, pipeline, seed, tallies.get(pipeline.name) as Tally);
      if (!isRight) break;
    }
    if (!isRight) break;
    const { seeds } = tallies.values().next().value as Tally;
    if (options.seeds === undefined && seeds % seedsPerLine === 0)
      options.print(`${seeds} seeds of each pipeline, up to ${seed}`);
  }
  report(options, tallies, began, isRight);
  return isRight;
}

function* seedsOf({ seeds, minutes = soakMinutes }: PlayOptions, began: number): Generator<number> {
  if (seeds !== undefined) {
    yield* readSeeds(seeds);
    return;
  }
  // Nobody has seen these before: they go on from the clock.
  for (let seed = began % 2 ** 31; Date.now() - began < minutes * 60_000; seed++) yield seed;
}

async function playOne(
  options: PlayOptions,
  pipeline: SimulatedPipeline,
  seed: number,
  tally: Tally,
): Promise<boolean> {
  const { withoutRecords, withoutFaults, print, steps = stepsDefault } = options;
  const world: WorldOptions = { pipeline, seed, withoutRecords, withoutFaults, ...(options.trace && { trace: print }) };
  const simulated = await simulate(world, steps);
  addRun(tally, simulated);
  if (simulated.violations.length === 0) return true;
  print(`${pipeline.name}, seed ${seed}: ${simulated.violations[0]}`);
  if (options.shrinks && !options.trace) await tellShortest({ options: world, simulated }, steps, print);
  return false;
}

async function tellShortest(found: Shrunk, steps: number, print: (line: string) => void): Promise<void> {
  const { options, simulated } = await shrink(found, steps, Date.now() + shrinkMs);
  const lines: string[] = [];
  await simulate({ ...options, trace: (line) => lines.push(line) }, steps);
  for (const line of lines) print(line);
  for (const violation of simulated.violations) print(violation);
  print(
    `${simulated.places.length} records, ${[...simulated.faults.values()].reduce((sum, n) => sum + n, 0)} faults. Again:`,
  );
  print(replayCommand(options, steps));
}

function replayCommand({ pipeline, seed, withoutRecords, withoutFaults }: WorldOptions, steps: number): string {
  const left = (name: string, numbers: ReadonlySet<number> = new Set()) =>
    numbers.size === 0 ? "" : ` --${name} ${[...numbers].join(",")}`;
  const asked = steps === stepsDefault ? "" : ` --steps ${steps}`;
  return `npm run sim -- --seed ${seed} --pipeline ${pipeline.name}${asked}${left("without-records", withoutRecords)}${left("without-faults", withoutFaults)} --trace`;
}

function report(options: PlayOptions, tallies: ReadonlyMap<string, Tally>, began: number, isRight: boolean): void {
  const seconds = Math.round((Date.now() - began) / 100) / 10;
  if (options.json) {
    options.print(JSON.stringify({ isRight, seconds, pipelines: Object.fromEntries(tallies) }));
    return;
  }
  if (tallies.size > 1) {
    for (const [name, tally] of tallies) options.print(`${name}: ${tallyText(tally).split("\n")[0]}`);
  }
  options.print(tallyText(sumOf([...tallies.values()])));
  options.print(`${isRight ? "nothing found" : "a violation"}, in ${seconds} s`);
}
