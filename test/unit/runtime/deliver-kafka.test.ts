import { describe, expect, it } from "vitest";
import type { Producer, TopicMessage } from "../../../shared/ports/producer.ts";
import { type Change, deliver } from "../../../shared/runtime/deliver.ts";
import { producerSink } from "../../../shared/runtime/immediate-sinks.ts";
import { MemoryObjectStore } from "../../support/memory-object-store.ts";
import { MemoryProducer, type MemoryProducerOptions } from "../../support/memory-producer.ts";
import { changes, now } from "./told-endpoint.ts";

/** A delivery to topics that take values of at most 20 bytes: those of entities with a longer name are too large. */
function setUp(options: Partial<MemoryProducerOptions> = {}) {
  const producer = new MemoryProducer({ topics: { "attributed-page-views": 3 }, valueBytesMax: 20, ...options });
  const deadLetters = new MemoryObjectStore();
  return {
    producer,
    run: (all: readonly Change[], signal?: AbortSignal) => {
      return deliver({ sink: producerSink(producer), deadLetters }, all, now, signal);
    },
    letterNames: () => Array.fromAsync(deadLetters.list("")),
    entities: () => producer.records.map(({ id }) => id.split(":")[1]),
  };
}

const tooLarge = "x".repeat(20);

describe("a delivery to Kafka", () => {
  it("is one turn for all changes, however many keys they are of", async () => {
    const { producer, run } = setUp();
    expect(await run(changes("a b:b1,b2 c d e f g"))).toBeUndefined();
    expect(producer.asked).toHaveLength(1);
    expect(producer.asked[0]).toHaveLength(8);
  });

  it("hands over the message of an output, as it is", async () => {
    const seen: TopicMessage[] = [];
    const producer: Producer = {
      produce: async (messages) => {
        seen.push(...messages);
        return { kind: "accepted" };
      },
    };
    const all = changes("a b");
    await deliver({ sink: producerSink(producer), deadLetters: new MemoryObjectStore() }, all, now);
    expect(seen).toEqual(all.flatMap(({ emitted }) => emitted.map(({ message }) => message)));
  });

  it("keeps the order of a batch in which some are too large, and puts just those aside", async () => {
    const { run, entities, letterNames } = setUp();
    const names = Array.from({ length: 30 }, (_, i) => (i % 7 === 3 ? `${tooLarge}${i}` : `e${i}`));
    expect(await run(changes(names.join(" ")))).toBeUndefined();
    expect(entities()).toEqual(names.filter((name) => !name.startsWith(tooLarge)));
    const places = names.flatMap((name, i) => (name.startsWith(tooLarge) ? [i + 1] : []));
    expect(await letterNames()).toEqual(
      places.map((place) => `dead_letters/kafka/attribution/${place}-0.json`).toSorted(),
    );
  });

  it("puts aside what is named as refused, and sends nothing again for it", async () => {
    const ids = ["attribution:b:1", "attribution:d:1"];
    const outcome = { kind: "refused", reason: "no such topic", ids } as const;
    const { producer, run, letterNames } = setUp({ fault: () => ({ outcome }) });
    expect(await run(changes("a b c d"))).toBeUndefined();
    expect(producer.asked).toHaveLength(1);
    expect(await letterNames()).toEqual(["2", "4"].map((place) => `dead_letters/kafka/attribution/${place}-0.json`));
  });

  it("takes a refusal that names nothing it sent for one that names nothing at all", async () => {
    const outcome = { kind: "refused", reason: "?", ids: ["attribution:z:1"] } as const;
    const { run, entities } = setUp({ fault: (nth) => (nth === 1 ? { outcome } : undefined) });
    expect(await run(changes("a b"))).toBeUndefined();
    expect(entities()).toEqual(["a", "b"]);
  });

  it("says where it stopped, and why", async () => {
    const outcome = { kind: "unavailable", reason: "nobody listens" } as const;
    const { run } = setUp({ fault: () => ({ outcome }) });
    expect(await run(changes("a: b c"))).toEqual({ sequence: "2", reason: "nobody listens" });
  });
});
