import { mkdir, writeFile } from "node:fs/promises";
import { builtinModules } from "node:module";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";
import { functions } from "../functions/manifest.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

export interface Bundle {
  /** Holds `index.mjs` and its map, and nothing else. */
  readonly directory: string;
  /** Of `index.mjs`. */
  readonly bytes: number;
}

/**
 * Bundles the functions as Lambda gets them: one ESM file with its source map, the SDK inside. Functions of one folder share one bundle.
 * The same sources give the same bytes, whatever `directory` is: their hash says whether there is something to deploy.
 * @returns by folder of functions/.
 */
export async function bundleFolders(directory: string): Promise<Map<string, Bundle>> {
  const folders = [...new Set(functions.map(({ folder }) => folder))];
  const bundles = await Promise.all(folders.map((folder) => bundleFolder(folder, join(directory, folder))));
  return new Map(folders.map((folder, i) => [folder, bundles[i] as Bundle]));
}

async function bundleFolder(folder: string, directory: string): Promise<Bundle> {
  const { outputFiles } = await build({
    entryPoints: [join(root, "functions", folder, "lambda.ts")],
    // Nothing is written there: a map names its sources as seen from this file, and so they don't depend on the directory.
    outfile: join(root, "index.mjs"),
    write: false,
    bundle: true,
    minify: true,
    sourcemap: "linked",
    // Lines and names are all that a stack trace needs, and the sources are most of a map.
    sourcesContent: false,
    platform: "node",
    target: "node24",
    format: "esm",
    // Packages that are there as CommonJS and as modules: of modules only what is used gets in. A quarter of each bundle.
    mainFields: ["module", "main"],
    // On Lambda there are no profiles, logins or instances to ask.
    alias: { "@aws-sdk/credential-provider-node": join(root, "infra", "lambda-credentials.ts") },
    plugins: [builtinsOnDemand],
    logLevel: "error",
  });
  await mkdir(directory, { recursive: true });
  await Promise.all(outputFiles.map(({ path, contents }) => writeFile(join(directory, basename(path)), contents)));
  const bytes = outputFiles.find(({ path }) => path.endsWith(".mjs"))?.contents.length ?? 0;
  return { directory, bytes };
}

/**
 * Gets Node's own modules without `import`, which reads all that such a module exports: for `node:http` that loads a client and a
 * WebSocket that nobody uses, and takes 30 ms.
 */
const builtinsOnDemand: Plugin = {
  name: "builtins-on-demand",
  setup({ onResolve, onLoad }) {
    const filter = new RegExp(`^(node:)?(${builtinModules.join("|")})$`);
    onResolve({ filter }, ({ path }) => ({ path: path.replace(/^(node:)?/, "node:"), namespace: "builtin" }));
    onLoad({ filter, namespace: "builtin" }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)});`,
    }));
  },
};
