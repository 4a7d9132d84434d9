import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { App } from "aws-cdk-lib/core";
import { SettingError } from "../shared/settings/settings.ts";
import { readSystem } from "../shared/settings/system.ts";
import { bundleFolders } from "./bundle.ts";
import { checkWithNag } from "./nag.ts";
import { settingsFrom } from "./settings-from-context.ts";
import { addStacks } from "./stacks.ts";

const dist = fileURLToPath(new URL("../dist", import.meta.url));

/** What `cdk` runs. Wrong settings end it with one line, before anything is bundled. */
async function main(): Promise<void> {
  const app = new App();
  const system = readSystem(settingsFrom(app.node.getAllContext()));
  const bundles = await bundleFolders(join(dist, "functions"));
  addStacks(app, system, (folder) => join(dist, "functions", folder));
  checkWithNag(app);
  app.synth();
  if (bundles.size === 0) throw new Error("functions/manifest.ts has no function");
}

try {
  await main();
} catch (error) {
  if (!(error instanceof SettingError)) throw error;
  process.stderr.write(`cdk.json: ${error.message}\n`);
  process.exitCode = 2;
}
