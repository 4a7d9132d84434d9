import { generateCommand } from "../../localstack/cli/generate.ts";
import { invokeCommand } from "../../localstack/cli/invoke.ts";
import type { CommandIo } from "../../localstack/cli/io.ts";
import { replayCommand } from "../../localstack/cli/replay.ts";

/*
 * Commands in the process of the test, for what they leave behind. A process of its own (run-cli.ts) costs the loading and compiling of
 * everything: it is for command lines, exit codes, and what is killed.
 */

/** What a command has printed. @throws what it throws, and where it says something to the person who waits. */
async function printedBy(command: (io: CommandIo) => Promise<void>): Promise<string> {
  const [out, err]: [string[], string[]] = [[], []];
  await command({ out: (line) => void out.push(line), err: (line) => void err.push(line), status: () => {} });
  if (err.length > 0) throw new Error(err.join("\n"));
  return out.join("\n");
}

export interface Shape {
  readonly records: number;
  readonly users: number;
  readonly seed: number;
  readonly partitions?: number;
  /** Records in a second of event time. */
  readonly rate?: number;
}

/** `tidemark generate` into a file. Where nothing else is said: what the command takes. */
export async function generateHere(pipeline: string, output: string, shape: Shape): Promise<void> {
  const { records, users, seed, partitions = 3, rate = 200 } = shape;
  const numbers = { records, users, seed, partitions, rate };
  const texts = Object.fromEntries(Object.entries(numbers).map(([name, number]) => [name, String(number)]));
  const flags = { ...(texts as Record<keyof typeof numbers, string>), start: "2024-01-01T12:00:00Z", sample: false };
  await printedBy((io) => generateCommand({ pipeline, ...flags, output }, io));
}

export interface Replay {
  readonly input: string;
  readonly out: string;
  readonly batch?: string;
  readonly sinks?: string;
  readonly partitions?: string;
  readonly drain?: boolean;
  readonly set?: readonly string[];
}

/** `tidemark replay`. Where nothing else is said: what the command takes. */
export async function replayHere(pipeline: string, replay: Replay): Promise<void> {
  await printedBy((io) => replayCommand({ pipeline, batch: "500", drain: true, set: [], json: true, ...replay }, io));
}

/** `tidemark invoke`, with what is below `directory`. @returns the function's answer. */
export async function invokeHere(name: string, eventFile: string, directory: string): Promise<unknown> {
  const flags = { state: `${directory}/state`, out: directory, partitions: "3", set: [] };
  return JSON.parse(await printedBy((io) => invokeCommand(name, eventFile, flags, io)));
}
