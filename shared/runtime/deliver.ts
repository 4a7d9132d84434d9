import { atMostAtOnce } from "../core/at-most-at-once.ts";
import { textHash } from "../core/text-hash.ts";
import type { DurationMs, WallTimeMs } from "../core/units.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import type { ImmediateSink, SendOutcome } from "./immediate-sinks.ts";
import type { Emitted } from "./outputs.ts";

/** One version of one document, as the change feed tells of it. */
export interface Change {
  /** Its place in the feed: the feed's own id of it. */
  readonly sequence: string;
  readonly at: WallTimeMs;
  /** The document's key: changes of one key are delivered in order. */
  readonly key: string;
  readonly emitted: readonly Emitted[];
}

export interface Delivery {
  readonly sink: ImmediateSink;
  /** Where what can't be delivered goes, with its payload. */
  readonly deadLetters: ObjectStore;
}

/** Where a delivery stopped: the sequence to start again from, and what kept it from going on. */
export interface Stop {
  readonly sequence: string;
  readonly reason: string;
}

/** A DynamoDB stream forgets after 24 h. What is this old is put where it can be redriven, while there is time. */
export const deliverableFor: DurationMs = 20 * 3_600_000;

/** Dead letters written at once: a topic that isn't there may refuse thousands, and the function has its time limit. */
const lettersAtOnce = 16;

/** A refused batch of at most so many goes one at a time: halving it would hardly take fewer sends. */
const oneByOneMax = 4;

type Item = { readonly change: Change; readonly emitted: Emitted; readonly index: number };

interface Run extends Delivery {
  readonly now: WallTimeMs;
  readonly signal: AbortSignal | undefined;
  /** Why no line goes on; the first reason there was. */
  stopped?: string;
}

/**
 * Delivers the outputs of `changes`, in order per key.
 * @returns where it stopped, if the other side is not to be reached or the time is up; `undefined` when all is delivered or put aside.
 */
export async function deliver(
  { sink, deadLetters }: Delivery,
  changes: readonly Change[],
  now: WallTimeMs,
  signal?: AbortSignal,
): Promise<Stop | undefined> {
  const lines: Item[][] = Array.from({ length: sink.lines }, () => []);
  changes.forEach((change, index) => {
    const line = lines[lineOf(change.key, sink.lines)] as Item[];
    for (const emitted of change.emitted) line.push({ change, emitted, index });
  });
  const run: Run = { sink, deadLetters, now, signal };
  const left = await atMostAtOnce(sink.lines, lines, (line) => deliverLine(run, line));
  const first = Math.min(...left.map((item) => item?.index ?? Number.POSITIVE_INFINITY));
  const change = changes[first];
  return change && { sequence: change.sequence, reason: run.stopped ?? "" };
}

/** @returns the first that is neither delivered nor put aside. */
async function deliverLine(run: Run, line: readonly Item[]): Promise<Item | undefined> {
  const { batchMax } = run.sink;
  for (let at = 0; at < line.length; at += batchMax) {
    const batch = line.slice(at, at + batchMax);
    if (run.signal?.aborted) run.stopped ??= "the time is up";
    const left = run.stopped === undefined ? await deliverBatch(run, batch) : batch[0];
    if (left) return left;
  }
  return undefined;
}

/** @returns the first that is neither delivered nor put aside. */
async function deliverBatch(run: Run, batch: readonly Item[]): Promise<Item | undefined> {
  const isExpired = ({ change }: Item) => run.now - change.at > deliverableFor;
  await putAside(run, batch.filter(isExpired), { reason: "not delivered for 20 hours" });
  const due = batch.filter((item) => !isExpired(item));
  return due.length === 0 ? undefined : sendAll(run, due);
}

/** @returns the first that is neither delivered nor put aside. */
async function sendAll(run: Run, batch: readonly Item[]): Promise<Item | undefined> {
  const outcome = await run.sink.send(
    batch.map(({ emitted }) => emitted),
    run.signal,
  );
  if (outcome.kind === "accepted") return undefined;
  if (outcome.kind === "unavailable") {
    run.stopped ??= outcome.reason;
    return batch[0];
  }
  const known = batch.length === 1 ? batch : batch.filter(({ emitted }) => outcome.ids?.includes(emitted.output.id));
  await putAside(run, known, outcome);
  if (known.length > 0) return undefined;
  // One output may have spoilt the batch for all: smaller batches tell which.
  const size = batch.length > oneByOneMax ? Math.ceil(batch.length / 2) : 1;
  for (let at = 0; at < batch.length; at += size) {
    const left = await sendAll(run, batch.slice(at, at + size));
    if (left) return left;
  }
  return undefined;
}

type Refusal = Omit<Extract<SendOutcome, { kind: "refused" }>, "kind">;

async function putAside({ sink, deadLetters }: Run, items: readonly Item[], refusal: Refusal): Promise<void> {
  const { reason, status } = refusal;
  await atMostAtOnce(lettersAtOnce, items, ({ change, emitted }) => {
    const letter = { sink: sink.name, reason, ...(status !== undefined && { status }), ...sink.payload(emitted) };
    const place = change.emitted.indexOf(emitted);
    const name = `dead_letters/${sink.name}/${emitted.output.pipeline}/${change.sequence}-${place}.json`;
    // A taken name is this very output, put aside by an earlier try.
    return deadLetters.create(name, new TextEncoder().encode(JSON.stringify(letter)));
  });
}

/** Any even spread will do, as long as a key stays in its line. */
function lineOf(key: string, lines: number): number {
  return textHash(key) % lines;
}
