import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freePort } from "./free-port.ts";
import { type Skipped, standInPython } from "./python.ts";

const launcher = fileURLToPath(new URL("./launch.py", import.meta.url));
const modules = fileURLToPath(new URL("../../node_modules", import.meta.url));
const startMs = 60_000;
const stopMs = 5_000;

/** The account and region that everything is deployed to. */
export const standInAccount = "000000000000";
export const standInRegion = "us-east-1";

export interface StandInOptions {
  /** `host:port` of the broker that clusters of MSK point to; without it they name one that isn't there. */
  readonly kafkaBroker?: string;
  /** A file with a certificate that functions trust, beside those that Node trusts. */
  readonly certificateFile?: string;
}

/** An AWS on this machine. */
export interface StandIn {
  readonly url: string;
  /** With these, the CDK and the SDKs talk to it, as root. */
  readonly environment: Readonly<Record<string, string>>;
  /** The end of what it has said. */
  log(): string;
  /** Ends it and all functions that it runs; what it held is gone. */
  stop(): Promise<void>;
}

/**
 * Starts an empty stand-in for AWS that judges every request by the policies of who sends it. It also ends when this process does.
 *
 * @throws {Error} it doesn't answer within a minute; says the end of its log.
 */
export async function startStandIn(options: StandInOptions = {}): Promise<StandIn | Skipped> {
  const found = standInPython();
  if ("skipped" in found) return found;
  const folder = mkdtempSync(join(tmpdir(), "tidemark-stand-in-"));
  const port = await freePort();
  // A group of its own, so that the functions it runs end with it.
  const child = spawn(found.python, [launcher], {
    cwd: folder,
    detached: true,
    env: environmentOf({ folder, port, ...options }),
    stdio: ["pipe", "pipe", "pipe"],
  });
  const log = logOf(child);
  const stop = async () => {
    await end(child);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  const url = `http://127.0.0.1:${port}`;
  try {
    await untilItAnswers(url, child);
  } catch (cause) {
    await stop();
    throw new Error(`the stand-in for AWS doesn't answer: ${log()}`, { cause });
  }
  return { url, environment: clientEnvironment(url), log, stop };
}

/** All that the stand-in and its functions see: nothing of this shell, so that no function works for what only this machine has. */
function environmentOf({
  folder,
  port,
  kafkaBroker,
  certificateFile,
}: StandInOptions & { folder: string; port: number }) {
  return {
    PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
    HOME: folder,
    TMPDIR: folder,
    STAND_IN_FOLDER: folder,
    // Lambda brings an SDK for functions that come without one, such as the CDK's own.
    NODE_PATH: modules,
    PYTHONDONTWRITEBYTECODE: "1",
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    BIND_HOST: "127.0.0.1",
    GATEWAY_PORT: String(port),
    // By this name it knows the hosts of its HTTP APIs; an address doesn't do.
    MINISTACK_HOST: "localhost",
    MINISTACK_ACCOUNT_ID: standInAccount,
    MINISTACK_REGION: standInRegion,
    LAMBDA_EXECUTOR: "local",
    AUTH: "true",
    ...(kafkaBroker ? { MINISTACK_MSK_BOOTSTRAP: kafkaBroker } : {}),
    ...(certificateFile ? { NODE_EXTRA_CA_CERTS: certificateFile } : {}),
  };
}

function clientEnvironment(url: string) {
  return {
    AWS_ENDPOINT_URL: url,
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    AWS_REGION: standInRegion,
    AWS_DEFAULT_REGION: standInRegion,
    CDK_DEFAULT_ACCOUNT: standInAccount,
    CDK_DEFAULT_REGION: standInRegion,
    CDK_DISABLE_CLI_TELEMETRY: "true",
  };
}

function logOf({ stdout, stderr }: ChildProcess): () => string {
  let log = "";
  for (const output of [stdout, stderr]) {
    output?.setEncoding("utf8").on("data", (text: string) => {
      log = (log + text).slice(-100_000);
    });
  }
  return () => log;
}

async function untilItAnswers(url: string, child: ChildProcess): Promise<void> {
  const deadline = performance.now() + startMs;
  for (;;) {
    try {
      const { ok } = await fetch(`${url}/_ministack/health`);
      if (ok) return;
    } catch (error) {
      if (performance.now() > deadline || child.exitCode !== null) throw error;
    }
    await sleep(50);
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.pid === undefined) return;
  const group = -child.pid;
  const closed = once(child, "exit");
  child.stdin?.end();
  const late = setTimeout(() => process.kill(group, "SIGKILL"), stopMs);
  await closed;
  clearTimeout(late);
  try {
    // Functions may be a moment slower.
    process.kill(group, "SIGKILL");
  } catch {
    // They are gone.
  }
}
