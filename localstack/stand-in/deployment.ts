import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type StandIn, standInAccount, standInRegion } from "./stand-in.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const cli = fileURLToPath(new URL("../../node_modules/aws-cdk/bin/cdk", import.meta.url));
const commandMs = 300_000;
const run = promisify(execFile);

export interface DeployOptions {
  /** Where the CDK leaves its templates. */
  readonly output: string;
  /** Settings of the CDK's context, in place of those of `cdk.json`: `tidemark.endpoint.url` and the like. */
  readonly settings: Readonly<Record<string, string>>;
  /** Ends a command of the CDK that is running. */
  readonly signal?: AbortSignal;
}

/** Makes the stand-in ready for deployments, as is done once for an account of AWS. */
export async function bootstrap(standIn: StandIn, options: DeployOptions): Promise<void> {
  await cdk(standIn, options, ["bootstrap", `aws://${standInAccount}/${standInRegion}`]);
}

export interface Deployed {
  /** By stack, and in it by name. */
  readonly outputs: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Those in which there was nothing to change. */
  readonly unchanged: readonly string[];
}

/** Deploys all stacks. */
export async function deployAll(standIn: StandIn, options: DeployOptions): Promise<Deployed> {
  const file = join(options.output, "outputs.json");
  const said = await cdk(standIn, options, [
    ...["deploy", "--all", "--require-approval", "never", "--progress", "events", "--outputs-file", file],
  ]);
  return {
    outputs: JSON.parse(readFileSync(file, "utf8")),
    unchanged: Array.from(said.matchAll(/✅\s+(\S+) \(no changes\)/g), ([, stack = ""]) => stack),
  };
}

export async function destroyAll(standIn: StandIn, options: DeployOptions): Promise<void> {
  await cdk(standIn, options, ["destroy", "--all", "--force"]);
}

/** @throws {Error} the CDK fails, or isn't done after five minutes; says the end of what it says. */
async function cdk({ environment }: StandIn, { output, settings, signal }: DeployOptions, command: readonly string[]) {
  const context = Object.entries(settings).flatMap(([name, value]) => ["--context", `${name}=${value}`]);
  const args = [cli, ...command, "--ci", "--no-notices", "--output", output, ...context];
  const env = { ...process.env, ...environment };
  try {
    const { stdout, stderr } = await run(process.execPath, args, {
      cwd: root,
      env,
      timeout: commandMs,
      maxBuffer: 2 ** 26,
      ...(signal && { signal }),
    });
    return stdout + stderr;
  } catch (cause) {
    const { stdout = "", stderr = "" } = cause as { stdout?: string; stderr?: string };
    throw new Error(`cdk ${command[0]} failed:\n${(stdout + stderr).slice(-4_000)}`, { cause });
  }
}
