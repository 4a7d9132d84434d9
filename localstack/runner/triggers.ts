import type { FunctionRow, Trigger } from "../../functions/function-row.ts";
import { functions } from "../../functions/manifest.ts";
import type { DurationMs } from "../../shared/core/units.ts";

type TriggerOf<K extends Trigger["kind"]> = Extract<Trigger, { kind: K }>;

/** A function that takes a pipeline's records. */
export interface ConsumerRow {
  readonly name: string;
  readonly topics: readonly string[];
  /** Records at most at once; fewer, once the first of them has waited for `batchWindowMs`. */
  readonly batchSize: number;
  readonly batchWindowMs: DurationMs;
}

/** The functions that take a pipeline's records, by the manifest. */
export function consumersFor(pipeline: string): ConsumerRow[] {
  return functions
    .filter(({ pipelines }) => pipelines.some((name) => name === pipeline))
    .flatMap((row) =>
      triggersOf(row, "msk").map(({ topics, batchSize, batchWindowSeconds }) => ({
        ...{ name: row.name, topics, batchSize },
        batchWindowMs: 1_000 * batchWindowSeconds,
      })),
    );
}

/** How many changes of a state table a function gets at most at once, by the manifest. @throws {Error} it doesn't read that table. */
export function streamBatchSize(name: string, table: "entities" | "progress"): number {
  const trigger = triggersOf(functionNamed(name), "stream").find((one) => one.table === table);
  if (!trigger) throw new Error(`functions/manifest.ts: ${name} has no trigger on the stream of ${table}`);
  return trigger.batchSize;
}

/** @throws {Error} the manifest has no such function. */
export function functionNamed(name: string): FunctionRow {
  const row = functions.find((one) => one.name === name);
  if (!row) throw new Error(`functions/manifest.ts: there is no function ${name}`);
  return row;
}

function triggersOf<K extends Trigger["kind"]>(row: FunctionRow, kind: K): TriggerOf<K>[] {
  return row.triggers.filter((trigger): trigger is TriggerOf<K> => trigger.kind === kind);
}
