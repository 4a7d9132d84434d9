import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RecordLine } from "../../localstack/record-file/record-line.ts";
import { type ChangeFeed, startDebezium } from "./debezium.ts";
import { type Postgres, startPostgres } from "./postgres.ts";

/** What Kafka Connect would be sent. */
export const shippedConnector = readFileSync("infra/capture/kafka-connect.json", "utf8");

const capturePassword = "of the capture";

/** A database with the tables and the publication of this repository. */
export interface CaptureDatabase extends Postgres {
  /** A connection of the connector's own role. */
  readonly captureUrl: string;
  /** The capture, from where the last one stopped. `changes` are made to the shipped configuration. */
  capture(changes?: Readonly<Record<string, string>>): Promise<Capture>;
}

export interface Capture {
  /** The next record of a captured table. Waits for it as long as the test may. */
  next(): Promise<RecordLine>;
  take(count: number): Promise<RecordLine[]>;
  stop(): Promise<void>;
}

/** @throws {Error} what is missing on this machine. */
export async function startCaptureDatabase(): Promise<CaptureDatabase> {
  const postgres = await startPostgres();
  if ("skipped" in postgres) throw new Error(postgres.skipped);
  const folder = mkdtempSync(join(tmpdir(), "tidemark-capture-"));
  const running = new Set<ChangeFeed>();
  const stop = async () => {
    await Promise.all([...running].map((feed) => feed.stop()));
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  await runScripts(postgres);
  await postgres.query(`ALTER ROLE tidemark_capture PASSWORD '${capturePassword}'`);
  const url = new URL(postgres.url);
  url.username = "tidemark_capture";
  url.password = capturePassword;
  const environment = {
    TIDEMARK_DATABASE_HOST: "127.0.0.1",
    TIDEMARK_DATABASE_PORT: String(postgres.port),
    TIDEMARK_DATABASE_NAME: "postgres",
    TIDEMARK_DATABASE_USER: "tidemark_capture",
    TIDEMARK_DATABASE_PASSWORD: capturePassword,
    TIDEMARK_DATABASE_SSLMODE: "disable",
  };
  const positionFile = join(folder, "position");
  return {
    ...postgres,
    captureUrl: url.href,
    stop,
    async capture(changes = {}) {
      const feed = await startDebezium({ connector: changed(changes), environment, positionFile, partitions: 4 });
      if ("skipped" in feed) throw new Error(feed.skipped);
      running.add(feed);
      return captureOf(feed, () => running.delete(feed));
    },
  };
}

/** Both scripts twice, as they promise to be safe to run again. */
export async function runScripts({ query }: Pick<Postgres, "query">): Promise<void> {
  const scripts = ["tables", "publication"].map((name) => readFileSync(`infra/capture/${name}.sql`, "utf8"));
  for (const script of [...scripts, ...scripts]) await query(script);
}

function changed(changes: Readonly<Record<string, string>>): string {
  const { name, config } = JSON.parse(shippedConnector) as { name: string; config: Record<string, string> };
  return JSON.stringify({ name, config: { ...config, ...changes } });
}

function captureOf(feed: ChangeFeed, stopped: () => void): Capture {
  const records = feed[Symbol.asyncIterator]();
  const next = async (): Promise<RecordLine> => {
    for (;;) {
      const { value, done } = await records.next();
      if (done) throw new Error("the capture has ended");
      if (!value.topic.startsWith("__debezium-heartbeat.")) return value;
    }
  };
  const take = async (count: number) => {
    const taken: RecordLine[] = [];
    while (taken.length < count) taken.push(await next());
    return taken;
  };
  const stop = async () => {
    await feed.stop();
    stopped();
  };
  return { next, take, stop };
}
