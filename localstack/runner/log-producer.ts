import type { WallTimeMs } from "../../shared/core/units.ts";
import { partitionOf } from "../../shared/kafka/partitioner.ts";
import type { Producer, TopicMessage } from "../../shared/ports/producer.ts";
import type { FileLog } from "../embedded/file-log.ts";

const utf8 = new TextEncoder();

/** A log as the cluster that a producer writes to. `partitions`: of each topic that there is. */
export function logProducer(log: FileLog, partitions: ReadonlyMap<string, number>): Producer {
  return {
    async produce(messages, signal) {
      if (signal?.aborted) return { kind: "unavailable", reason: "cut short by this side" };
      const unknown = messages.filter(({ topic }) => !partitions.has(topic));
      log.produce(messages.flatMap((message) => lineOf(message, partitions.get(message.topic)) ?? []));
      if (unknown.length === 0) return { kind: "accepted" };
      const topics = [...new Set(unknown.map(({ topic }) => topic))].join(", ");
      return { kind: "refused", reason: `there is no topic ${topics}`, ids: unknown.map(({ id }) => id) };
    },
  };
}

function lineOf({ topic, key, value, timestamp }: TopicMessage, partitions: number | undefined) {
  if (partitions === undefined) return undefined;
  // A log has one kind of timestamp, whatever its producer means by it.
  const ts = timestamp as WallTimeMs;
  const partition = partitionOf(utf8.encode(key), partitions);
  return { topic, partition, tstype: "create", ts, key, payload: value } as const;
}
