import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { functions } from "../../functions/manifest.ts";
import { bundleFunctions } from "../../localstack/bundle.ts";

/** A cold start pays for what nobody meant to ship. The largest has 1.6 MB. */
const bytesMax = 2_000_000;

const directory = mkdtempSync(join(tmpdir(), "tidemark-bundles-"));
let bytes: ReadonlyMap<string, number>;
beforeAll(async () => {
  bytes = new Map((await bundleFunctions(directory)).map((bundle) => [bundle.name, bundle.bytes]));
}, 170_000);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** What the bundle says where it is loaded by itself, far from node_modules, in an environment without variables. */
function saidBy(name: string): string {
  const file = pathToFileURL(join(directory, name, "index.mjs")).href;
  const load = `import("${file}").then(() => console.log("it loads"), ({ message }) => console.log(message))`;
  return execFileSync(process.execPath, ["-e", load], { cwd: directory, env: {}, encoding: "utf8" });
}

describe("what Lambda gets", () => {
  it.each(functions.map(({ name }) => name))("of %s is one file, in which all is that it loads", (name) => {
    expect(bytes.get(name)).toBeLessThan(bytesMax);
    expect(saidBy(name)).toMatch(/^environment: \w+ is missing/);
  });
});
