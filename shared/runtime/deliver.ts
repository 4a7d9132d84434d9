import { atMostAtOnce } from "../core/at-most-at-once.ts";
import type { DurationMs, WallTimeMs } from "../core/units.ts";
import type { DeliveryOutcome, Endpoint } from "../ports/endpoint.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import type { Output } from "./outputs.ts";

/** One version of one document, as the change feed tells of it. */
export interface Change {
  /** Its place in the feed: the feed's own id of it. */
  readonly sequence: string;
  readonly at: WallTimeMs;
  /** The document's key: changes of one key are delivered in order. */
  readonly key: string;
  readonly outputs: readonly Output[];
}

export interface DeliverySettings {
  /** 1: one JSON object per request. More: a JSON array of at most so many. */
  readonly batchMax: number;
  /** Requests in flight at once; the outputs of one key are always in the same line. */
  readonly lines: number;
}

export interface Delivery {
  readonly endpoint: Endpoint;
  /** Where what can't be delivered goes, with its payload. */
  readonly deadLetters: ObjectStore;
  readonly settings: DeliverySettings;
}

/** A DynamoDB stream forgets after 24 h. What is this old is put where it can be redriven, while there is time. */
export const deliverableFor: DurationMs = 20 * 3_600_000;

type Item = { readonly change: Change; readonly output: Output; readonly index: number };

/**
 * Delivers the outputs of `changes`, in order per key.
 * @returns the sequence to start again from, where the endpoint is not to be reached; `undefined` when all is delivered or put aside.
 */
export async function deliver(
  delivery: Delivery,
  changes: readonly Change[],
  now: WallTimeMs,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const { settings } = delivery;
  const lines: Item[][] = Array.from({ length: settings.lines }, () => []);
  changes.forEach((change, index) => {
    const line = lines[lineOf(change.key, settings.lines)] as Item[];
    for (const output of change.outputs) line.push({ change, output, index });
  });
  const stop = { now: false };
  const reached = await atMostAtOnce(settings.lines, lines, (line) => deliverLine(delivery, line, now, stop, signal));
  const first = Math.min(...reached);
  return changes[first]?.sequence;
}

/** @returns the index of the first change that is not delivered; infinite when all are. */
async function deliverLine(
  delivery: Delivery,
  line: readonly Item[],
  now: WallTimeMs,
  stop: { now: boolean },
  signal: AbortSignal | undefined,
): Promise<number> {
  const { batchMax } = delivery.settings;
  for (let at = 0; at < line.length; at += batchMax) {
    const batch = line.slice(at, at + batchMax);
    const left = stop.now || signal?.aborted ? batch[0] : await deliverBatch(delivery, batch, now, signal);
    if (left) {
      stop.now = true;
      return left.index;
    }
  }
  return Number.POSITIVE_INFINITY;
}

/** @returns the first that is neither delivered nor put aside. */
async function deliverBatch(
  delivery: Delivery,
  batch: readonly Item[],
  now: WallTimeMs,
  signal?: AbortSignal,
): Promise<Item | undefined> {
  const expired = batch.filter(({ change }) => now - change.at > deliverableFor);
  for (const item of expired)
    await putAside(delivery, item, { kind: "unavailable", reason: "not delivered for 20 hours" });
  const due = batch.filter((item) => !expired.includes(item));
  const first = due[0];
  if (!first) return undefined;
  const outcome = await post(delivery, due, signal);
  if (outcome.kind === "unavailable") return first;
  if (outcome.kind === "accepted") return undefined;
  if (due.length === 1) {
    await putAside(delivery, first, outcome);
    return undefined;
  }
  // One output may have spoilt the array for all: one at a time tells which.
  for (const item of due) if (await deliverBatch(delivery, [item], now, signal)) return item;
  return undefined;
}

function post(
  { endpoint, settings }: Delivery,
  batch: readonly Item[],
  signal?: AbortSignal,
): Promise<DeliveryOutcome> {
  const outputs = batch.map(({ output }) => output);
  const [first, last] = [outputs[0] as Output, outputs.at(-1) as Output];
  const message =
    settings.batchMax === 1
      ? { id: first.id, body: JSON.stringify(first) }
      : { id: `${first.id}..${last.id}`, body: JSON.stringify(outputs) };
  return endpoint.post(message, signal);
}

async function putAside(
  { deadLetters }: Delivery,
  { change, output }: Item,
  outcome: Exclude<DeliveryOutcome, { kind: "accepted" }>,
): Promise<void> {
  const position = change.outputs.indexOf(output);
  const letter = {
    sink: "http",
    reason: outcome.reason,
    ...(outcome.kind === "refused" && { status: outcome.status }),
    output,
  };
  const name = `dead_letters/http/${output.pipeline}/${change.sequence}-${position}.json`;
  // A taken name is this very output, put aside by an earlier try.
  await deadLetters.create(name, new TextEncoder().encode(JSON.stringify(letter)));
}

/** FNV-1a over UTF-16 units: any even spread will do, as long as a key stays in its line. */
function lineOf(key: string, lines: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % lines;
}
