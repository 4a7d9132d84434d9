import { rowToJson } from "../core/row.ts";
import type { KeyedPipeline, KeyedRecord } from "../pipelines/pipeline.ts";
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

/** The outputs that a stored document carries in its outbox, in order. */
export function outputsOf<R extends KeyedRecord, S>(
  pipeline: KeyedPipeline<R, S>,
  document: Pick<Document, "key" | "version" | "body" | "outbox">,
): Output[] {
  if (document.outbox === undefined) return [];
  const of = readEntityKey(document.key);
  const { state } = readEntity(pipeline, of, document);
  return pipeline.marked(state, JSON.parse(document.outbox) as number[], of).map(({ entity, revision, row }) => ({
    id: `${pipeline.name}:${entity}:${revision}`,
    pipeline: pipeline.name,
    entity,
    revision,
    final: row.final === true,
    body: rowToJson(pipeline.columns, row),
  }));
}
