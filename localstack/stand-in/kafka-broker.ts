import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freePort } from "./free-port.ts";
import type { Skipped } from "./python.ts";

const pom = fileURLToPath(new URL("./kafka/pom.xml", import.meta.url));
const cache = fileURLToPath(new URL("../../node_modules/.cache/tidemark/kafka", import.meta.url));
const copyDependencies = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies";
const startMs = 60_000;
/** Its input ends with this process, and the broker and its folder with its input, however this process ends. */
const endWithInput = `folder=$1; shift
exec 3<&0
"$@" </dev/null &
broker=$!
{ cat <&3 >/dev/null; kill -KILL $broker; rm -rf "$folder"; } &
wait $broker`;

export interface KafkaBroker {
  /** `host:port`; in plain text, and for everybody on this machine. */
  readonly address: string;
  /** Ends it; what it held is gone. */
  stop(): Promise<void>;
}

/**
 * Starts an empty Kafka broker, in three to six seconds. The first start on a machine gets 44 MB of jars from Maven Central.
 *
 * @throws {Error} it doesn't answer within a minute; says the end of its log.
 */
export async function startKafkaBroker(): Promise<KafkaBroker | Skipped> {
  for (const program of ["java", "mvn"]) {
    if (!isInstalled(program))
      return { skipped: `${program} is missing (Debian: apt install default-jdk-headless maven)` };
  }
  const lib = broughtJars();
  const folder = mkdtempSync(join(tmpdir(), "tidemark-kafka-"));
  const [port, controllerPort] = [await freePort(), await freePort()];
  const properties = join(folder, "server.properties");
  writeFileSync(properties, propertiesOf({ port, controllerPort, data: join(folder, "data") }));
  const classes = ["-cp", `${lib}/*`];
  const format = ["format", "--cluster-id", "dGlkZW1hcmtsb2NhbDAwMA", "--config", properties];
  execFileSync("java", [...classes, "kafka.tools.StorageTool", ...format], { stdio: "ignore", cwd: folder });
  const machine = ["-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];
  const child = spawn(
    "sh",
    ["-c", endWithInput, "sh", folder, "java", ...machine, ...classes, "kafka.Kafka", properties],
    {
      cwd: folder,
      stdio: ["pipe", "pipe", "pipe"],
    },
  );
  const stop = async () => {
    await end(child);
    rmSync(folder, { recursive: true, force: true });
  };
  const log = logOf(child);
  try {
    await untilItListens(port, child);
  } catch (cause) {
    await stop();
    throw new Error(`the Kafka broker doesn't answer: ${log()}`, { cause });
  }
  return { address: `127.0.0.1:${port}`, stop };
}

/** Records keep the time that they bring, which may lie back a while: nothing is deleted for its age. */
function propertiesOf({ port, controllerPort, data }: { port: number; controllerPort: number; data: string }): string {
  const single = ["offsets.topic", "transaction.state.log", "share.coordinator.state.topic"];
  return [
    "process.roles=broker,controller",
    "node.id=1",
    `controller.quorum.voters=1@127.0.0.1:${controllerPort}`,
    `listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    "controller.listener.names=CONTROLLER",
    `log.dirs=${data}`,
    "log.retention.ms=-1",
    ...single.map((topic) => `${topic}.replication.factor=1`),
    "transaction.state.log.min.isr=1",
    "share.coordinator.state.topic.min.isr=1",
    "offsets.topic.num.partitions=1",
    "group.initial.rebalance.delay.ms=0",
    // As on MSK: a topic is made by whoever deploys.
    "auto.create.topics.enable=false",
  ].join("\n");
}

function isInstalled(program: string): boolean {
  try {
    execFileSync(program, ["-version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** The folder of the jars, made on first use. Its name follows from what is asked for, so a change of that makes it anew. */
function broughtJars(): string {
  const hash = createHash("sha256").update(readFileSync(pom)).digest("hex");
  const folder = join(cache, hash.slice(0, 16));
  if (existsSync(folder)) return folder;
  mkdirSync(cache, { recursive: true });
  const made = mkdtempSync(join(cache, "making-"));
  try {
    const args = ["-q", "-B", "-f", pom, copyDependencies, `-DoutputDirectory=${made}`, "-DincludeScope=runtime"];
    execFileSync("mvn", args, { stdio: ["ignore", "ignore", "inherit"] });
    renameSync(made, folder);
  } catch (cause) {
    rmSync(made, { recursive: true, force: true });
    // Another process may have been faster.
    if (!existsSync(folder)) throw new Error("Maven can't bring the jars of Kafka", { cause });
  }
  return folder;
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

async function untilItListens(port: number, child: ChildProcess): Promise<void> {
  const deadline = performance.now() + startMs;
  for (;;) {
    const socket = connect(port, "127.0.0.1");
    try {
      await once(socket, "connect");
      return;
    } catch (error) {
      if (performance.now() > deadline || child.exitCode !== null) throw error;
    } finally {
      socket.destroy();
    }
    await sleep(100);
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, "exit");
  child.stdin?.end();
  await closed;
}
