import { idHeader } from "../../shared/ports/producer.ts";
import { MemoryProducer } from "../support/memory-producer.ts";
import { producerContract } from "./producer.contract.ts";

/** The producer that the tests of functions write to: what they show of it must be true of real ones. */
producerContract({
  name: "MemoryProducer",
  messageBytesMax: 100_000,
  open: (state) => {
    const down = { outcome: { kind: "unavailable", reason: "nobody listens" } } as const;
    const producer = new MemoryProducer({
      topics: { one: 3, other: 3 },
      valueBytesMax: 100_000,
      fault: () => (state === "down" ? down : undefined),
    });
    const read = (topic: string) => {
      const records = producer.records.filter((record) => record.topic === topic);
      const found = records.map(({ id, topic: _, ...record }) => ({ ...record, headers: { [idHeader]: id } }));
      return found.sort((a, b) => a.partition - b.partition || a.offset - b.offset);
    };
    return { producer, topics: ["one", "other"], read, close: () => {} };
  },
});
