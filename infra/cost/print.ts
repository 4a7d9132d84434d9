import { readFileSync } from "node:fs";
import { readSystem } from "../../shared/settings/system.ts";
import { settingsFrom } from "../settings-from-context.ts";
import { costReport, exampleSystem } from "./report.ts";

/**
 * `node infra/cost/print.ts [cdk.json]`: what a deployment costs per month, in Markdown: of one attribution pipeline, or with all
 * settings of a file.
 */
const [file] = process.argv.slice(2);
const report =
  file === undefined ? costReport(exampleSystem(), "One attribution pipeline") : costReport(systemIn(file), file);
process.stdout.write(`${report}\n`);

function systemIn(path: string) {
  const { context } = JSON.parse(readFileSync(path, "utf8")) as { context: Readonly<Record<string, unknown>> };
  return readSystem(settingsFrom(context));
}
