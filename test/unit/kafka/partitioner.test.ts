import { Partitioners } from "kafkajs";
import { describe, expect, it } from "vitest";
import { partitionOf } from "../../../shared/kafka/partitioner.ts";

/** With as many partitions as there can be, the partition is the hash itself without its sign. */
const partitionsMax = 2 ** 31 - 1;
const bytes = (text: string) => new TextEncoder().encode(text);

/**
 * What `BuiltInPartitioner.partitionForKey` of kafka-clients 3.9.1 and 4.3.1 said, run in Java on the UTF-8 bytes of each key: key, of 3
 * partitions, of 12, of as many as there can be.
 */
const asKafkaChooses: [key: string, of3: number, of12: number, ofMax: number][] = [
  ["", 0, 9, 275646681],
  ["\u0000", 2, 8, 375494588],
  ["a", 1, 4, 584102524],
  ["ab", 2, 2, 316155434],
  ["abc", 0, 3, 479470107],
  ["abcd", 2, 8, 823834100],
  ["21", 0, 0, 1173551340],
  ["user_1", 0, 3, 2109805095],
  ["user_2", 1, 10, 1279321690],
  ["user_6", 2, 5, 914305661],
  ["пользователь_1", 0, 3, 1931303031],
  ["用户", 0, 0, 358139016],
  ["🚀 to the 🌙", 2, 8, 107205668],
  ["user_1|1704110700000", 2, 5, 1884245933],
  ["9007199254740993", 0, 3, 309283515],
  ["x".repeat(1_000), 0, 6, 1079030046],
  [`${"0123456789".repeat(25)}é`, 1, 7, 260245471],
];

describe("the partitioner that messages are produced with", () => {
  // It looks at the number of partitions, and nothing else of them.
  const partitionMetadata = (partitions: number) => new Array(partitions).fill({ leader: 0 });

  it.each(asKafkaChooses)("puts %j where Kafka's producers put it", (key, of3, of12) => {
    const choose = Partitioners.DefaultPartitioner();
    const message = { key, value: "" };
    const chosen = [3, 12].map((n) => choose({ topic: "t", message, partitionMetadata: partitionMetadata(n) }));
    expect(chosen).toEqual([of3, of12]);
  });
});

describe("partitionOf", () => {
  it.each(asKafkaChooses)("puts %j where Kafka's producers put it", (key, of3, of12, ofMax) => {
    const chosen = [3, 12, partitionsMax].map((partitions) => partitionOf(bytes(key), partitions));
    expect(chosen).toEqual([of3, of12, ofMax]);
  });

  it("reads bytes that are no text as unsigned, as Kafka does", () => {
    const key = Uint8Array.of(0xff, 0x80, 0x00, 0xfe, 0x81, 0x01, 0xff);
    expect(partitionOf(key, partitionsMax)).toBe(1321739902);
  });

  it("looks at the key alone, not at the buffer that it lies in", () => {
    const around = bytes("..user_1..");
    expect(partitionOf(around.subarray(2, 8), partitionsMax)).toBe(2109805095);
  });
});
