import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const requirements = fileURLToPath(new URL("./requirements.txt", import.meta.url));
const cache = fileURLToPath(new URL("../../node_modules/.cache/tidemark/stand-in", import.meta.url));
/** What MiniStack asks for. */
const versionMin = [3, 10] as const;

/** Why something can't be started on this machine. */
export interface Skipped {
  readonly skipped: string;
}

/**
 * A Python that has the packages of `requirements.txt`, in a folder of this project. The first call on a machine installs them from
 * PyPI, which takes about ten seconds.
 *
 * @throws {Error} pip can't install them; says what pip says.
 */
export function standInPython(): { readonly python: string } | Skipped {
  const found = findPython();
  if ("skipped" in found) return found;
  const hash = createHash("sha256").update(readFileSync(requirements)).update(found.version).digest("hex");
  const folder = join(cache, hash.slice(0, 16));
  if (!existsSync(folder)) installInto(folder, found.python);
  return { python: join(folder, "bin", "python") };
}

function findPython(): { readonly python: string; readonly version: string } | Skipped {
  const python = "python3";
  const say = "import sys, venv, ensurepip; print(*sys.version_info[:2], sep='.')";
  let version: string;
  try {
    version = execFileSync(python, ["-c", say], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return { skipped: "python3 with venv and pip is missing (Debian: apt install python3-venv)" };
  }
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > versionMin[0] || (major === versionMin[0] && minor >= versionMin[1])) return { python, version };
  return { skipped: `python3 is ${version}, and ${versionMin.join(".")} is the first that does` };
}

function installInto(folder: string, python: string): void {
  mkdirSync(cache, { recursive: true });
  const made = mkdtempSync(join(cache, "making-"));
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", requirements];
  try {
    execFileSync(python, ["-m", "venv", made], { stdio: ["ignore", "ignore", "inherit"] });
    execFileSync(join(made, "bin", "python"), pip, { stdio: ["ignore", "ignore", "inherit"] });
    renameSync(made, folder);
  } catch (cause) {
    rmSync(made, { recursive: true, force: true });
    // Another process may have been faster.
    if (!existsSync(folder)) throw new Error(`the packages of ${requirements} can't be installed`, { cause });
  }
}
