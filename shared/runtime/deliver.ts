import { atMostAtOnce } from "../core/at-most-at-once.ts";
import { textHash } from "../core/text-hash.ts";
import type { DurationMs, WallTimeMs } from "../core/units.ts";
import { type Meter, silentMeter } from "../ports/meter.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import type { ImmediateSink, Sendable, SendOutcome } from "./immediate-sinks.ts";
import { countDeadLetter } from "./metering.ts";
import type { Emitted } from "./outputs.ts";

/** One version of one document, as the change feed tells of it. */
export interface Change<E extends Sendable = Emitted> {
  /** Its place in the feed: the feed's own id of it. */
  readonly sequence: string;
  readonly at: WallTimeMs;
  /** The document's key: changes of one key are delivered in order. */
  readonly key: string;
  readonly emitted: readonly E[];
}

export interface Delivery<E extends Sendable = Emitted> {
  readonly sink: ImmediateSink<E>;
  /** Where what can't be delivered goes, with its payload. */
  readonly deadLetters: ObjectStore;
  /** Without one nothing is counted. */
  readonly meter?: Meter;
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

type Item<E extends Sendable> = { readonly change: Change<E>; readonly emitted: E; readonly index: number };

interface Run<E extends Sendable> extends Required<Delivery<E>> {
  readonly now: WallTimeMs;
  readonly signal: AbortSignal | undefined;
  /** Why no line goes on; the first reason there was. */
  stopped?: string;
}

/**
 * Delivers the outputs of `changes`, in order per key.
 * @returns where it stopped, if the other side is not to be reached or the time is up; `undefined` when all is delivered or put aside.
 */
export async function deliver<E extends Sendable>(
  { sink, deadLetters, meter = silentMeter }: Delivery<E>,
  changes: readonly Change<E>[],
  now: WallTimeMs,
  signal?: AbortSignal,
): Promise<Stop | undefined> {
  const lines: Item<E>[][] = Array.from({ length: sink.lines }, () => []);
  changes.forEach((change, index) => {
    const line = lines[lineOf(change.key, sink.lines)] as Item<E>[];
    for (const emitted of change.emitted) line.push({ change, emitted, index });
  });
  const run: Run<E> = { sink, deadLetters, meter, now, signal };
  const left = await atMostAtOnce(sink.lines, lines, (line) => deliverLine(run, line));
  const first = Math.min(...left.map((item) => item?.index ?? Number.POSITIVE_INFINITY));
  const change = changes[first];
  return change && { sequence: change.sequence, reason: run.stopped ?? "" };
}

/** @returns the first that is neither delivered nor put aside. */
async function deliverLine<E extends Sendable>(run: Run<E>, line: readonly Item<E>[]): Promise<Item<E> | undefined> {
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
async function deliverBatch<E extends Sendable>(run: Run<E>, batch: readonly Item<E>[]): Promise<Item<E> | undefined> {
  const isExpired = ({ change }: Item<E>) => run.now - change.at > deliverableFor;
  await putAside(run, batch.filter(isExpired), { reason: "not delivered for 20 hours" });
  const due = batch.filter((item) => !isExpired(item));
  return due.length === 0 ? undefined : sendAll(run, due);
}

/** @returns the first that is neither delivered nor put aside. */
async function sendAll<E extends Sendable>(run: Run<E>, batch: readonly Item<E>[]): Promise<Item<E> | undefined> {
  const outcome = await run.sink.send(
    batch.map(({ emitted }) => emitted),
    run.signal,
  );
  if (outcome.kind === "accepted") return undefined;
  if (outcome.kind === "unavailable") {
    // What this side has cut short, as its own time was up, says nothing of the other.
    if (!run.signal?.aborted) run.meter.count("sink_failures_total", 1, { sink: run.sink.name });
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

async function putAside<E extends Sendable>(
  { sink, deadLetters, meter }: Run<E>,
  items: readonly Item<E>[],
  refusal: Refusal,
): Promise<void> {
  const { reason, status } = refusal;
  await atMostAtOnce(lettersAtOnce, items, async ({ change, emitted }) => {
    const letter = { sink: sink.name, reason, ...(status !== undefined && { status }), ...sink.payload(emitted) };
    const place = change.emitted.indexOf(emitted);
    const { pipeline } = emitted.output;
    const name = `dead_letters/${sink.name}/${pipeline}/${change.sequence}-${place}.json`;
    const created = await deadLetters.create(name, new TextEncoder().encode(JSON.stringify(letter)));
    // A taken name is this very output, put aside by an earlier try.
    if (created === "created") countDeadLetter(meter, pipeline, sink.name);
  });
}

/** Any even spread will do, as long as a key stays in its line. */
function lineOf(key: string, lines: number): number {
  return textHash(key) % lines;
}
