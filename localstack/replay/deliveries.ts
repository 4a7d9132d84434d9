import type { LogRecord } from "../../shared/core/record.ts";
import { partitionOf } from "../../shared/kafka/partitioner.ts";
import type { RunningPipeline } from "../../shared/runtime/running-pipeline.ts";
import { readLines } from "../record-file/line-reader.ts";
import { type FileRecord, parseRecordLine } from "../record-file/parse-line.ts";

/** Consecutive records, and where the file stands behind them. */
export interface FileDelivery {
  readonly topic: string;
  readonly records: readonly LogRecord[];
  readonly offset: number;
  readonly lines: number;
}

type Reader = Pick<RunningPipeline, "eventTimeOf" | "idOf" | "kind" | "scope" | "partitions">;

/**
 * Cuts a record file into deliveries: consecutive records of one topic, at most `batchMax`. Partitions of a delivery are worked on side by
 * side; so what depends on their order among each other never comes in one delivery. What a record lacks is filled in: Kafka's own partition for its key, the next offset, its event time as timestamp.
 * @param nextOffsets the next offset per `topic-partition`; kept up to date.
 */
export function* cutDeliveries(
  path: string,
  from: { readonly offset: number; readonly lines: number },
  pipeline: Reader,
  batchMax: number,
  nextOffsets: Map<string, number>,
): Generator<FileDelivery> {
  const togetherness = new Togetherness(pipeline);
  let records: LogRecord[] = [];
  let { offset, lines } = from;
  for (const line of readLines(path, from)) {
    const parsed = parseRecordLine(line);
    if (parsed) {
      const record = complete(parsed, pipeline, nextOffsets);
      const id = togetherness.idOf(record);
      const first = records[0];
      if (first && (records.length === batchMax || !togetherness.allows(first, record, id))) {
        yield { topic: first.topic, records, offset, lines };
        records = [];
        togetherness.forget();
      }
      records.push(record);
      togetherness.remember(record, id);
    }
    offset = line.end;
    lines = line.number;
  }
  if (records[0]) yield { topic: records[0].topic, records, offset, lines };
}

/** Tells which records may come in one delivery. */
class Togetherness {
  readonly #pipeline: Reader;
  readonly #partitionOfId = new Map<string, number>();

  constructor(pipeline: Reader) {
    this.#pipeline = pipeline;
  }

  /** The business id by which a record counts once in all partitions. */
  idOf({ topic, value }: LogRecord): string | undefined {
    const { kind, scope } = this.#pipeline;
    return kind === "facts" && scope === "partition" && value ? this.#pipeline.idOf(topic, value) : undefined;
  }

  allows(first: LogRecord, { topic, partition }: LogRecord, id: string | undefined): boolean {
    if (first.topic !== topic) return false;
    // Watermarks of a whole topic move with each record. Of records of one id the first counts, in whatever partition.
    if (this.#pipeline.scope === "topic") return first.partition === partition;
    return id === undefined || (this.#partitionOfId.get(id) ?? partition) === partition;
  }

  remember({ partition }: LogRecord, id: string | undefined): void {
    if (id !== undefined) this.#partitionOfId.set(id, partition);
  }

  forget(): void {
    this.#partitionOfId.clear();
  }
}

function complete(
  { topic, partition, offset, ts, key, value }: FileRecord,
  pipeline: Reader,
  nextOffsets: Map<string, number>,
): LogRecord {
  const number = partition ?? (key ? partitionOf(key, pipeline.partitions) : 0);
  const name = `${topic}-${number}`;
  const at = offset ?? nextOffsets.get(name) ?? 0;
  nextOffsets.set(name, Math.max(at + 1, nextOffsets.get(name) ?? 0));
  const timestamp = ts ?? (value && pipeline.eventTimeOf(topic, value)) ?? 0;
  return { topic, partition: number, offset: at, timestamp, key, value };
}
