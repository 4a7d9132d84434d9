import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const caches = fileURLToPath(new URL("../../node_modules/.cache/tidemark", import.meta.url));
const copyDependencies = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies";

export interface JavaProgram {
  /** Of its folder among the caches. */
  readonly name: string;
  /** The file that names its jars. */
  readonly pom: string;
  /** A class of our own, where it has one. */
  readonly source?: string;
}

/** Where a program's parts lie once they are there. */
export interface BuiltProgram {
  /** Its jars, and native libraries where they bring any. */
  readonly lib: string;
  readonly classPath: string;
}

/**
 * The jars of a program from Maven Central and its class, compiled: made on first use. The folder's name follows from what it is made of,
 * so a change of that makes it anew.
 * @throws {Error} Maven can't bring the jars, or the class doesn't compile; what they say is printed.
 */
export function builtProgram(
  { name, pom, source }: JavaProgram,
  { javac, mvn }: { readonly javac: string; readonly mvn: string },
): BuiltProgram {
  const hash = createHash("sha256").update(readFileSync(pom));
  if (source) hash.update(readFileSync(source));
  const cache = join(caches, name);
  const folder = join(cache, hash.digest("hex").slice(0, 16));
  const partsOf = (place: string): BuiltProgram => {
    const lib = join(place, "lib");
    return { lib, classPath: `${join(place, "classes")}:${lib}/*` };
  };
  if (existsSync(folder)) return partsOf(folder);
  mkdirSync(cache, { recursive: true });
  const made = mkdtempSync(join(cache, "making-"));
  try {
    const { lib, classPath } = partsOf(made);
    const args = ["-q", "-B", "-f", pom, copyDependencies, `-DoutputDirectory=${lib}`, "-DincludeScope=runtime"];
    execFileSync(mvn, args, { stdio: ["ignore", "ignore", "inherit"] });
    if (source) execFileSync(javac, ["-cp", classPath, "-d", join(made, "classes"), source], { stdio: "inherit" });
    renameSync(made, folder);
  } catch (cause) {
    rmSync(made, { recursive: true, force: true });
    // Another process may have been faster.
    if (!existsSync(folder)) throw new Error(`${name} can't be brought here`, { cause });
  }
  return partsOf(folder);
}
