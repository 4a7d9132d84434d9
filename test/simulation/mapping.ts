import type { Random } from "../../localstack/generate/random.ts";
import type { KafkaBatchResponse } from "../../shared/kafka/batch-response.ts";
import type { MskEvent, MskRecord } from "../../shared/kafka/msk-event.ts";
import type { Faults } from "./faults.ts";
import { type Actor, isAsleep } from "./scheduler.ts";

export interface MappingOptions {
  readonly topic: string;
  readonly partitions: number;
  readonly batchMax: number;
  /** What stands in a partition by now, by rising offset. */
  readonly log: (partition: number) => readonly MskRecord[];
  /** Begins an invocation. `ended`: told its answer, or that it failed; never told of one that dies. */
  readonly invoke: (event: MskEvent, ended: (answer: KafkaBatchResponse | undefined) => void) => Actor;
  readonly random: Random;
  readonly faults: Faults;
  readonly step: () => number;
}

interface Partition {
  readonly number: number;
  /** Up to where it is committed, as a place in the log. */
  cursor: number;
  /** Who works on it; whoever worked on it before a rebalance has no say any more. */
  inFlight: Actor | undefined;
  pausedUntil: number;
}

/** An event source mapping of one topic: batches of its partitions go to a function, and again until they are done. */
export class Mapping {
  readonly #options: MappingOptions;
  readonly #partitions: readonly Partition[];

  constructor(options: MappingOptions) {
    this.#options = options;
    this.#partitions = Array.from({ length: options.partitions }, (_, number) => {
      return { number, cursor: 0, inFlight: undefined, pausedUntil: 0 };
    });
  }

  get isIdle(): boolean {
    return this.#partitions.every(isFree);
  }

  /** Whether all that stands in the topic is done. */
  get isAtEnd(): boolean {
    return this.isIdle && this.#partitions.every((partition) => partition.cursor >= this.#length(partition));
  }

  /** Sends a batch, where there is something to send. */
  send(): boolean {
    const { random, faults, topic } = this.#options;
    const ready = this.#ready();
    if (ready.length === 0) return false;
    if (faults.strikes("stalled partition", 2)) {
      faults.count("stalled partition");
      random.pick(ready).pausedUntil = this.#options.step() + random.integer(50, 600);
      return false;
    }
    const sent = ready.filter(() => ready.length === 1 || random.chance(0.6));
    if (sent.length === 0) return false;
    const batches = sent.map((partition) => {
      const end = partition.cursor + random.integer(1, this.#options.batchMax);
      return { partition, from: partition.cursor, records: this.#log(partition).slice(partition.cursor, end) };
    });
    const records = batches.map(({ partition, records }) => [`${topic}-${partition.number}`, records]);
    const event: MskEvent = { eventSource: "aws:kafka", records: Object.fromEntries(records) };
    const actor: Actor = this.#options.invoke(event, (answer) => {
      for (const { partition, from, records } of batches) {
        if (partition.inFlight !== actor) continue;
        partition.inFlight = undefined;
        if (answer) partition.cursor = from + doneOf(answer, `${topic}-${partition.number}`, records);
      }
    });
    for (const { partition } of batches) partition.inFlight = actor;
    actor.onDeath.push(() => {
      for (const { partition } of batches) if (partition.inFlight === actor) partition.inFlight = undefined;
    });
    return true;
  }

  /** Whether all that stands in a partition is committed. */
  isRead(number: number): boolean {
    const partition = this.#partitions[number] as Partition;
    return !partition.inFlight && partition.cursor >= this.#length(partition);
  }

  /** Another poller takes a partition over, from its last commit: whoever is at work on it goes on beside the new one. */
  rebalance(): boolean {
    const busy = this.#partitions.filter(({ inFlight }) => inFlight);
    if (busy.length === 0) return false;
    this.#options.random.pick(busy).inFlight = undefined;
    return true;
  }

  /** Somebody sets the offset of a partition back. */
  goBack(): boolean {
    const { random } = this.#options;
    const partition = random.pick(this.#partitions);
    if (partition.cursor === 0) return false;
    partition.cursor = random.integer(0, partition.cursor - 1);
    partition.inFlight = undefined;
    return true;
  }

  /** All of it comes again. */
  restart(): void {
    for (const partition of this.#partitions) Object.assign(partition, { cursor: 0, inFlight: undefined });
  }

  /** Nothing stands still any more. */
  wake(): void {
    for (const partition of this.#partitions) partition.pausedUntil = 0;
  }

  #ready(): Partition[] {
    const step = this.#options.step();
    return this.#partitions.filter((partition) => {
      return isFree(partition) && partition.pausedUntil <= step && partition.cursor < this.#length(partition);
    });
  }

  #length(partition: Partition): number {
    return this.#log(partition).length;
  }

  #log({ number }: Partition): readonly MskRecord[] {
    return this.#options.log(number);
  }
}

/** Whoever sleeps has passed every time limit: another takes its place. */
function isFree({ inFlight }: Pick<Partition, "inFlight">): boolean {
  return inFlight === undefined || isAsleep(inFlight);
}

/** How many of the records are done, by what the function has answered. */
function doneOf({ batchItemFailures }: KafkaBatchResponse, name: string, records: readonly MskRecord[]): number {
  const failed = new Set(
    batchItemFailures.flatMap(({ itemIdentifier }) =>
      itemIdentifier.partition === name ? [itemIdentifier.offset] : [],
    ),
  );
  const first = records.findIndex(({ offset }) => failed.has(offset));
  return first < 0 ? records.length : first;
}
