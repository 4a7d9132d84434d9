import type { WallTimeMs } from "../../shared/core/units.ts";
import { partitionOf } from "../../shared/kafka/partitioner.ts";
import type { RecordLine } from "../record-file/record-line.ts";

export interface RecordedLogOptions {
  readonly partitions: number;
  /** Where a partition's offsets begin; 0 unless told. */
  readonly firstOffset?: (topic: string, partition: number) => number;
}

const utf8 = new TextEncoder();

/** Gives records their place: the partition that Kafka chooses for the key (without one, each in turn), and the next offset there. */
export class RecordedLog {
  readonly #partitions: number;
  readonly #firstOffset: (topic: string, partition: number) => number;
  readonly #nextOffsets = new Map<string, number>();
  #turn = 0;

  constructor({ partitions, firstOffset = () => 0 }: RecordedLogOptions) {
    this.#partitions = partitions;
    this.#firstOffset = firstOffset;
  }

  append(topic: string, ts: WallTimeMs, key: string | null, payload: string | null): RecordLine {
    const partition = key === null ? this.#turn++ % this.#partitions : this.partitionOf(key);
    const name = `${topic}-${partition}`;
    const offset = this.#nextOffsets.get(name) ?? this.#firstOffset(topic, partition);
    this.#nextOffsets.set(name, offset + 1);
    return { topic, partition, offset, tstype: "create", ts, key, payload };
  }

  partitionOf(key: string): number {
    return partitionOf(utf8.encode(key), this.#partitions);
  }
}
