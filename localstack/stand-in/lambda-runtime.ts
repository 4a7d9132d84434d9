import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";

const client = fileURLToPath(new URL("./runtime-client.mjs", import.meta.url));
const paths = "/2018-06-01/runtime/";

export interface LambdaFunction {
  readonly name: string;
  /** Holds `index.mjs`, which exports `handler`. */
  readonly directory: string;
  /** Its variables. Of this process's it sees none. */
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
}

/** What Lambda tells of an error. */
export interface LambdaError {
  readonly errorType: string;
  readonly errorMessage: string;
}

export type Invocation =
  | { readonly kind: "answered"; readonly answer: unknown; readonly ms: number }
  | { readonly kind: "failed"; readonly error: LambdaError; readonly ms: number };

/** An instance of a function. */
export interface Instance {
  /** From the start of its process until it asked for its first event. */
  readonly initMs: number;
  /** One at a time, as Lambda does. @throws {Error} it has ended, or doesn't answer within its timeout. */
  invoke(event: unknown): Promise<Invocation>;
  /** All that it has written. */
  log(): string;
  /** The most memory that it has had, where the system tells: Linux does. */
  peakBytes(): number | undefined;
  stop(): Promise<void>;
}

/**
 * Starts an instance of a function in a process of its own, under the Runtime API that Lambda's functions talk to.
 * @throws {Error} its initialization fails; says what the function says.
 */
export async function startInstance(row: LambdaFunction): Promise<Instance> {
  const requests = new Requests();
  const server = createServer((request, response) => void requests.take(request, response)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const started = performance.now();
  const child = run(row, (server.address() as AddressInfo).port);
  const written = logOf(child);
  const stop = async () => {
    await end(child);
    server.closeAllConnections();
    server.close();
  };
  const ended = once(child, "exit").then(() => Promise.reject(new Error(`${row.name} has ended: ${written()}`)));
  // Nobody may be waiting when it ends.
  ended.catch(() => {});
  const timeoutMs = row.timeoutSeconds * 1_000;
  try {
    await Promise.race([requests.untilAsked(), ended]);
  } catch (error) {
    await stop();
    throw error;
  }
  const initMs = performance.now() - started;
  const invoke = async (event: unknown): Promise<Invocation> => {
    const late = new Promise<never>((_, reject) => {
      setTimeout(() => reject(new Error(`${row.name} didn't answer for ${row.timeoutSeconds} s`)), timeoutMs).unref();
    });
    const sent = performance.now();
    const outcome = await Promise.race([requests.ask(event, timeoutMs), ended, late]);
    return { ...outcome, ms: performance.now() - sent };
  };
  return { initMs, invoke, log: written, peakBytes: () => peakBytesOf(child.pid), stop };
}

function peakBytesOf(pid: number | undefined): number | undefined {
  try {
    const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1_024;
  } catch {
    return undefined;
  }
}

type Outcome =
  | { readonly kind: "answered"; readonly answer: unknown }
  | { readonly kind: "failed"; readonly error: LambdaError };

/** The Runtime API's side of one instance. */
class Requests {
  /** Settled while the instance waits for an event. */
  #waiting = Promise.withResolvers<ServerResponse>();
  readonly #open = new Map<string, (outcome: Outcome) => void>();

  async untilAsked(): Promise<void> {
    await this.#waiting.promise;
  }

  async ask(event: unknown, timeoutMs: number): Promise<Outcome> {
    const response = await this.#waiting.promise;
    this.#waiting = Promise.withResolvers();
    const id = randomUUID();
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    this.#open.set(id, resolve);
    response.writeHead(200, {
      "content-type": "application/json",
      "lambda-runtime-aws-request-id": id,
      "lambda-runtime-deadline-ms": String(Date.now() + timeoutMs),
      "lambda-runtime-invoked-function-arn": "arn:aws:lambda:us-east-1:000000000000:function:local",
    });
    response.end(JSON.stringify(event));
    return promise;
  }

  async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [kind = "", id = "", what = ""] = (request.url ?? "").slice(paths.length).split("/");
    if (kind === "invocation" && id === "next") {
      this.#waiting.resolve(response);
      return;
    }
    const body: unknown = JSON.parse(Buffer.concat(await Array.fromAsync(request)).toString());
    if (kind === "init") this.#waiting.reject(new Error((body as LambdaError).errorMessage));
    this.#open.get(id)?.(
      what === "response" ? { kind: "answered", answer: body } : { kind: "failed", error: body as LambdaError },
    );
    this.#open.delete(id);
    response.writeHead(202, { "content-type": "application/json" }).end('{"status":"OK"}');
  }
}

function run({ name, directory, environment }: LambdaFunction, port: number): ChildProcess {
  const lambda = {
    AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${port}`,
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x",
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE",
    AWS_SECRET_ACCESS_KEY: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    AWS_SESSION_TOKEN: "session",
    LAMBDA_TASK_ROOT: directory,
    _HANDLER: "index.handler",
    TZ: ":UTC",
  };
  return spawn(process.execPath, [client], {
    cwd: directory,
    env: { ...lambda, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

function logOf({ stdout, stderr }: ChildProcess): () => string {
  let log = "";
  for (const output of [stdout, stderr]) {
    output?.setEncoding("utf8").on("data", (text: string) => {
      log += text;
    });
  }
  return () => log;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, "exit");
  child.kill("SIGKILL");
  await closed;
}
