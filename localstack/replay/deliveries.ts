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

type Reader = Pick<RunningPipeline, "eventTimeOf" | "kind" | "scope" | "partitions">;

/**
 * Cuts a record file into deliveries: consecutive records of one topic, at most `batchMax`. Partitions of a delivery are worked on side by
 * side; so where their order among each other matters, a delivery is of one partition. What a record lacks is filled in: Kafka's own partition for its key, the next offset, its event time as timestamp.
 * @param nextOffsets the next offset per `topic-partition`; kept up to date.
 */
export function* cutDeliveries(
  path: string,
  from: { readonly offset: number; readonly lines: number },
  pipeline: Reader,
  batchMax: number,
  nextOffsets: Map<string, number>,
): Generator<FileDelivery> {
  const belongTogether = mattersAcrossPartitions(pipeline) ? isSamePartition : isSameTopic;
  let records: LogRecord[] = [];
  let { offset, lines } = from;
  for (const line of readLines(path, from)) {
    const parsed = parseRecordLine(line);
    if (parsed) {
      const record = complete(parsed, pipeline, nextOffsets);
      const first = records[0];
      if (first && (records.length === batchMax || !belongTogether(first, record))) {
        yield { topic: first.topic, records, offset, lines };
        records = [];
      }
      records.push(record);
    }
    offset = line.end;
    lines = line.number;
  }
  if (records[0]) yield { topic: records[0].topic, records, offset, lines };
}

/** Watermarks of a whole topic, and ids that are known in all partitions: what comes first there decides. */
function mattersAcrossPartitions({ kind, scope }: Reader): boolean {
  return scope === "topic" || kind === "facts";
}

function isSameTopic(a: LogRecord, b: LogRecord): boolean {
  return a.topic === b.topic;
}

function isSamePartition(a: LogRecord, b: LogRecord): boolean {
  return a.topic === b.topic && a.partition === b.partition;
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
