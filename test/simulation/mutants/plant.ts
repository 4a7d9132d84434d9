import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import type { Mutant } from "./mutant.ts";

const root = new URL("../../../", import.meta.url);

/** Has every later import of the mutant's file load it with the fault. @throws {Error} what it replaces doesn't stand there exactly once. */
export function plant({ name, file, find, replace }: Mutant): void {
  const url = new URL(file, root).href;
  const times = readFileSync(new URL(url), "utf8").split(find).length - 1;
  if (times !== 1) throw new Error(`${name}: ${file} has ${times} times, not once: ${find}`);
  registerHooks({
    load(loading, context, next) {
      const loaded = next(loading, context);
      if (loading !== url || loaded.source === undefined || loaded.source === null) return loaded;
      return { ...loaded, source: loaded.source.toString().replace(find, () => replace) };
    },
  });
}
