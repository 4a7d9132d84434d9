import { atMostAtOnce } from "../core/at-most-at-once.ts";
import { StreamError } from "../core/errors.ts";
import type { Position } from "../core/position.ts";
import type { Row } from "../core/row.ts";
import { textHash } from "../core/text-hash.ts";
import { bucketEnd, lastEventTime } from "../core/time.ts";
import type { EventTimeMs } from "../core/units.ts";
import { isBefore, type Watermark } from "../core/watermark.ts";
import type { FactRecord, Lookup } from "../pipelines/pipeline.ts";
import type { Document, DueList } from "../ports/state-store.ts";
import type { FactEngine, SourcePartition } from "./engine.ts";
import { type Fact, factDocument, hasOtherRow, isFinal, readFact } from "./fact.ts";
import type { Applicable } from "./judge.ts";
import { closingScope, factKey, laneOf, waitingScope } from "./keys.ts";
import { countConflict } from "./metering.ts";

/**
 * Facts that had nothing in the table to belong to when they came. Each wait ends in one conditional write of its fact: by the table's
 * change, or by the closing of its bucket, whichever is first. Two due lists name them before they are put: one for each that looks for them.
 */
export interface WaitingEngine<R extends FactRecord, D> {
  readonly engine: FactEngine<R, D>;
  readonly lookup: Lookup<R, D>;
}

const commitsAtOnce = 32;
const idsAtOnce = 400;
/** Lost races for one fact; each means that another handler changed it, and it changes twice at most. */
const conflictsMax = 5;

/** Whether a record whose row isn't there waits for it. */
export function waits<R extends FactRecord>({ parsed, watermark }: Applicable<R>): boolean {
  return parsed.time !== undefined && !isBefore(parsed.time, watermark);
}

/**
 * Names the records that are about to wait, for whoever ends their wait. Which of a batch they are may differ from try to try, as the table
 * goes on meanwhile; so lists are named after what is in them, and one never takes another's place.
 */
export async function announceWaiting<R extends FactRecord, D>(
  { engine, lookup }: WaitingEngine<R, D>,
  source: SourcePartition,
  first: Position,
  records: readonly Applicable<R>[],
): Promise<void> {
  if (records.length === 0) return;
  const { pipeline, store } = engine;
  const last = records.at(-1)?.position ?? first;
  const span = [laneOf(pipeline, source), first.epoch, first.offset, last.epoch, last.offset].join("-");
  const scopesOf = ({ parsed }: Applicable<R>) => [
    closingScope(pipeline, source.partition),
    waitingScope(pipeline, source.partition, lookup.keyOf(parsed)),
  ];
  const named = records.flatMap((record) =>
    scopesOf(record).map((scope) => ({ scope, end: bucketOf(engine, lookup, record.parsed), id: record.parsed.id })),
  );
  const lists = [...Map.groupBy(named, ({ scope, end }) => `${end} ${scope}`).values()].map((same): DueList => {
    const { scope, end } = same[0] as (typeof named)[number];
    const keys = [...new Set(same.map(({ id }) => id))];
    return { scope, bucketEnd: end, name: `${span}-${digest(keys)}`, keys };
  });
  await store.due.append(lists);
}

/**
 * Gives the facts that wait for `key` what they have waited for, unless they are final by now.
 * @returns how many have got it: each has one more revision.
 */
export async function endWait<R extends FactRecord, D>(
  waiting: WaitingEngine<R, D>,
  partition: number,
  key: string,
  found: D,
  watermark: Watermark,
): Promise<number> {
  const { engine, lookup } = waiting;
  const { pipeline, store } = engine;
  let revised = 0;
  for await (const list of store.due.upTo(waitingScope(pipeline, partition, key), endOfWaiting)) {
    const facts = await readFacts(engine, list.keys);
    const ends = await atMostAtOnce(commitsAtOnce, [...facts], ([id, document]) =>
      changeFact(engine, id, document, (fact, record) => {
        if (!isOf(engine, partition, fact) || lookup.keyOf(record) !== key) return undefined;
        if (isBefore(dueTime(lookup, record), watermark)) return undefined;
        return { ...fact, found, revision: fact.revision + 1 };
      }),
    );
    revised += ends.filter(({ isChanged }) => isChanged).length;
    const isDone = facts.size === list.keys.length && ends.every(({ fact }) => isFinal(fact));
    // A fact that is named but not put yet finds the row by itself. Those that are final by time go with their bucket.
    if (isDone) await store.due.remove([list]);
  }
  return revised;
}

/** The final rows of the facts whose wait has an end in a closing bucket, with what they waited for or without. */
export async function closeWaiting<R extends FactRecord, D>(
  waiting: WaitingEngine<R, D>,
  partition: number,
  end: EventTimeMs,
  ids: readonly string[],
): Promise<Row[]> {
  const { engine, lookup } = waiting;
  const { pipeline, store } = engine;
  const inVain = new Set<string>();
  const rows: Row[] = [];
  for (let at = 0; at < ids.length; at += idsAtOnce) {
    const facts = await readFacts(engine, ids.slice(at, at + idsAtOnce));
    const closed = await atMostAtOnce(commitsAtOnce, [...facts], async ([id, document]) => {
      const isDue = (fact: Fact<D>, record: R) =>
        isOf(engine, partition, fact) && bucketOf(engine, lookup, record) === end;
      const { fact } = await changeFact(engine, id, document, (open, record) =>
        isDue(open, record) ? { ...open, waiting: { text: recordText(open), isOver: true } } : undefined,
      );
      const record = fact.waiting && recordOf(engine, fact.waiting.text);
      // Two records may have one id: the fact may stand elsewhere, and has its row there.
      if (!record || !isDue(fact, record)) return [];
      if (fact.found === null) inVain.add(lookup.keyOf(record));
      return hasOtherRow(fact) ? [] : [pipeline.row(record, fact)];
    });
    rows.push(...closed.flat());
  }
  for (const key of inVain) {
    const scope = waitingScope(pipeline, partition, key);
    for await (const list of store.due.upTo(scope, end)) await store.due.remove([list]);
  }
  return pipeline.compareRows ? rows.sort(pipeline.compareRows) : rows;
}

/** 64 bits of two hashes: enough to tell the few sets of ids apart that tries of one batch can come to. */
function digest(ids: readonly string[]): string {
  const text = ids.join(" ");
  return `${textHash(text).toString(36)}${textHash(text, 0x1b873593).toString(36)}`;
}

/** After all times that a wait can end at. */
const endOfWaiting: EventTimeMs = 2 * lastEventTime;

function dueTime<R extends FactRecord, D>({ wait }: Lookup<R, D>, { time }: R): EventTimeMs {
  return Math.min((time ?? 0) + wait, lastEventTime);
}

function isOf<R extends FactRecord, D>({ pipeline }: FactEngine<R, D>, partition: number, { lane }: Fact<D>): boolean {
  return pipeline.sources.some((topic) => laneOf(pipeline, { topic, partition }) === lane);
}

function bucketOf<R extends FactRecord, D>(
  { pipeline }: FactEngine<R, D>,
  lookup: Lookup<R, D>,
  record: R,
): EventTimeMs {
  return bucketEnd(dueTime(lookup, record), pipeline.finalInterval ?? 1);
}

async function readFacts<R extends FactRecord, D>(
  { pipeline, store }: FactEngine<R, D>,
  ids: readonly string[],
): Promise<Map<string, Document>> {
  const documents = await store.entities.read(ids.map((id) => factKey(pipeline, id)));
  return new Map(
    ids.flatMap((id): [string, Document][] => {
      const document = documents.get(factKey(pipeline, id));
      return document ? [[id, document]] : [];
    }),
  );
}

/** Changes a fact that isn't final, if `change` has anything for it. @returns the fact as it stands, and whether this call has changed it. */
async function changeFact<R extends FactRecord, D>(
  engine: FactEngine<R, D>,
  id: string,
  loaded: Document,
  change: (fact: Fact<D>, record: R) => Fact<D> | undefined,
): Promise<{ readonly fact: Fact<D>; readonly isChanged: boolean }> {
  let document = loaded;
  for (let conflicts = 0; conflicts < conflictsMax; conflicts++) {
    const fact = readFact<D>(document);
    const changed = isFinal(fact) ? undefined : change(fact, recordOf(engine, recordText(fact)));
    if (!changed) return { fact, isChanged: false };
    const outbox = changed.revision > fact.revision ? changed.waiting?.text : undefined;
    const outcome = await engine.store.entities.commit(factDocument(engine, id, document.version + 1, changed, outbox));
    if (outcome.kind === "committed") return { fact: changed, isChanged: true };
    countConflict(engine);
    if (!outcome.found) break;
    document = outcome.found;
  }
  throw new StreamError("dependency", `${loaded.key}: lost ${conflictsMax} races for it`);
}

function recordText({ waiting }: Fact<unknown>): string {
  return waiting?.text ?? "";
}

/** @throws {StreamError} fault `bug`: what was stored of a record can't be read any more. */
function recordOf<R extends FactRecord, D>({ pipeline }: FactEngine<R, D>, text: string): R {
  const parsed = pipeline.parse(pipeline.sources[0] as string, new TextEncoder().encode(text));
  if (parsed.kind === "record") return parsed.record;
  throw new StreamError("bug", `${pipeline.name}: a stored record can't be read any more: ${text.slice(0, 200)}`);
}
