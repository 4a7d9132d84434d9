import { rowToJson } from "../core/row.ts";
import type {
  FactContext,
  FactPipeline,
  FactRecord,
  KeyedPipeline,
  KeyedRecord,
  Result,
} from "../pipelines/pipeline.ts";
import type { Output } from "../ports/output.ts";
import type { TopicMessage } from "../ports/producer.ts";
import type { Document } from "../ports/state-store.ts";
import { readEntity } from "./entity.ts";
import { isFinal, readFact } from "./fact.ts";
import { readEntityKey } from "./keys.ts";

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

/** The output that a stored fact carries in its outbox. */
export function emittedByFact<R extends FactRecord, D>(
  pipeline: FactPipeline<R, D>,
  { body, outbox }: OutboxDocument,
): Emitted[] {
  if (outbox === undefined) return [];
  const parsed = pipeline.parse(pipeline.sources[0] as string, new TextEncoder().encode(outbox));
  return parsed.kind === "record" ? [emittedFact(pipeline, parsed.record, readFact<D>({ body }))] : [];
}

export function emittedFact<R extends FactRecord, D>(
  pipeline: FactPipeline<R, D>,
  record: R,
  fact: FactContext<D> & Parameters<typeof isFinal>[0],
): Emitted {
  const { name, columns, outputTopic, messageValue } = pipeline;
  const { revision, timestamp } = fact;
  const id = `${name}:${record.id}:${revision}`;
  const row = rowToJson(columns, pipeline.row(record, fact));
  const value = messageValue === "text" ? record.text : JSON.stringify(row);
  return {
    output: { id, pipeline: name, entity: record.id, revision, final: isFinal(fact), body: row },
    message: { id, topic: outputTopic, key: pipeline.messageKey(record), value, timestamp: record.time ?? timestamp },
  };
}
