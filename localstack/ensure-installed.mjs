// Runs before every npm script, on whatever Node the machine has (20 or newer): installs what the lock file names,
// unless it stands there already. Plain JavaScript, because that Node may not read TypeScript.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const stamp = join(root, "node_modules", ".tidemark-lock");
const lock = createHash("sha256")
  .update(readFileSync(join(root, "package-lock.json")))
  .digest("hex");

const installed = existsSync(stamp) && readFileSync(stamp, "utf8") === lock;
if (!installed) {
  console.error("tidemark: installing what package-lock.json names (once) ...");
  // npm's own output goes to stderr: standard output belongs to the command that follows.
  const { status } = spawnSync("npm ci --no-audit --no-fund --loglevel=error", {
    cwd: root,
    shell: true,
    stdio: ["ignore", process.stderr, process.stderr],
  });
  if (status !== 0) {
    console.error("tidemark: the installation failed; npm ci says why");
    process.exit(1);
  }
  writeFileSync(stamp, lock);
}
