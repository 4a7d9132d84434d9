import { Session } from "node:inspector/promises";
import { parseArgs } from "node:util";
import { type Target, targets } from "./targets.ts";

/*
 * Changes inputs at random and keeps those that reach code that none has reached before, so that it gets behind checks that random inputs
 * don't pass. `node test/fuzz/coverage-guided.ts --target records --seconds 60 --seed 1`; exit code 1 with the input where one is found.
 */

const { values } = parseArgs({
  options: {
    target: { type: "string", default: Object.keys(targets).join(",") },
    seconds: { type: "string", default: "20" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
  },
});

const interesting = [
  '"',
  "{",
  "}",
  "[",
  "]",
  ":",
  ",",
  "\\u0000",
  "\\ud800",
  "null",
  "-1",
  "1e999",
  "0.1",
  "__proto__",
  "true",
];
const times = ["2024-01-01T12:00:00Z", "9999-12-31T23:59:59.999999Z", "1704110400000", "24:00", "+14:00", "Z"];
const dictionary = [...interesting, ...times].map((text) => Buffer.from(text));

/** mulberry32: the same seed, the same inputs. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function changed(input: Buffer, other: Buffer, random: () => number, words: readonly Buffer[]): Buffer {
  const at = Math.floor(random() * (input.length + 1));
  const length = Math.floor(random() ** 2 * (input.length - at + 1));
  const before = input.subarray(0, at);
  const after = input.subarray(at + length);
  const word = words[Math.floor(random() * words.length)] ?? Buffer.alloc(0);
  const from = Math.floor(random() * (other.length + 1));
  const between = [
    () => word,
    () => Buffer.of(Math.floor(random() * 256)),
    () => Buffer.alloc(0),
    () => other.subarray(from, from + Math.floor(random() * 40)),
  ][Math.floor(random() * 4)] as () => Buffer;
  return Buffer.concat([before, between(), after]).subarray(0, 4_096);
}

/** The blocks of the product's code that ran since it was asked last. */
async function blocksRun(session: Session): Promise<string[]> {
  const { result } = await session.post("Profiler.takePreciseCoverage");
  const ours = result.filter(
    ({ url }) => /\/(shared|functions|localstack)\//.test(url) && !url.includes("node_modules"),
  );
  return ours.flatMap(({ url, functions }) =>
    functions.flatMap(({ ranges }) =>
      ranges.filter(({ count }) => count > 0).map(({ startOffset, endOffset }) => `${url}:${startOffset}-${endOffset}`),
    ),
  );
}

async function fuzz(name: string, target: Target, seconds: number, random: () => number): Promise<boolean> {
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  const words = [...dictionary, ...target.words.map((word) => Buffer.from(word))];
  const corpus: Buffer[] = target.seeds.map((seed) => Buffer.from(seed));
  const reached = new Set<string>();
  const end = performance.now() + 1_000 * seconds;
  let runs = 0;
  const pick = () => corpus[Math.floor(random() * corpus.length)] as Buffer;
  while (performance.now() < end) {
    let input: Buffer = runs < target.seeds.length ? (corpus[runs] as Buffer) : pick();
    if (runs >= target.seeds.length)
      for (let i = 0; i <= random() * 3; i++) input = changed(input, pick(), random, words);
    runs += 1;
    try {
      await target.run(input);
    } catch (error) {
      process.stdout.write(`${name}: found after ${runs} runs: ${JSON.stringify(input.toString("latin1"))}\n`);
      process.stdout.write(`${(error as Error).stack}\n`);
      return false;
    }
    const blocks = await blocksRun(session);
    if (blocks.some((block) => !reached.has(block))) corpus.push(input);
    for (const block of blocks) reached.add(block);
  }
  session.disconnect();
  process.stdout.write(
    `${name}: ${runs} runs, ${corpus.length} inputs kept, ${reached.size} blocks reached, nothing found\n`,
  );
  return true;
}

const random = randomFrom(Number(values.seed));
process.stdout.write(`seed ${values.seed}\n`);
for (const name of values.target.split(",")) {
  const target = targets[name];
  if (!target) throw new Error(`--target takes ${Object.keys(targets).join(", ")}, not ${name}`);
  if (!(await fuzz(name, target, Number(values.seconds), random))) process.exitCode = 1;
}
