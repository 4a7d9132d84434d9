import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { accepted, keyOf, messages, setUp, unavailable } from "./kafka-world.ts";

/** Kafka's codes of errors. */
const code = {
  notLeader: 6,
  tooLarge: 10,
  invalidTopic: 17,
  notEnoughReplicas: 19,
  topicAuthorization: 29,
  clusterAuthorization: 31,
  invalidTimestamp: 32,
  outOfOrder: 45,
  unknownProducer: 59,
  invalidRecord: 87,
} as const;

describe("what a producer asks of the brokers", () => {
  it("is that all in-sync replicas have it, under an id and sequences by which they know it again", async () => {
    const { producer, kafka } = await setUp();
    await producer.produce(messages("m1 m2"));
    await producer.produce(messages("m3"));
    expect(kafka.seen.map(({ acks }) => acks)).toEqual([-1, -1]);
    const parts = kafka.seen.flatMap(({ parts }) => parts);
    expect(parts.map(({ producerId, firstSequence }) => [producerId, firstSequence])).toEqual([
      [1, 0],
      [1, 2],
    ]);
  });

  it("is one request for a batch of one topic that fits into one", async () => {
    const { producer, kafka } = await setUp();
    await producer.produce(keyOf.flatMap((key) => messages("m1 m2", { key })));
    expect(kafka.seen).toHaveLength(1);
  });

  it.each([
    ["as many as fit", 3 * 100, [3, 3, 1]],
    ["no byte more than allowed", 3 * 100 - 1, [2, 2, 2, 1]],
    ["one at least, though it doesn't fit", 1, [1, 1, 1, 1, 1, 1, 1]],
  ])("holds, of messages of 100 bytes, %s", async (_, requestBytesMax, sizes) => {
    const { producer, kafka } = await setUp({}, { requestBytesMax });
    // An id of 2 bytes, a key of 6, a value of 28, and 64 around them.
    expect(await producer.produce(messages("m1 m2 m3 m4 m5 m6 m7", { value: "x".repeat(28) }))).toEqual(accepted);
    expect(kafka.seen.map(({ parts }) => parts[0]?.records.length)).toEqual(sizes);
  });
});

describe("connections", () => {
  it("are kept from call to call", async () => {
    const { producer, kafka } = await setUp();
    await producer.produce(messages("m1"));
    const before = kafka.connections();
    for (const id of ["m2", "m3", "m4"]) await producer.produce(messages(id));
    expect(kafka.connections()).toBe(before);
  });

  it.each([
    ["for exactly as long as connections are kept", 240_000, 1],
    ["for 1 ms longer", 240_001, 2],
  ])("that nothing was sent over %s", async (_, idle, producerId) => {
    const { producer, kafka, time } = await setUp();
    await producer.produce(messages("m1"));
    time.ms += idle;
    expect(await producer.produce(messages("m2"))).toEqual(accepted);
    expect(kafka.seen.at(-1)?.parts[0]?.producerId).toBe(producerId);
  });

  it("that broke while nothing was sent are opened anew, and nothing is lost", async () => {
    const { producer, kafka, idsIn } = await setUp();
    await producer.produce(messages("m1"));
    kafka.hangUp();
    expect(await producer.produce(messages("m2"))).toEqual(accepted);
    expect(idsIn()).toEqual(["m1", "m2"]);
  });
});

describe("a request that fails", () => {
  it.each([
    ["whose answer is lost", "lost answer"],
    ["whose connection breaks", "hang up"],
    ["that nobody answers", "silence"],
    ["for want of replicas", code.notEnoughReplicas],
  ] as const)("%s is made again, and its messages stand once", async (_, fault) => {
    const { producer, kafka, idsIn } = await setUp({ fault: (nth) => (nth === 1 ? fault : undefined) });
    expect(await producer.produce(messages("m1 m2"))).toEqual(accepted);
    expect(kafka.seen).toHaveLength(2);
    expect(idsIn()).toEqual(["m1", "m2"]);
  });

  it.each([
    ["for want of replicas", code.notEnoughReplicas, /^NOT_ENOUGH_REPLICAS: /],
    ["as the connection breaks", "hang up", /./],
    ["as nobody answers", "silence", /timed out/],
  ] as const)("%s, each time, makes the brokers unavailable", async (_, fault, reason) => {
    const { producer, kafka } = await setUp({ fault: () => fault }, { requestTimeout: 50 });
    expect(await producer.produce(messages("m1"))).toEqual(unavailable(reason));
    expect(kafka.seen).toHaveLength(3);
  });

  it("leaves nothing behind that swallows what comes after it", async () => {
    // The broker has m1, and the producer never hears of it. To the broker, m2 with the sequence of m1 would be m1.
    const fault = (nth: number) => (nth <= 3 ? "lost answer" : undefined);
    const { producer, idsIn } = await setUp({ fault });
    expect(await producer.produce(messages("m1"))).toEqual(unavailable());
    expect(await producer.produce(messages("m2"))).toEqual(accepted);
    expect(idsIn()).toEqual(["m1", "m2"]);
  });

  it("in one of several topics leaves the others of the batch to be sent again", async () => {
    const fault = (_: number, { parts }: { parts: readonly { topic: string }[] }) =>
      parts[0]?.topic === "other" ? code.notEnoughReplicas : undefined;
    const { producer, idsIn } = await setUp({ fault });
    const sent = [...messages("m1"), ...messages("o1", { topic: "other" }), ...messages("m2")];
    expect(await producer.produce(sent)).toEqual(unavailable(/^NOT_ENOUGH_REPLICAS: /));
    expect(idsIn()).toEqual(["m1", "m2"]);
  });

  it("never passes for done where a partition moved to a broker that had answered for others", async () => {
    let isMoved = false;
    const { producer, idsIn } = await setUp({
      nodes: 2,
      leaderOf: (_, partition) => (partition === 1 && !isMoved ? 1 : 0),
      fault: (_, { node }) => {
        if (node !== 1) return undefined;
        isMoved = true;
        return code.notLeader;
      },
    });
    const sent = [...messages("m1", { key: keyOf[0] }), ...messages("m2", { key: keyOf[1] })];
    expect(await producer.produce(sent)).toEqual(unavailable(/partition 1 of one/));
    expect(idsIn()).toEqual(["m1"]);
    expect(await producer.produce(sent)).toEqual(accepted);
    expect(idsIn()).toEqual(["m1", "m1", "m2"]);
  });
});

describe("a producer id that brokers no longer take", () => {
  it.each([
    ["out of order", code.outOfOrder],
    ["unknown", code.unknownProducer],
  ])("as it is %s is replaced by another, within the same call", async (_, error) => {
    const { producer, kafka, idsIn } = await setUp({ fault: (nth) => (nth === 2 ? error : undefined) });
    await producer.produce(messages("m1"));
    expect(await producer.produce(messages("m2"))).toEqual(accepted);
    expect(kafka.seen.map(({ parts }) => parts[0]?.producerId)).toEqual([1, 1, 2]);
    expect(idsIn()).toEqual(["m1", "m2"]);
  });

  it("and its successor neither, makes the brokers unavailable", async () => {
    const { producer } = await setUp({ fault: (nth) => (nth === 1 ? undefined : code.outOfOrder) });
    await producer.produce(messages("m1"));
    expect(await producer.produce(messages("m2"))).toEqual(unavailable(/^OUT_OF_ORDER_SEQUENCE_NUMBER: /));
  });
});

describe("messages that are refused", () => {
  it.each([
    ["may not be written", code.topicAuthorization, "TOPIC_AUTHORIZATION_FAILED"],
    ["belongs to a cluster that may not be written to", code.clusterAuthorization, "CLUSTER_AUTHORIZATION_FAILED"],
    ["can't be, by its name", code.invalidTopic, "INVALID_TOPIC_EXCEPTION"],
  ])("as their topic %s are all named, with the topic, and all others are written", async (_, error, name) => {
    const fault = (_nth: number, { parts }: { parts: readonly { topic: string }[] }) =>
      parts[0]?.topic === "other" ? error : undefined;
    const { producer, idsIn } = await setUp({ fault }, { requestBytesMax: 200 });
    const [others, ours] = [messages("o1 o2 o3", { topic: "other" }), messages("m1 m2 m3")];
    expect(await producer.produce([...others, ...ours])).toEqual({
      kind: "refused",
      reason: expect.stringMatching(`^topic other: ${name}: `),
      ids: ["o1", "o2", "o3"],
    });
    expect(idsIn()).toEqual(["m1", "m2", "m3"]);
  });

  it.each([
    ["too large", code.tooLarge],
    ["of a time that the topic doesn't take", code.invalidTimestamp],
    ["not as the topic wants its records", code.invalidRecord],
  ])("as one is %s are named where it is one to a request", async (_, error) => {
    const fault = (nth: number) => (nth === 2 ? error : undefined);
    const { producer, idsIn } = await setUp({ fault }, { requestBytesMax: 1 });
    expect(await producer.produce(messages("m1 m2 m3"))).toMatchObject({ kind: "refused", ids: ["m2"] });
    expect(idsIn()).toEqual(["m1", "m3"]);
  });

  it("as one is too large are not named where they are several to a request, and nothing follows it", async () => {
    const fault = (nth: number) => (nth === 1 ? code.tooLarge : undefined);
    const { producer, kafka } = await setUp({ fault }, { requestBytesMax: 200 });
    const outcome = await producer.produce(messages("m1 m2 m3 m4"));
    expect(outcome).toEqual({ kind: "refused", reason: expect.stringMatching("^topic one: MESSAGE_TOO_LARGE: ") });
    expect(kafka.seen).toHaveLength(1);
  });

  it("name each reason once, where topics are refused for different ones", async () => {
    const fault = (_nth: number, { parts }: { parts: readonly { topic: string }[] }) =>
      parts[0]?.topic === "other" ? code.topicAuthorization : undefined;
    const { producer } = await setUp({ fault });
    const outcome = await producer.produce([
      ...messages("o1", { topic: "other" }),
      ...messages("n1", { topic: "none" }),
    ]);
    expect(outcome).toEqual({
      kind: "refused",
      reason: expect.stringMatching(/^topic other: TOPIC_AUTH.*; topic none: UNKNOWN_TOPIC_OR_PARTITION: /),
      ids: ["o1", "n1"],
    });
  });

  it("are never those of a topic that is there, though one that was written to before is gone", async () => {
    const { producer, topics, idsIn } = await setUp();
    await producer.produce(messages("o1", { topic: "other" }));
    delete topics.other;
    expect(await producer.produce(messages("m1"))).toEqual(accepted);
    expect(idsIn()).toEqual(["m1"]);
  });
});

describe("a call whose time is up", () => {
  it("is unavailable, and nothing of it is sent any more", async () => {
    const fault = (nth: number) => (nth === 1 ? "silence" : undefined);
    const { producer, kafka, idsIn } = await setUp({ fault }, { produceTimeout: 100, requestTimeout: 150 });
    expect(await producer.produce(messages("m1"))).toEqual(unavailable(/^not done within 100 ms$/));
    expect(await producer.produce(messages("m2"))).toEqual(accepted);
    // Left to itself, kafkajs would try m1 again now.
    await sleep(300);
    expect(kafka.seen).toHaveLength(2);
    expect(idsIn()).toEqual(["m2"]);
  });

  it("ends at once when the signal fires, and the next one is not harmed", async () => {
    const fault = (nth: number) => (nth === 1 ? "silence" : undefined);
    const { producer, idsIn } = await setUp({ fault }, { requestTimeout: 60_000 });
    const outcome = await producer.produce(messages("m1"), AbortSignal.timeout(50));
    expect(outcome).toEqual(unavailable(/cut short/));
    expect(await producer.produce(messages("m2"))).toEqual(accepted);
    expect(idsIn()).toEqual(["m2"]);
  });

  it("ends at once when the signal fires while it connects", async () => {
    const silent = createServer(() => {}).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const brokers = [`localhost:${(silent.address() as AddressInfo).port}`];
    const { producer } = await setUp({}, { brokers, requestTimeout: 60_000 });
    expect(await producer.produce(messages("m1"), AbortSignal.timeout(50))).toEqual(unavailable(/cut short/));
    silent.close();
  });
});

describe("a producer that is closed", () => {
  it("ends what is under way, and takes nothing more", async () => {
    const { producer, kafka } = await setUp({ fault: () => "silence" }, { requestTimeout: 60_000 });
    const underWay = producer.produce(messages("m1"));
    while (kafka.seen.length === 0) await sleep(5);
    producer.close();
    expect(await underWay).toEqual(unavailable(/cut short/));
    expect(await producer.produce(messages("m2"))).toEqual(unavailable(/cut short/));
    expect(kafka.seen).toHaveLength(1);
  });
});
