import type { Random } from "../../localstack/generate/random.ts";
import { mskEvent } from "../../localstack/runner/msk-mapping.ts";
import type { LogRecord } from "../../shared/core/record.ts";
import type { MskRecord } from "../../shared/kafka/msk-event.ts";
import type { SimulatedRecord } from "./traffic/simulated-record.ts";

/** A record where it stands in its log. */
export interface PlacedRecord extends LogRecord {
  readonly of: SimulatedRecord;
  /** How often its topic had been made when it was written. */
  readonly generation: number;
}

/** The logs of the source topics. */
export class Topics {
  /** Every record that was ever in one of them. */
  readonly all: PlacedRecord[] = [];
  /** As a mapping sends them. */
  readonly #logs = new Map<string, MskRecord[]>();
  readonly #generations = new Map<string, number>();
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** What stands in a partition, by rising offset. */
  log(topic: string, partition: number): readonly MskRecord[] {
    return this.#logs.get(`${topic}-${partition}`) ?? [];
  }

  generation(topic: string): number {
    return this.#generations.get(topic) ?? 0;
  }

  write(record: SimulatedRecord): void {
    const { topic, partition, timestamp, key, value } = record;
    const name = `${topic}-${partition}`;
    const log = this.#logs.get(name) ?? [];
    this.#logs.set(name, log);
    // The ends of transactions take offsets too, and so do records that were compacted away.
    const hole = this.#random.chance(0.1) ? this.#random.integer(1, 2) : 0;
    const offset = (log.at(-1)?.offset ?? -1) + 1 + hole;
    const bytes = typeof value === "string" ? Buffer.from(value) : value;
    const placed = { topic, partition, offset, timestamp, key: Buffer.from(key), value: bytes, of: record };
    log.push(...(mskEvent([placed]).records[name] ?? []));
    this.all.push({ ...placed, generation: this.generation(topic) });
  }

  /** The topic is deleted, and made again under the same name. */
  makeAnew(topic: string): void {
    for (const name of this.#logs.keys()) if (name.startsWith(`${topic}-`)) this.#logs.set(name, []);
    this.#generations.set(topic, this.generation(topic) + 1);
  }
}
