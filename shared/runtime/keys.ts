import type { Pipeline, StateOf, StreamRecord } from "../pipelines/pipeline.ts";
import type { SourcePartition } from "./engine.ts";

/** A pipeline's name, its scope and its sources are all that a key depends on. */
type Named = Pick<Pipeline<StreamRecord>, "name" | "scope" | "sources">;

/** The document of a key's state: `attribution|0|user_1`. In scope `topic` all partitions share it, and the number is 0. */
export function entityKey(pipeline: Named, { partition, key }: StateOf): string {
  return `${pipeline.name}|${pipeline.scope === "partition" ? partition : 0}|${key}`;
}

/** The document of a fact: an id is the same in every partition. */
export function factKey(pipeline: Pick<Named, "name">, id: string): string {
  return `${pipeline.name}|0|${id}`;
}

/** The document of a key's total in a fold over facts. */
export function totalKey(pipeline: Pick<Named, "name">, fold: { readonly name: string }, key: string): string {
  return `${pipeline.name}|${fold.name}|${key}`;
}

/** The document of a row of the table that facts are looked up in. */
export function tableKey(pipeline: Pick<Named, "name">, partition: number, key: string): string {
  return `${pipeline.name}|table|${partition}|${key}`;
}

/** The facts that wait for a row of the table: the due lists' scope. */
export function waitingScope(pipeline: Pick<Named, "name">, partition: number, key: string): string {
  return `${pipeline.name}|${partition}|waiting|${key}`;
}

/** The list of a key's facts. */
export function listKey(pipeline: Pick<Named, "name">, key: string): string {
  return `${pipeline.name}|list|${key}`;
}

/** What `entityKey` was made of. */
export function readEntityKey(documentKey: string): StateOf & { readonly pipeline: string } {
  const [pipeline = "", partition = ""] = documentKey.split("|", 2);
  return { pipeline, partition: Number(partition), key: documentKey.slice(pipeline.length + partition.length + 2) };
}

/** The document of a source partition's progress. */
export function rowKey(pipeline: Named, { topic, partition }: SourcePartition): string {
  return `row|${pipeline.name}|${topic}|${partition}`;
}

/** What `rowKey` was made of, `undefined` for the key of something else. */
export function readRowKey(documentKey: string): (SourcePartition & { readonly pipeline: string }) | undefined {
  const [kind, pipeline, topic, partition] = documentKey.split("|");
  if (kind !== "row" || !pipeline || !topic || partition === undefined) return undefined;
  return { pipeline, topic, partition: Number(partition) };
}

/** What closes together: the due lists' scope. */
export function closingScope(pipeline: Named, partition: number): string {
  return `${pipeline.name}|${pipeline.scope === "partition" ? partition : "all"}`;
}

/** The document that says how far a scope is closed. */
export function closingKey(scope: string): string {
  return `closed|${scope}`;
}

/**
 * How an item names the source partition that a position belongs to: short, as every item carries it. Where an item is of one partition
 * number, it names the source alone.
 */
export function laneOf(pipeline: Named & Pick<Pipeline<StreamRecord>, "kind">, at: SourcePartition): string {
  const source = pipeline.sources.indexOf(at.topic);
  return pipeline.kind === "keyed" && pipeline.scope === "partition" ? String(source) : `${source}.${at.partition}`;
}
