import { comparePositions } from "../core/position.ts";
import type { LogRecord } from "../core/record.ts";
import { laterOf } from "../core/watermark.ts";
import { type Closing, notClosed, readClosing } from "./closing.ts";
import { addCounts, type Counts } from "./counts.ts";
import { type Engine, peersOf, type SourcePartition } from "./engine.ts";
import { watermarkWith } from "./judge.ts";
import { closingKey, closingScope, rowKey } from "./keys.ts";
import { countConflict } from "./metering.ts";
import { type Claim, commitRow, type PartitionRow, readRow } from "./partition-row.ts";
import { type PlacedRecord, placeRecords, positionAfter } from "./placing.ts";
import type { Reached } from "./position-objects.ts";

/** A try that may go ahead: nobody can judge these records otherwise than by `claim`. */
export interface OpenTry {
  readonly kind: "open";
  readonly source: SourcePartition;
  /** With the claim in it. */
  readonly row: PartitionRow;
  readonly claim: Claim;
  readonly peers: readonly { readonly source: SourcePartition; readonly row: PartitionRow }[];
  readonly closing: Closing;
  /** The new records within the claim. */
  readonly placed: readonly PlacedRecord[];
  /** New records behind the claim's end: for the next try. */
  readonly beyond: readonly LogRecord[];
}

/** `lost`: another invocation has changed the row meanwhile. `nothing-new`: all of it is done already. */
export type OpenOutcome = OpenTry | { readonly kind: "lost" } | { readonly kind: "nothing-new" };

/**
 * Claims the batch, or takes over the claim that a try which died or stalled has left: its context, and no record behind its end.
 * The own row is read before its peers', so that they are never older than it.
 */
export async function openTry(
  engine: Engine,
  source: SourcePartition,
  records: readonly LogRecord[],
): Promise<OpenOutcome> {
  const { pipeline, store } = engine;
  const key = rowKey(pipeline, source);
  const own = readRow((await store.progress.read([key])).get(key));
  if (own.idle) {
    // A closing may be leaving this source out: it has to see the mark gone before this try reads what the closing announced.
    await commitRow(store.progress, key, { ...own, idle: false });
    return { kind: "lost" };
  }
  const placed = placeRecords(own, records);
  const last = placed.at(-1);
  if (!last) return { kind: "nothing-new" };

  const { peers, closing } = await readSurroundings(engine, source);
  if (own.claim) return open(source, own, own.claim, peers, closing, placed);
  const claim: Claim = {
    end: positionAfter(last.position),
    peers: peers.filter(({ row }) => !row.idle).map(({ row }) => row.highest),
    floor: laterOf(laterOf(closing.closed, closing.announced), own.floor),
    clock: engine.clock.now(),
  };
  const outcome = await commitRow(store.progress, key, { ...own, claim });
  if (outcome.kind === "conflict") {
    countConflict(engine);
    return { kind: "lost" };
  }
  return open(source, { ...own, claim, version: own.version + 1 }, claim, peers, closing, placed);
}

function open(
  source: SourcePartition,
  row: PartitionRow,
  claim: Claim,
  peers: OpenTry["peers"],
  closing: Closing,
  placed: readonly PlacedRecord[],
): OpenTry {
  const within = placed.filter(({ position }) => comparePositions(position, claim.end) < 0);
  const beyond = placed.slice(within.length).map(({ record }) => record);
  return { kind: "open", source, row, claim, peers, closing, placed: within, beyond };
}

async function readSurroundings(engine: Engine, source: SourcePartition) {
  const { pipeline, store } = engine;
  const { finalInterval } = pipeline;
  const scope = closingKey(closingScope(pipeline, source.partition));
  const sources = peersOf(engine, source);
  const keys = sources.map((peer) => rowKey(pipeline, peer));
  const documents = await store.progress.read(finalInterval === undefined ? keys : [...keys, scope]);
  return {
    peers: sources.map((peer) => ({ source: peer, row: readRow(documents.get(rowKey(pipeline, peer))) })),
    closing: finalInterval === undefined ? notClosed : readClosing(documents.get(scope), finalInterval),
  };
}

/** How far a try has come, and what became of its records. */
export type Progress = Reached & { readonly counts: Counts };

/**
 * Stores how far the try has come, if the row is still as the try knows it; the claim goes with its end.
 * @returns whether it was stored; if not, another invocation has been here.
 */
export async function storeProgress(
  engine: Engine,
  { source, row, claim, placed }: OpenTry,
  { position, highest, highestTimestamp, counts }: Progress,
): Promise<boolean> {
  const { claim: _, ...unclaimed } = row;
  const next: PartitionRow = {
    ...unclaimed,
    next: position,
    highest,
    // The position has come to the first record at least, so its time has been seen, whether or not anything was done: else a record that
    // turns up before it, as rows of a table may, would pass for the first of a log begun anew.
    highestTimestamp: Math.max(row.highestTimestamp, highestTimestamp, placed[0]?.record.timestamp ?? -1),
    floor: laterOf(row.floor, watermarkWith(engine, highest, claim)),
    counts: addCounts(row.counts, counts),
    ...(comparePositions(position, claim.end) < 0 && { claim }),
  };
  const outcome = await commitRow(engine.store.progress, rowKey(engine.pipeline, source), next);
  if (outcome.kind === "conflict") countConflict(engine);
  return outcome.kind === "committed";
}
