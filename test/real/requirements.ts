import { execFileSync } from "node:child_process";
import { accessSync, constants, globSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Why what was asked for can't be started on this machine. */
export interface Skipped {
  readonly skipped: string;
}

/** Where PostgreSQL's servers lie, with the user that they run as: they refuse to be root. */
export interface PostgresInstallation {
  readonly bin: string;
  readonly runAs: { readonly uid?: number; readonly gid?: number };
}

/** The newest PostgreSQL on this machine. Debian keeps the programs of its servers outside of the path. */
export function findPostgres(): PostgresInstallation | Skipped {
  const newest = globSync("/usr/lib/postgresql/*/bin").sort(byVersion).at(-1);
  const bin = newest ?? folderOf("initdb");
  if (bin === undefined) return { skipped: "PostgreSQL is missing (Debian: apt install postgresql)" };
  if (process.getuid?.() !== 0) return { bin, runAs: {} };
  try {
    return { bin, runAs: { uid: idOf("-u"), gid: idOf("-g") } };
  } catch {
    return { skipped: "there is no user postgres, and PostgreSQL doesn't run as root" };
  }
}

/** What a Java program of one's own needs, or which of it is missing. */
export function findJava(): { readonly java: string; readonly javac: string; readonly mvn: string } | Skipped {
  const [java, javac, mvn] = ["java", "javac", "mvn"].map((name) => pathOf(name));
  if (java && javac && mvn) return { java, javac, mvn };
  return { skipped: "java, javac or mvn is missing (Debian: apt install default-jdk-headless maven)" };
}

/** The reasons of all that are missing; empty where nothing is. */
export function skippedFor(...found: readonly object[]): string {
  return found.flatMap((one) => ("skipped" in one ? [one.skipped] : [])).join("; ");
}

function byVersion(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}

function idOf(flag: "-u" | "-g"): number {
  return Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }));
}

function pathOf(program: string): string | undefined {
  const folder = folderOf(program);
  return folder && join(folder, program);
}

function folderOf(program: string): string | undefined {
  return (process.env.PATH ?? "").split(delimiter).find((folder) => isExecutable(join(folder, program)));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
