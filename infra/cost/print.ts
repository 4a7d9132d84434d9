import { readFileSync } from "node:fs";
import { isObject } from "../../shared/settings/read-group.ts";
import { readSystem, type System } from "../../shared/settings/system.ts";
import { settingsFrom } from "../settings-from-context.ts";
import { costReport, exampleSystem } from "./report.ts";

/**
 * `node infra/cost/print.ts [cdk.json]`: what a deployment costs per month, in Markdown: of one attribution pipeline, or with all
 * settings of a file. Exit code 2 where there are none that can be used.
 */
const [file] = process.argv.slice(2);
try {
  const report =
    file === undefined ? costReport(exampleSystem(), "One attribution pipeline") : costReport(systemIn(file), file);
  process.stdout.write(`${report}\n`);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 2;
}

/** @throws {SettingError} the settings can't be. */
function systemIn(path: string): System {
  const json = jsonIn(path);
  const context = isObject(json) ? json.context : undefined;
  if (!isObject(context)) throw new Error(`${path} has no context; give the cdk.json of a deployment`);
  return readSystem(settingsFrom(context));
}

function jsonIn(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    throw new Error(`${path} is no readable JSON file; give the cdk.json of a deployment`);
  }
}
