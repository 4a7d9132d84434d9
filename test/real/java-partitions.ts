import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { builtProgram } from "./java-program.ts";

const pom = fileURLToPath(new URL("./kafka-partitions/pom.xml", import.meta.url));
const source = fileURLToPath(new URL("./kafka-partitions/Partitions.java", import.meta.url));

export interface KeyAmong {
  readonly key: Uint8Array;
  readonly partitions: number;
}

/** The partitions that Kafka's own client for Java chooses for these keys. */
export function javaPartitions(
  java: { readonly java: string; readonly javac: string; readonly mvn: string },
  keys: readonly KeyAmong[],
): number[] {
  const { classPath } = builtProgram({ name: "kafka-partitions", pom, source }, java);
  const input = keys.map(({ key, partitions }) => `${partitions} ${Buffer.from(key).toString("base64")}\n`).join("");
  const options = { input, encoding: "utf8", maxBuffer: 100_000_000 } as const;
  return execFileSync(java.java, ["-cp", classPath, "Partitions"], options).trimEnd().split("\n").map(Number);
}
