import { type FunctionRow, functions, type Trigger } from "../../functions/manifest.ts";

type TriggerOf<K extends Trigger["kind"]> = Extract<Trigger, { kind: K }>;

/** The function that a topic's records go to, by the manifest, and how many at most at once; `undefined` where nobody asks for them. */
export function consumerOf(topic: string): { readonly name: string; readonly batchSize: number } | undefined {
  for (const row of functions) {
    const trigger = triggersOf(row, "msk").find(({ topics }) => topics.includes(topic));
    if (trigger) return { name: row.name, batchSize: trigger.batchSize };
  }
  return undefined;
}

/** How many changes of a state table a function gets at most at once, by the manifest. @throws {Error} it doesn't read that table. */
export function streamBatchSize(name: string, table: "entities" | "progress"): number {
  const row = functions.find((one) => one.name === name);
  const trigger = row && triggersOf(row, "stream").find((one) => one.table === table);
  if (!trigger) throw new Error(`functions/manifest.ts: ${name} has no trigger on the stream of ${table}`);
  return trigger.batchSize;
}

function triggersOf<K extends Trigger["kind"]>(row: FunctionRow, kind: K): TriggerOf<K>[] {
  return row.triggers.filter((trigger): trigger is TriggerOf<K> => trigger.kind === kind);
}
