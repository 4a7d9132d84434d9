import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Template } from "aws-cdk-lib/assertions";
import { App, type Stack } from "aws-cdk-lib/core";
import { functions } from "../../../functions/manifest.ts";
import { addStacks } from "../../../infra/stacks.ts";
import { readSystem } from "../../../shared/settings/system.ts";

/** What the templates hold is judged here, and not what the bundles do: files that stand for them are enough. */
const code = mkdtempSync(join(tmpdir(), "tidemark-code-"));
for (const folder of new Set(functions.map(({ folder }) => folder))) {
  mkdirSync(join(code, folder));
  writeFileSync(join(code, folder, "index.mjs"), `// ${folder}\n`);
}

export interface Resource {
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever a template says.
  readonly Properties: any;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}

export type Stacks = ReturnType<typeof addStacks>;

/** The stacks of a deployment with these settings under `tidemark`. */
export function stacksOf(settings: object): Stacks {
  const context = { "@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy": true };
  return addStacks(new App({ context }), readSystem(settings), (folder) => join(code, folder));
}

/** The resources of a kind in a stack's template. */
export function resourcesOf(stack: Stack, type: string): Resource[] {
  return Object.values(Template.fromStack(stack).findResources(type)) as Resource[];
}
