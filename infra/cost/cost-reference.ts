import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { costReport, exampleSystem } from "./report.ts";

export const costReference = join(fileURLToPath(new URL("../..", import.meta.url)), "docs/reference/cost.md");

/** The page about costs, made from the model and its prices. */
export function costPage(): string {
  return `<!-- Written by \`npm run reference\` from the model in infra/cost. Don't edit: change that. -->

# What it costs

By a model, not by a bill: nothing has run in an AWS account yet. Units, requests and objects per record are counted over what the engine
writes ([README](../../README.md#what-it-costs)). \`npm run cost -- cdk.json\` prints the same for the settings of a deployment.

The network of a cluster that you have often has a way to Lambda and STS already, a NAT gateway or such endpoints. Without the interface
endpoints an idle pipeline costs some six dollars a month: a key, alarms, a dashboard and a metric. \`functions.tracing\` \`off\` and
\`watch.dashboards\` \`false\` take lines away.

${costReport(exampleSystem(), "One attribution pipeline")}
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(costReference, costPage());
