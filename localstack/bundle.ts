import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { functions } from "../functions/manifest.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Bundles every function of the manifest as Lambda gets it: one ESM file with its source map, the SDK inside. */
export async function bundleFunctions(directory: string): Promise<{ name: string; bytes: number }[]> {
  mkdirSync(directory, { recursive: true });
  return Promise.all(
    functions.map(async ({ name, folder }) => {
      const outfile = join(directory, name, "index.mjs");
      await build({
        entryPoints: [join(root, "functions", folder, "lambda.ts")],
        outfile,
        bundle: true,
        minify: true,
        sourcemap: true,
        platform: "node",
        target: "node24",
        format: "esm",
        // Some of the SDK's dependencies are CommonJS and call require for Node's own modules.
        banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
        logLevel: "error",
      });
      return { name, bytes: statSync(outfile).size };
    }),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const { name, bytes } of await bundleFunctions(join(root, "dist"))) {
    process.stdout.write(`${name}  ${Math.round(bytes / 1_024)} KiB\n`);
  }
}
