#!/usr/bin/env node
// The installed command: starts the real one on the Node that this package brings, whatever the machine has.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const pinned = join(here, "..", "..", "node_modules", ".bin", "node");
const node = existsSync(pinned) ? pinned : process.execPath;
const { status, signal } = spawnSync(node, [join(here, "main.ts"), ...process.argv.slice(2)], { stdio: "inherit" });
process.exitCode = signal ? 1 : (status ?? 1);
