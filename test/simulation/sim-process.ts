import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Tally } from "./tally.ts";

const main = fileURLToPath(new URL("./main.ts", import.meta.url));

export interface SimEnded {
  readonly code: number | null;
  readonly out: string;
  /** The last line, where it was asked for and came to that. */
  readonly report: { isRight: boolean; seconds: number; pipelines: Readonly<Record<string, Tally>> } | undefined;
}

/** Runs `npm run sim` to its end, in a process of its own: a planted fault is in all that it loads. */
export async function runSim(...args: readonly string[]): Promise<SimEnded> {
  const child = spawn(process.execPath, [main, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      out += chunk;
    });
  }
  const [code] = (await once(child, "close")) as [number | null];
  const last = out.trimEnd().split("\n").at(-1) ?? "";
  return { code, out, report: last.startsWith("{") ? JSON.parse(last) : undefined };
}
