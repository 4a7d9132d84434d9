import { atMostAtOnce } from "../core/at-most-at-once.ts";
import { compareCodePoints } from "../core/last-touch.ts";
import type { Row } from "../core/row.ts";
import type { EventTimeMs } from "../core/units.ts";
import type { KeyedRecord, Result } from "../pipelines/pipeline.ts";
import type { KeyedEngine } from "./engine.ts";
import { readEntity } from "./entity.ts";
import { entityKey } from "./keys.ts";
import { settledIn } from "./settled.ts";

/** Entities read at a time: one DynamoDB BatchGetItem's worth for each of a few requests in flight. */
const entitiesAtOnce = 400;

/** The final rows of a closing bucket out of the states of `keys`, in the order of time. */
export async function keyedFinals<R extends KeyedRecord, S>(
  engine: KeyedEngine<R, S>,
  partition: number,
  end: EventTimeMs,
  keys: readonly string[],
): Promise<Row[]> {
  const { pipeline, store } = engine;
  const chunks: string[][] = [];
  for (let at = 0; at < keys.length; at += entitiesAtOnce) chunks.push(keys.slice(at, at + entitiesAtOnce));
  const results = await atMostAtOnce(2, chunks, async (chunk) => {
    const documents = await store.entities.read(chunk.map((key) => entityKey(pipeline, { partition, key })));
    return chunk.flatMap((key): Result[] => {
      const of = { partition, key };
      const document = documents.get(entityKey(pipeline, of));
      if (!document) return [];
      const { state, settled } = readEntity(pipeline, of, document);
      return [
        ...settledIn(settled, end).map((stored) => pipeline.settledResult(stored, of)),
        ...pipeline.between(state, end - pipeline.finalInterval, end, of),
      ];
    });
  });
  return results
    .flat()
    .sort((a, b) => a.time - b.time || compareCodePoints(a.entity, b.entity))
    .map(({ row }) => row);
}
