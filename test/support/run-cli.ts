import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../../localstack/cli/main.ts", import.meta.url));

/** As package.json has them. */
const flags = ["--max-semi-space-size=16", "--max-old-space-size=400"];

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Starts `tidemark` as a process of its own. */
export function startCli(args: readonly string[]): { process: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [...flags, main, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk) => {
    out += chunk;
  });
  child.stderr.on("data", (chunk) => {
    err += chunk;
  });
  const ended = once(child, "close").then(([code]) => ({ code: code as number | null, out, err }));
  return { process: child, ended };
}

/** Runs `tidemark` to its end. */
export function runCli(...args: readonly string[]): Promise<Ended> {
  return startCli(args).ended;
}
