import { spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdtempSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Client, type QueryResult } from "pg";
import { findPostgres, type PostgresInstallation, type Skipped } from "./requirements.ts";

const startMs = 60_000;
const password = "tidemark";

/** A PostgreSQL of one's own, in a folder that goes with it. */
export interface Postgres {
  /** As its superuser. */
  readonly url: string;
  readonly port: number;
  /** Runs statements, as its superuser. */
  query(sql: string, values?: readonly unknown[]): Promise<QueryResult>;
  stop(): Promise<void>;
}

/** Starts the newest PostgreSQL that is installed, with a log that can be captured. It takes one to six seconds. */
export async function startPostgres(): Promise<Postgres | Skipped> {
  const found = findPostgres();
  if ("skipped" in found) return found;
  const folder = mkdtempSync(join(tmpdir(), "tidemark-postgres-"));
  const { uid, gid } = found.runAs;
  if (uid !== undefined && gid !== undefined) chownSync(folder, uid, gid);
  const port = await freePort();
  const server = run(found, folder, port);
  const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
  try {
    await untilItAnswers(url, server);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return { url, port, query: (sql, values) => ask(url, sql, values), stop: server.stop };
}

interface Server {
  hasEnded(): boolean;
  /** The end of what it has said. */
  log(): string;
  stop(): Promise<void>;
}

/**
 * The server, under a shell that makes its files, and ends it and removes them when the shell's input ends. That also happens when this
 * process is killed, so nothing is left behind.
 */
function run({ bin, runAs }: PostgresInstallation, folder: string, port: number): Server {
  writeFileSync(join(folder, "password"), password, { mode: 0o644 });
  const script = `trap '' PIPE
  trap : TERM INT HUP
  "$1/initdb" --pgdata="$2/data" --username=postgres --pwfile="$2/password" --auth=scram-sha-256 \\
      --encoding=UTF8 --locale=C --no-sync >/dev/null && {
    "$1/postgres" -D "$2/data" -c port="$3" -c listen_addresses=127.0.0.1 -c unix_socket_directories= \\
      -c timezone=UTC -c wal_level=logical -c fsync=off -c shared_buffers=32MB &
    cat >/dev/null
    # It may not listen to QUIT yet, as a shell starts it deaf to that.
    kill -QUIT $!
    kill -TERM $!
    wait $!
  }
  cd /
  rm -rf "$2"`;
  const child = spawn("sh", ["-c", script, "sh", bin, folder, String(port)], {
    ...runAs,
    cwd: folder,
    stdio: ["pipe", "ignore", "pipe"],
  });
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    log = (log + text).slice(-4_000);
  });
  return {
    hasEnded: () => child.exitCode !== null,
    log: () => log,
    stop: async () => {
      if (child.exitCode !== null) return;
      child.stdin.end();
      await once(child, "close");
    },
  };
}

async function untilItAnswers(url: string, server: Server): Promise<void> {
  const deadline = performance.now() + startMs;
  for (;;) {
    try {
      await ask(url, "SELECT 1");
      return;
    } catch (error) {
      if (performance.now() > deadline || server.hasEnded()) {
        throw new Error(`PostgreSQL doesn't answer: ${server.log()}`, { cause: error });
      }
    }
    await sleep(50);
  }
}

async function ask(url: string, sql: string, values?: readonly unknown[]): Promise<QueryResult> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await client.query(sql, values ? [...values] : undefined);
  } finally {
    await client.end();
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (typeof address !== "object" || address === null) throw new Error("no free port");
  return address.port;
}
