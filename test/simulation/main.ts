import { parseArgs } from "node:util";
import { allMutants } from "./mutants/all-mutants.ts";
import { plant } from "./mutants/plant.ts";

const usage = `usage: node test/simulation/main.ts [--pipeline NAME] [--steps S] and one of
  --seed N [--trace] [--without-records 1,2] [--without-faults 3,4]   one run
  --seeds A-B,C                                                     the runs of these seeds
  --minutes M                                                       new seeds, as long as that
--mutant NAME plants a fault first, and makes its run shorter with --shrink; --json ends with a line of JSON`;

const options = {
  pipeline: { type: "string", default: "all" },
  seed: { type: "string" },
  seeds: { type: "string" },
  minutes: { type: "string" },
  steps: { type: "string" },
  trace: { type: "boolean", default: false },
  "without-records": { type: "string", default: "" },
  "without-faults": { type: "string", default: "" },
  mutant: { type: "string" },
  shrink: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
} as const;

function readArguments() {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    process.stdout.write(`${(error as Error).message}\n${usage}\n`);
    return process.exit(2);
  }
}

const values = readArguments();
const mutant = values.mutant && allMutants.find(({ name }) => name === values.mutant);
if (values.mutant && !mutant) throw new Error(`there is no mutant ${values.mutant}`);
if (mutant) plant(mutant);
// What handlers log of the trouble they are in is no news here.
process.stderr.write = () => true;

// Only now: a fault must be planted before what it is in is loaded.
const { play } = await import("./play.ts");
const numbers = (text: string) => new Set(text.split(",").filter(Boolean).map(Number));
const isRight = await play({
  pipeline: values.pipeline,
  ...(values.seed !== undefined && { seeds: values.seed }),
  ...(values.seeds !== undefined && { seeds: values.seeds }),
  ...(values.minutes !== undefined && { minutes: Number(values.minutes) }),
  ...(values.steps !== undefined && { steps: Number(values.steps) }),
  trace: values.trace,
  withoutRecords: numbers(values["without-records"]),
  withoutFaults: numbers(values["without-faults"]),
  shrinks: mutant === undefined || values.shrink,
  json: values.json,
  print: (line) => process.stdout.write(`${line}\n`),
});
process.exitCode = isRight ? 0 : 1;
