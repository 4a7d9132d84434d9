import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freePort } from "../../localstack/stand-in/free-port.ts";
import { builtProgram } from "./java-program.ts";
import { findJava, type Skipped } from "./requirements.ts";

const pom = fileURLToPath(new URL("./dynamodb-local/pom.xml", import.meta.url));
const startMs = 60_000;
/** The server ends with the input of its shell, and so with this process, however that ends. It writes no file. */
const endWithInput = `"$@" </dev/null &
server=$!
cat >/dev/null
kill -KILL $server`;

/** AWS's own emulator of DynamoDB, with tables in its memory. */
export interface DynamoDbLocal {
  readonly url: string;
  /** With these an SDK in another process talks to it. */
  readonly environment: Readonly<Record<string, string>>;
  /** Ends it; what it held is gone. */
  stop(): Promise<void>;
}

/**
 * Starts DynamoDB Local, in two to six seconds. The first start on a machine gets 50 MB of jars from Maven Central. Its licence lets
 * anybody use it, and nobody pass it on.
 *
 * @throws {Error} it doesn't answer within a minute; says the end of its log.
 */
export async function startDynamoDbLocal(): Promise<DynamoDbLocal | Skipped> {
  const found = findJava();
  if ("skipped" in found) return found;
  const { lib, classPath } = builtProgram({ name: "dynamodb-local", pom }, found);
  const port = await freePort();
  const machine = ["-Xmx1g", "-XX:+UseSerialGC", `-Djava.library.path=${lib}`, "-cp", classPath];
  const options = ["-port", String(port), "-sharedDb", "-inMemory", "-disableTelemetry"];
  const main = "software.amazon.dynamodb.services.local.main.ServerRunner";
  const command = [found.java, ...machine, main, ...options];
  const child = spawn("sh", ["-c", endWithInput, "sh", ...command], { cwd: tmpdir(), stdio: ["pipe", "pipe", "pipe"] });
  const stop = async () => {
    if (child.exitCode !== null) return;
    child.stdin.end();
    await once(child, "close");
  };
  const log = logOf(child);
  const url = `http://127.0.0.1:${port}`;
  try {
    await untilItAnswers(url, child);
  } catch (cause) {
    await stop();
    throw new Error(`DynamoDB Local doesn't answer: ${log()}`, { cause });
  }
  const credentials = { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test", AWS_REGION: "us-east-1" };
  return { url, environment: { ...credentials, AWS_ENDPOINT_URL_DYNAMODB: url }, stop };
}

function logOf({ stdout, stderr }: ChildProcess): () => string {
  let log = "";
  for (const output of [stdout, stderr]) {
    output?.setEncoding("utf8").on("data", (text: string) => {
      log = (log + text).slice(-4_000);
    });
  }
  return () => log;
}

async function untilItAnswers(url: string, child: ChildProcess): Promise<void> {
  const deadline = performance.now() + startMs;
  for (;;) {
    try {
      // Any answer will do: without a signature it is a refusal.
      await fetch(url);
      return;
    } catch (error) {
      if (performance.now() > deadline || child.exitCode !== null) throw error;
    }
    await sleep(100);
  }
}
