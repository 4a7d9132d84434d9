import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";

/** TIDEMARK_REDIS_SERVER names another one than that of the path: an older Redis, or a Valkey. */
const binary = process.env.TIDEMARK_REDIS_SERVER ?? "redis-server";

/** Why there can't be a Redis server here. */
export const skipRedis = isInstalled() ? undefined : `there is no ${binary}`;

/** A Redis server of its own, on loopback, with a directory of its own. */
export interface RedisServer {
  readonly port: number;
  readonly url: string;
  readonly directory: string;
  /** Looks at what is there. It waits where the server is down, and is closed with it. */
  readonly client: Redis;
  /** SIGSTOP holds the server up, SIGCONT lets it go on. */
  signal(name: NodeJS.Signals): void;
  /** Ends it without warning. */
  kill(): Promise<void>;
  /** On the same port and directory, after it was killed. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export interface RedisServerOptions {
  /** As on the command line. By default nothing is stored on disk. */
  readonly settings?: readonly string[];
  /** With it the server speaks TLS only. */
  readonly tls?: { readonly key: string; readonly cert: string } | undefined;
}

export async function redisServer({ settings = [], tls }: RedisServerOptions = {}): Promise<RedisServer> {
  const port = await freePort();
  const directory = mkdtempSync(join(tmpdir(), "tidemark-redis-"));
  const stored = ["--dir", directory, "--save", "", "--appendonly", "no"];
  const args = [...listening(port, directory, tls), ...stored, ...settings];
  const secure = tls && { tls: { ca: tls.cert } };
  const start = async () => {
    const child = spawn(binary, args, { stdio: "ignore" });
    await waitUntilUp(child, { port, ...secure });
    return child;
  };
  let child = await start();
  const killAtExit = () => void child.kill("SIGKILL");
  process.once("exit", killAtExit);
  const client = new Redis({ port, ...secure, ...quiet, retryStrategy: () => 20, maxRetriesPerRequest: null });
  client.on("error", () => {});
  return {
    ...{ port, directory, client, url: `${tls ? "rediss" : "redis"}://127.0.0.1:${port}` },
    signal: (name) => void child.kill(name),
    kill: () => stop(child),
    restart: async () => {
      child = await start();
    },
    close: async () => {
      client.disconnect();
      process.off("exit", killAtExit);
      await stop(child);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

const quiet = { host: "127.0.0.1", protocol: 2, disableClientInfo: true } as const;

function listening(port: number, directory: string, tls: RedisServerOptions["tls"]): readonly string[] {
  const bound = ["--bind", "127.0.0.1"];
  if (!tls) return [...bound, "--port", `${port}`];
  const [key, cert] = [join(directory, "key.pem"), join(directory, "cert.pem")];
  writeFileSync(key, tls.key);
  writeFileSync(cert, tls.cert);
  const pair = ["--tls-key-file", key, "--tls-cert-file", cert, "--tls-auth-clients", "no"];
  return [...bound, "--port", "0", "--tls-port", `${port}`, ...pair];
}

function isInstalled(): boolean {
  try {
    execFileSync(binary, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  // As part of a cluster it listens 10,000 ports further too.
  return port <= 55_535 ? port : freePort();
}

async function waitUntilUp(child: ChildProcess, address: { port: number; tls?: { ca: string } | undefined }) {
  for (let tries = 0; tries < 400; tries++) {
    if (child.exitCode !== null) throw new Error(`${binary} ended with ${child.exitCode}`);
    const { port, tls } = address;
    const probe = new Redis({ port, ...(tls && { tls }), ...quiet, lazyConnect: true, retryStrategy: () => null });
    probe.on("error", () => {});
    try {
      await probe.connect();
      return;
    } catch {
      await sleep(25);
    } finally {
      probe.disconnect();
    }
  }
  throw new Error(`${binary} doesn't answer on port ${address.port}`);
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}
