import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { RecordLine } from "../../localstack/record-file/record-line.ts";
import type { WallTimeMs } from "../../shared/core/units.ts";
import { partitionOf } from "../../shared/kafka/partitioner.ts";
import { findJava, type Skipped } from "./requirements.ts";

const pom = fileURLToPath(new URL("./debezium/pom.xml", import.meta.url));
const source = fileURLToPath(new URL("./debezium/ChangeFeed.java", import.meta.url));
const cache = fileURLToPath(new URL("../../node_modules/.cache/tidemark/debezium", import.meta.url));
const copyDependencies = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies";

export interface DebeziumOptions {
  /** What is POSTed to Kafka Connect: `{"name":...,"config":{...}}`. */
  readonly connector: string;
  /** The variables that the configuration looks up. */
  readonly environment: Readonly<Record<string, string>>;
  /** Where the position is kept; a feed with the file of an earlier one goes on where that stopped. */
  readonly positionFile: string;
  /** Of every topic. */
  readonly partitions: number;
}

/** Records in the order in which Kafka Connect would send them, in the partitions and at the offsets that they would get in new topics. */
export interface ChangeFeed extends AsyncIterable<RecordLine> {
  /** Ends the capture as a worker does: what was printed is confirmed to the database. */
  stop(): Promise<void>;
}

/**
 * Starts Debezium's embedded engine with a connector's configuration, just as it would be sent to Kafka Connect.
 *
 * The first start on a machine gets 38 MB of jars from Maven Central. Iterating throws if the engine fails.
 */
export async function startDebezium(options: DebeziumOptions): Promise<ChangeFeed | Skipped> {
  const found = findJava();
  if ("skipped" in found) return found;
  const program = builtProgram(found);
  const folder = mkdtempSync(join(tmpdir(), "tidemark-debezium-"));
  const connector = join(folder, "connector.json");
  writeFileSync(connector, options.connector);
  const machine = ["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];
  const logging = ["-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"];
  const classes = ["-cp", `${join(program, "classes")}:${join(program, "lib")}/*`];
  const child = spawn(
    found.java,
    [...machine, ...logging, ...classes, "ChangeFeed", connector, options.positionFile],
    // Its input ends with this process, and it with its input.
    { env: { ...process.env, ...options.environment }, stdio: ["pipe", "pipe", "pipe"] },
  );
  return {
    [Symbol.asyncIterator]: () => recordsOf(child, options.partitions),
    stop: async () => {
      if (child.exitCode === null) {
        child.stdin.end();
        await once(child, "close");
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The folder of the jars and classes, made on first use. Its name follows from its sources, so a change of them makes it anew. */
function builtProgram({ javac, mvn }: { readonly javac: string; readonly mvn: string }): string {
  const hash = createHash("sha256").update(readFileSync(pom)).update(readFileSync(source)).digest("hex");
  const folder = join(cache, hash.slice(0, 16));
  if (existsSync(folder)) return folder;
  mkdirSync(cache, { recursive: true });
  const made = mkdtempSync(join(cache, "making-"));
  try {
    const lib = join(made, "lib");
    execFileSync(mvn, ["-q", "-B", "-f", pom, copyDependencies, `-DoutputDirectory=${lib}`], { stdio: "inherit" });
    execFileSync(javac, ["-cp", `${lib}/*`, "-d", join(made, "classes"), source], { stdio: "inherit" });
    renameSync(made, folder);
  } catch (error) {
    rmSync(made, { recursive: true, force: true });
    // Another process may have been faster.
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

async function* recordsOf(child: ChildProcess, partitions: number): AsyncGenerator<RecordLine, void> {
  const { stdout, stderr } = child;
  if (!stdout || !stderr) throw new Error("the engine was started without pipes");
  let log = "";
  stderr.setEncoding("utf8").on("data", (text: string) => {
    log = (log + text).slice(-4_000);
  });
  const offsets = new Map<string, number>();
  for await (const line of createInterface({ input: stdout })) {
    const { topic, ts, key, payload } = JSON.parse(line) as Printed;
    const partition = key === null ? 0 : partitionOf(Buffer.from(key), partitions);
    const offset = offsets.get(`${topic}-${partition}`) ?? 0;
    offsets.set(`${topic}-${partition}`, offset + 1);
    yield { topic, partition, offset, tstype: "create", ts, key, payload };
  }
  if (child.exitCode === null) await once(child, "close");
  if (child.exitCode !== 0) throw new Error(`Debezium ended with ${child.exitCode}: ${log}`);
}

/** A line of `ChangeFeed.java`. */
interface Printed {
  readonly topic: string;
  readonly ts: WallTimeMs;
  readonly key: string | null;
  readonly payload: string | null;
}
