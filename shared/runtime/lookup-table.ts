import { atMostAtOnce } from "../core/at-most-at-once.ts";
import { StreamError } from "../core/errors.ts";
import { comparePositions, readPosition, type StoredPosition, storePosition } from "../core/position.ts";
import { type Parsed, utf8Length } from "../core/record.ts";
import type { FactRecord, Lookup, Pipeline, StreamRecord, TableChange } from "../pipelines/pipeline.ts";
import type { Document } from "../ports/state-store.ts";
import type { Engine, FactEngine, SourcePartition } from "./engine.ts";
import { textBytesMax } from "./fact.ts";
import { type Intake, noneTaken, type TakenIn } from "./intake.ts";
import type { Applicable } from "./judge.ts";
import { laneOf, tableKey } from "./keys.ts";
import { countConflict } from "./metering.ts";
import { endWait, type WaitingEngine } from "./waiting-facts.ts";

/** A change of a table that facts are looked up in. */
export interface TableRecord<D> extends StreamRecord {
  readonly time: undefined;
  readonly change: TableChange<D>;
}

/** A row of the table as it is stored, with the position of its last change. */
type StoredRow<D> = [at: StoredPosition, row: D | null];

const commitsAtOnce = 32;
const conflictsMax = 20;

/** The changes of a table as the engine takes them: never late, and judged by the watermark of the facts. */
export function tableEngine<R extends FactRecord, D>(
  { pipeline, ...adapters }: FactEngine<R, D>,
  lookup: Lookup<R, D>,
): Engine<Pipeline<TableRecord<D>>> {
  const { name, sources, scope, dataset, columns, outputTopic, allowedLateness, finalInterval } = pipeline;
  return {
    ...adapters,
    pipeline: {
      ...{ kind: "table", name, sources, scope, dataset, columns, outputTopic, allowedLateness },
      ...(finalInterval !== undefined && { finalInterval }),
      parse: (_: string, value: Uint8Array) => tableRecord(lookup.parseChange(value)),
      isLate: () => false,
    },
  };
}

/** The rows of `keys` that are there. */
export async function readTable<R extends FactRecord, D>(
  { pipeline, store }: FactEngine<R, D>,
  partition: number,
  keys: Iterable<string>,
): Promise<Map<string, D>> {
  const byDocument = new Map(Array.from(new Set(keys), (key) => [tableKey(pipeline, partition, key), key]));
  const documents = await store.entities.read([...byDocument.keys()]);
  const rows = new Map<string, D>();
  for (const [name, key] of byDocument) {
    const row = storedRow<D>(documents.get(name))?.[1] ?? null;
    if (row !== null) rows.set(key, row);
  }
  return rows;
}

/**
 * Keeps the table, and ends the waits of facts for its rows. The row is written first: a fact that is put meanwhile, and named too late to
 * be found here, looks at the table again after it was put. Of several changes in a batch facts get the first that has a row for them, so
 * that it doesn't matter how records are cut into batches.
 */
export function tableIntake<R extends FactRecord, D>(waiting: WaitingEngine<R, D>): Intake<TableRecord<D>> {
  return async ({ source }, verdicts) => {
    const changes = verdicts.filter((verdict): verdict is Applicable<TableRecord<D>> => verdict.kind === "apply");
    const byKey = [...Map.groupBy(changes, ({ parsed }) => parsed.change.key)];
    return atMostAtOnce(commitsAtOnce, byKey, ([key, ofKey]) => takeInRow(waiting, source, key, ofKey));
  };
}

async function takeInRow<R extends FactRecord, D>(
  waiting: WaitingEngine<R, D>,
  source: SourcePartition,
  key: string,
  changes: readonly Applicable<TableRecord<D>>[],
): Promise<TakenIn> {
  const { engine } = waiting;
  const { partition } = source;
  const { fitting = [], oversized = [] } = Object.groupBy(changes, ({ parsed }) =>
    rowBytes(parsed) > textBytesMax(engine) ? "oversized" : "fitting",
  );
  const outcomes = [
    ...fitting.map(({ position }) => ({ position, outcome: "accepted" as const })),
    ...oversized.map(({ position }) => ({ position, outcome: "refused" as const })),
  ];
  const refusals = oversized.map(({ position, parsed }) => ({
    ...{ lane: laneOf(engine.pipeline, source), position },
    message: `its row of ${rowBytes(parsed)} bytes passes the ${textBytesMax(engine)} of a table`,
  }));
  const [first, last] = [changes[0], fitting.at(-1)];
  if (!first || !last) return { outcomes, refusals, revisions: 0 };
  try {
    await storeRow(engine, partition, key, last);
    const arrival = fitting.find(({ parsed }) => parsed.change.row !== null);
    const row = arrival?.parsed.change.row ?? null;
    const revisions = row === null ? 0 : await endWait(waiting, partition, key, row, arrival?.watermark);
    return { outcomes, refusals, revisions };
  } catch (cause) {
    return { ...noneTaken, failed: { from: first.position, cause } };
  }
}

function rowBytes<D>({ change }: TableRecord<D>): number {
  return utf8Length(JSON.stringify(change.row));
}

/** Stores a row as its last change says, unless a later change is there already. */
async function storeRow<R extends FactRecord, D>(
  engine: FactEngine<R, D>,
  partition: number,
  key: string,
  { position, parsed }: Applicable<TableRecord<D>>,
): Promise<void> {
  const { pipeline, store } = engine;
  const name = tableKey(pipeline, partition, key);
  let document = (await store.entities.read([name])).get(name);
  for (let conflicts = 0; conflicts < conflictsMax; conflicts++) {
    const stored = storedRow<D>(document);
    if (stored && comparePositions(position, readPosition(stored[0])) <= 0) return;
    const next: StoredRow<D> = [storePosition(position), parsed.change.row];
    const version = (document?.version ?? 0) + 1;
    const outcome = await store.entities.commit({ key: name, version, body: JSON.stringify(next) });
    if (outcome.kind === "committed") return;
    countConflict(engine);
    document = outcome.found;
  }
  throw new StreamError("dependency", `${name}: lost ${conflictsMax} races for it`);
}

function storedRow<D>(document: Document | undefined): StoredRow<D> | undefined {
  return document && (JSON.parse(document.body) as StoredRow<D>);
}

function tableRecord<D>(parsed: Parsed<TableChange<D>>): Parsed<TableRecord<D>> {
  return parsed.kind === "record" ? { kind: "record", record: { time: undefined, change: parsed.record } } : parsed;
}
