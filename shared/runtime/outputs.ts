import { rowToJson } from "../core/row.ts";
import type { KeyedPipeline, KeyedRecord, Result } from "../pipelines/pipeline.ts";
import type { TopicMessage } from "../ports/producer.ts";
import type { Document } from "../ports/state-store.ts";
import { readEntity } from "./entity.ts";
import { readEntityKey } from "./keys.ts";

/** One revision of one result, as sinks get it. A consumer that keeps the highest revision per entity sees each result once. */
export interface Output {
  /** `pipeline:entity:revision`: the same for the same content, however often it is sent. */
  readonly id: string;
  readonly pipeline: string;
  readonly entity: string;
  readonly revision: number;
  readonly final: boolean;
  readonly body: Readonly<Record<string, string | number | boolean | null>>;
}

/** An output in its two forms: for an HTTP endpoint, and for a Kafka topic. */
export interface Emitted {
  readonly output: Output;
  readonly message: TopicMessage;
}

/** A stored document, as far as its outputs go. */
export type OutboxDocument = Pick<Document, "key" | "version" | "body" | "outbox">;

/** The outputs that the stored state of a key carries in its outbox, in order. */
export function emittedByState<R extends KeyedRecord, S>(
  pipeline: KeyedPipeline<R, S>,
  document: OutboxDocument,
): Emitted[] {
  if (document.outbox === undefined) return [];
  const of = readEntityKey(document.key);
  const { state } = readEntity(pipeline, of, document);
  return pipeline
    .marked(state, JSON.parse(document.outbox) as number[], of)
    .map((result) => emittedResult(pipeline, result));
}

function emittedResult<R extends KeyedRecord, S>(
  { name, columns, outputTopic }: KeyedPipeline<R, S>,
  { entity, revision, row, time, messageKey }: Result,
): Emitted {
  const id = `${name}:${entity}:${revision}`;
  const body = rowToJson(columns, row);
  return {
    output: { id, pipeline: name, entity, revision, final: row.final === true, body },
    message: { id, topic: outputTopic, key: messageKey, value: JSON.stringify(body), timestamp: time },
  };
}
