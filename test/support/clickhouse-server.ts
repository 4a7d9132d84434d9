import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("./clickhouse_server.py", import.meta.url));
const tableScript = fileURLToPath(new URL("../../infra/clickhouse/events_enriched.sql", import.meta.url));

/** A ClickHouse that answers over HTTP. It shares no code with the sink: it is asked by `fetch`. */
export interface ClickHouseServer {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  /** Runs a statement; the answer is its rows, with integers of 64 bits as text. */
  query(sql: string): Promise<Record<string, unknown>[]>;
  stop(): Promise<void> | void;
}

/** The server at a URL that holds a user and a password, where they aren't the default ones. */
export function givenServer(text: string): ClickHouseServer {
  const { origin, username, password } = new URL(text);
  const user = { username: decodeURIComponent(username) || "default", password: decodeURIComponent(password) };
  return { url: origin, ...user, query: (sql) => ask(origin, user, sql), stop: () => {} };
}

/** Starts chDB, which is ClickHouse's engine in a Python process, behind an HTTP interface of this repository. It takes 2 to 5 s. */
export async function startChdb(python: string): Promise<ClickHouseServer> {
  const folder = mkdtempSync(join(tmpdir(), "tidemark-clickhouse-"));
  const user = { username: "tidemark", password: "pä:ss w\u00f6rd" };
  const child = spawn(python, [script, folder], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, CLICKHOUSE_PASSWORD: user.password },
  });
  const url = `http://127.0.0.1:${await portOf(child)}`;
  const stop = async () => {
    child.stdin.end();
    await once(child, "close");
    rmSync(folder, { recursive: true, force: true });
  };
  return { url, ...user, query: (sql) => ask(url, user, sql), stop };
}

/** The statements of the repository's own script, for a database of another name. */
export function tableStatements(database: string): string[] {
  const text = readFileSync(tableScript, "utf8").replace(/--.*$/gm, "");
  const renamed = text.replaceAll(/\bengagement\b(?=[.;])/g, database);
  return renamed
    .split(";")
    .map((statement) => statement.trim())
    .filter((statement) => statement !== "");
}

async function portOf(child: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    const [, port] = /^listening on (\d+)$/.exec(line) ?? [];
    if (port) return port;
  }
  throw new Error("chDB didn't start; its message stands above");
}

async function ask(url: string, { username, password }: { username: string; password: string }, sql: string) {
  const settings = "output_format_json_quote_64bit_integers=1";
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  const isSelect = /^\s*SELECT\b/i.test(sql);
  const body = isSelect ? `${sql}\nFORMAT JSONEachRow` : sql;
  const response = await fetch(`${url}/?${settings}`, { method: "POST", headers: { authorization }, body });
  const text = await response.text();
  if (!response.ok) throw new Error(`${sql}: ${text}`);
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
