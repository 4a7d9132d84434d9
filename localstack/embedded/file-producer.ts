import { existsSync } from "node:fs";
import { join } from "node:path";
import { partitionOf } from "../../shared/kafka/partitioner.ts";
import { idHeader, type ProduceOutcome, type Producer, type TopicMessage } from "../../shared/ports/producer.ts";
import { readLines } from "../record-file/line-reader.ts";
import type { RecordLine } from "../record-file/record-line.ts";
import { OutputFile } from "../runner/output-file.ts";

export interface FileProducerOptions {
  readonly directory: string;
  /** The topics that there are, and how many partitions each has. */
  readonly partitions: Readonly<Record<string, number>>;
  /** How long the files were when that was last remembered, in bytes. What stands behind is cut off, all of it where a topic is missing. */
  readonly lengths: Readonly<Record<string, number>>;
}

interface TopicFile {
  readonly file: OutputFile;
  readonly nextOffsets: number[];
}

/** Kafka topics as files: `<topic>.ndjson` in the form of record files, each in the order of its writes. */
export class FileProducer implements Producer {
  readonly #topics: ReadonlyMap<string, TopicFile>;
  #isClosed = false;

  constructor({ directory, partitions, lengths }: FileProducerOptions) {
    const topics = Object.entries(partitions).map(([topic, count]) => {
      const path = join(directory, `${topic}.ndjson`);
      return [topic, openTopic(path, count, lengths[topic] ?? 0)] as const;
    });
    this.#topics = new Map(topics);
  }

  async produce(messages: readonly TopicMessage[], signal?: AbortSignal): Promise<ProduceOutcome> {
    if (this.#isClosed || signal?.aborted) return { kind: "unavailable", reason: "cut short by this side" };
    const refused = messages.filter((message) => !this.#add(message));
    for (const { file } of this.#topics.values()) file.flush();
    if (refused.length === 0) return { kind: "accepted" };
    const topics = new Set(refused.map(({ topic }) => topic));
    return {
      kind: "refused",
      reason: `there is no topic ${[...topics].join(", ")}`,
      ids: refused.map(({ id }) => id),
    };
  }

  /** How long each topic's file is, in bytes: what to remember together with how far the messages go. */
  lengths(): Record<string, number> {
    return Object.fromEntries(Array.from(this.#topics, ([topic, { file }]) => [topic, file.flush()]));
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const { file } of this.#topics.values()) file.close();
  }

  /** @returns whether there is such a topic. */
  #add({ id, topic, key, value, timestamp }: TopicMessage): boolean {
    const found = this.#topics.get(topic);
    if (!found) return false;
    const { file, nextOffsets } = found;
    const partition = partitionOf(Buffer.from(key), nextOffsets.length);
    const offset = nextOffsets[partition] ?? 0;
    nextOffsets[partition] = offset + 1;
    const ts: number = timestamp;
    const line: RecordLine = { topic, partition, offset, tstype: "create", ts, key, payload: value };
    file.add(JSON.stringify({ ...line, headers: [idHeader, id] }));
    return true;
  }
}

/** Offsets go on from the lines that stay. */
function openTopic(path: string, partitions: number, length: number): TopicFile {
  const nextOffsets: number[] = Array.from({ length: partitions }, () => 0);
  let end = 0;
  for (const line of existsSync(path) ? readLines(path) : []) {
    // Without its line break a line is a torn one.
    if (line.end > length || line.end !== end + line.bytes.length + 1) break;
    end = line.end;
    const { partition, offset } = JSON.parse(line.bytes.toString()) as RecordLine;
    nextOffsets[partition] = offset + 1;
  }
  return { file: new OutputFile(path, end), nextOffsets };
}
