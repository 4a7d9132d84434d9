import { readFileSync } from "node:fs";
import type { Context, DynamoDBStreamEvent } from "aws-lambda";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ProduceOutcome } from "../../../shared/ports/producer.ts";
import { deliverableFor } from "../../../shared/runtime/deliver.ts";
import { context } from "./embedded-functions.ts";
import { now, publishWorld } from "./publish-world.ts";

const done = { batchItemFailures: [] };
const from = (sequence: number) => ({
  batchItemFailures: [{ itemIdentifier: String(sequence).padStart(21, "0") }],
});
const unavailable: ProduceOutcome = { kind: "unavailable", reason: "NOT_ENOUGH_REPLICAS: too few" };
const sample = JSON.parse(readFileSync("test/events/dynamodb-stream-facts.json", "utf8")) as DynamoDBStreamEvent;
type World = ReturnType<typeof publishWorld>;

/** Changes 1 to 3 are events, 4 holds the first revisions of two page views of a user, 5 their second ones. */
async function withChanges(world: World): Promise<World> {
  await world.events({ id: "evt_1" }, { id: "evt_2" }, { id: "evt_3" });
  await world.pageViews("user_1", "pv_1", "pv_2");
  await world.click("user_1", "click_1");
  return world;
}
const ids = ["dedupe:evt_1:1", "dedupe:evt_2:1", "dedupe:evt_3:1"];
const revisions = ["attribution:pv_1:1", "attribution:pv_2:1", "attribution:pv_1:2", "attribution:pv_2:2"];

/** Of each entity the highest revision that stands in its topic: what a consumer has in the end. */
function latest({ producer }: World): Record<string, unknown> {
  const found: Record<string, { revision: number; value: unknown }> = {};
  for (const { id, value } of producer.records) {
    const [pipeline, entity = "", revision] = id.split(":");
    const before = found[`${pipeline}:${entity}`];
    if (Number(revision) >= (before?.revision ?? 0)) {
      found[`${pipeline}:${entity}`] = { revision: Number(revision), value: JSON.parse(value) };
    }
  }
  return found;
}

/** What the handler logs. */
let logged: { event: string; [field: string]: unknown }[] = [];
beforeEach(() => {
  logged = [];
  vi.spyOn(process.stderr, "write").mockImplementation((line) => logged.push(JSON.parse(String(line))) > 0);
});
afterEach(() => void vi.restoreAllMocks());

describe("the publish function", () => {
  it("writes each first event to its topic, keyed by its id, with the text it came with and the time it has", async () => {
    const world = publishWorld();
    await world.events({ id: "evt_1" }, { id: "evt_2" }, { id: "evt_1" });
    expect(await world.publish(world.stream(), context)).toEqual(done);
    const [first, second] = world.producer.records;
    expect(first).toMatchObject({
      ...{ id: "dedupe:evt_1:1", topic: "processed-events", key: "evt_1", timestamp: now - 3_600_000 },
      value: '{"eventId":"evt_1","eventTime":"2024-01-01T13:00:00Z"}',
    });
    expect(second).toMatchObject({ id: "dedupe:evt_2:1", key: "evt_2", timestamp: now - 3_599_000 });
    expect(world.written()).toHaveLength(2);
  });

  it("writes the revisions of a user's page views in order, keyed by the user", async () => {
    const world = publishWorld();
    await world.pageViews("user_1", "pv_1", "pv_2");
    await world.click("user_1", "click_1");
    expect(await world.publish(world.stream(), context)).toEqual(done);
    expect(world.written()).toEqual(revisions);
    expect(new Set(world.producer.records.map(({ topic, key }) => `${topic} ${key}`))).toEqual(
      new Set(["attributed-page-views user_1"]),
    );
    const last = JSON.parse(world.producer.records.at(-1)?.value ?? "");
    expect(last).toMatchObject({ page_view_id: "pv_2", attributed_click_id: "click_1", revision: 2 });
  });

  it("writes all changes of an event in one turn, in their order", async () => {
    const world = await withChanges(publishWorld());
    expect(await world.publish(world.stream(), context)).toEqual(done);
    expect(world.producer.asked).toEqual([[...ids, ...revisions]]);
  });

  it("writes 500 outputs in one turn, and the next one in another", async () => {
    const world = publishWorld();
    await world.pageViews("user_1", ...Array.from({ length: 501 }, (_, i) => `pv_${i}`));
    expect(await world.publish(world.stream(), context)).toEqual(done);
    expect(world.producer.asked.map(({ length }) => length)).toEqual([500, 1]);
  });

  it("leaves the outboxes of pipelines alone whose Kafka sink is off", async () => {
    const world = await withChanges(publishWorld({}, ["dedupe"]));
    expect(await world.publish(world.stream(), context)).toEqual(done);
    expect(world.written()).toEqual(ids);
  });

  it("writes what the sample holds, and ignores the item that TTL removed", async () => {
    const world = publishWorld();
    expect(await world.publish(sample, context)).toEqual(done);
    expect(world.written()).toEqual(["dedupe:evt_1:1", "dedupe:evt_2:1"]);
    expect(await world.letters()).toEqual({});
  });

  it("is shown by the sample what the dedupe function really writes", async () => {
    const world = publishWorld();
    await world.events({ id: "evt_1" }, { id: "evt_2" });
    const images = sample.Records.flatMap(({ dynamodb }) => {
      const { ttl: _, ...image } = dynamodb?.NewImage ?? {};
      return "pk" in image ? [image] : [];
    });
    expect(images).toEqual(world.stream().Records.map(({ dynamodb }) => dynamodb?.NewImage));
  });

  it("asks for nothing where no change has an output, nor for an event without changes", async () => {
    const world = publishWorld({}, []);
    await world.events({ id: "evt_1" });
    expect(await world.publish(world.stream(), context)).toEqual(done);
    expect(await world.publish({ Records: [] }, context)).toEqual(done);
    expect(world.producer.asked).toEqual([]);
  });

  it("fails on an event that is not its own", async () => {
    const world = publishWorld();
    await expect(world.publish({ records: {} } as never, context)).rejects.toThrow("it has no Records");
  });
});

describe("a message that the brokers refuse", () => {
  it("in the middle of a batch is put aside with all it takes to write it again, and the others are written", async () => {
    const world = publishWorld({ valueBytesMax: 1_000 });
    const events = ["evt_1", "evt_2", "evt_3", "evt_4", "evt_5", "evt_6"].map((id) => ({ id }));
    await world.events(...events.slice(0, 3), { id: "large", size: 1_000 }, ...events.slice(3));
    expect(await world.publish(world.stream(), context)).toEqual(done);
    expect(world.written()).toEqual(events.map(({ id }) => `dedupe:${id}:1`));
    const note = "x".repeat(1_000);
    expect(await world.letters()).toEqual({
      "dead_letters/kafka/dedupe/000000000000000000004-0.json": {
        sink: "kafka",
        reason: "too large",
        message: {
          ...{ id: "dedupe:large:1", topic: "processed-events", key: "large", timestamp: now - 3_597_000 },
          value: `{"eventId":"large","eventTime":"2024-01-01T13:00:03Z","note":"${note}"}`,
        },
      },
    });
    expect(logged).toEqual([]);
  });

  it("is found by halving the batch", async () => {
    const world = publishWorld({ valueBytesMax: 1_000 });
    const events = Array.from({ length: 16 }, (_, i) => ({ id: `e${i}`, size: i === 10 ? 1_000 : 0 }));
    await world.events(...events);
    expect(await world.publish(world.stream(), context)).toEqual(done);
    // 16; the half without it; the half with it; the quarter with it, one by one; the quarter without it.
    expect(world.producer.asked.map(({ length }) => length)).toEqual([16, 8, 8, 4, 1, 1, 1, 1, 4]);
    expect(Object.keys(await world.letters())).toEqual(["dead_letters/kafka/dedupe/000000000000000000011-0.json"]);
  });

  it("of a document with several is named by its place in it", async () => {
    const refused = ["attribution:pv_2:1"];
    const outcome = { kind: "refused", reason: "no", ids: refused } as const;
    const world = publishWorld({ fault: (nth) => (nth === 1 ? { outcome, written: 1 } : undefined) });
    await world.pageViews("user_1", "pv_1", "pv_2");
    expect(await world.publish(world.stream(), context)).toEqual(done);
    expect(Object.keys(await world.letters())).toEqual(["dead_letters/kafka/attribution/000000000000000000001-1.json"]);
    expect(world.written()).toEqual(["attribution:pv_1:1"]);
  });

  it("as its topic isn't there leaves the topics of other pipelines alone, and is not sent twice", async () => {
    const world = await withChanges(publishWorld({ topics: { "processed-events": 3 } }));
    expect(await world.publish(world.stream(), context)).toEqual(done);
    expect(world.producer.asked).toHaveLength(1);
    expect(world.written()).toEqual(ids);
    const letters = await world.letters();
    expect(Object.keys(letters)).toEqual([
      "dead_letters/kafka/attribution/000000000000000000004-0.json",
      "dead_letters/kafka/attribution/000000000000000000004-1.json",
      "dead_letters/kafka/attribution/000000000000000000005-0.json",
      "dead_letters/kafka/attribution/000000000000000000005-1.json",
    ]);
    expect(Object.values(letters)[0]).toMatchObject({ reason: "there is no topic attributed-page-views" });
  });

  it("is put aside once, however often the changes are sent again", async () => {
    const world = publishWorld({ valueBytesMax: 1_000 });
    await world.events({ id: "evt_1" }, { id: "large", size: 1_000 });
    for (let i = 0; i < 3; i++) expect(await world.publish(world.stream(), context)).toEqual(done);
    expect(Object.keys(await world.letters())).toHaveLength(1);
  });

  it("and can't be put aside fails the function: it must come again", async () => {
    const world = publishWorld({ valueBytesMax: 1_000 });
    await world.events({ id: "large", size: 1_000 });
    vi.spyOn(world.objects, "create").mockRejectedValue(new Error("the bucket can't be reached"));
    await expect(world.publish(world.stream(), context)).rejects.toThrow("the bucket can't be reached");
  });
});

describe("brokers that can't be reached", () => {
  it("stop the stream at the first change of the batch, and the log says why", async () => {
    const world = await withChanges(publishWorld({ fault: () => ({ outcome: unavailable }) }));
    expect(await world.publish(world.stream(), context)).toEqual(from(1));
    expect(world.producer.asked).toHaveLength(1);
    expect(await world.letters()).toEqual({});
    const at = "000000000000000000001";
    expect(logged).toEqual([
      { level: "error", event: "delivery.stopped", sink: "kafka", at, error: "NOT_ENOUGH_REPLICAS: too few" },
    ]);
  });

  it.each([0, 1, 2, 3, 4, 5, 6, 7])(
    "when they have %i of seven messages lose none: sent again, all stand, and the last revision is the last",
    async (written) => {
      const fault = (nth: number) => (nth === 1 ? { outcome: unavailable, written } : undefined);
      const world = await withChanges(publishWorld({ fault }));
      expect(await world.publish(world.stream(), context)).toEqual(from(1));
      expect(await world.publish(world.stream("1"), context)).toEqual(done);
      expect(world.written()).toEqual([...[...ids, ...revisions].slice(0, written), ...ids, ...revisions]);
      const undisturbed = await withChanges(publishWorld());
      await undisturbed.publish(undisturbed.stream(), context);
      expect(latest(world)).toEqual(latest(undisturbed));
    },
  );

  it("stop the stream behind what was written and put aside before, where a batch is being halved", async () => {
    const fault = (nth: number) => (nth === 5 ? { outcome: unavailable } : undefined);
    const world = publishWorld({ valueBytesMax: 1_000, fault });
    const events = Array.from({ length: 8 }, (_, i) => ({ id: `e${i + 1}`, size: i === 1 ? 1_000 : 0 }));
    await world.events(...events);
    // 8; 4; e1; e2, put aside; e3, which the brokers aren't there for.
    expect(await world.publish(world.stream(), context)).toEqual(from(3));
    expect(world.written()).toEqual(["dedupe:e1:1"]);
    expect(Object.keys(await world.letters())).toHaveLength(1);
    expect(await world.publish(world.stream("3"), context)).toEqual(done);
    expect(world.written()).toEqual(["e1", "e3", "e4", "e5", "e6", "e7", "e8"].map((id) => `dedupe:${id}:1`));
  });

  it("never swap two documents of one key", async () => {
    const fault = (nth: number) => (nth % 2 === 1 ? { outcome: unavailable, written: 1 } : undefined);
    const world = publishWorld({ fault });
    await world.pageViews("user_1", "pv_1");
    await world.click("user_1", "click_1");
    await world.click("user_1", "click_2");
    expect(await world.publish(world.stream(), context)).toEqual(from(1));
    expect(await world.publish(world.stream(), context)).toEqual(done);
    const written = world.written().map((id) => id.split(":")[2]);
    expect(written).toEqual(["1", "1", "2", "3"]);
  });
});

describe("a change that nobody could write for too long", () => {
  const agedBy = (event: DynamoDBStreamEvent, ms: number): DynamoDBStreamEvent => ({
    Records: event.Records.map((record) => {
      return { ...record, dynamodb: { ...record.dynamodb, ApproximateCreationDateTime: (now - ms) / 1_000 } };
    }),
  });

  it.each([
    ["for exactly 20 hours is still written", deliverableFor, 1, 0],
    ["for 1 ms more is put aside", deliverableFor + 1, 0, 1],
  ])("%s", async (_, age, written, letters) => {
    const world = publishWorld();
    await world.events({ id: "evt_1" });
    expect(await world.publish(agedBy(world.stream(), age), context)).toEqual(done);
    expect([world.written().length, Object.keys(await world.letters()).length]).toEqual([written, letters]);
  });

  it("is put aside with its message, though the brokers can't be reached", async () => {
    const world = publishWorld({ fault: () => ({ outcome: unavailable }) });
    await world.events({ id: "evt_1" });
    expect(await world.publish(agedBy(world.stream(), deliverableFor + 1), context)).toEqual(done);
    expect(world.producer.asked).toEqual([]);
    expect(Object.values(await world.letters())).toEqual([
      expect.objectContaining({ sink: "kafka", reason: "not delivered for 20 hours", message: expect.anything() }),
    ]);
  });
});

describe("a function whose time is up", () => {
  const withTime = (ms: number) => ({ ...context, getRemainingTimeInMillis: () => ms }) as Context;

  it("asks for no further turn, and answers the first change that is left", async () => {
    const world = publishWorld();
    await world.pageViews("user_1", ...Array.from({ length: 500 }, (_, i) => `pv_${i}`));
    await world.pageViews("user_2", "pv_500");
    const produce = vi.spyOn(world.producer, "produce").mockImplementation(async (_, signal) => {
      await new Promise((resolve) => signal?.addEventListener("abort", resolve));
      return { kind: "accepted" };
    });
    expect(await world.publish(world.stream(), withTime(40))).toEqual(from(2));
    expect(produce).toHaveBeenCalledTimes(1);
    expect(logged).toMatchObject([{ event: "delivery.stopped", error: "the time is up" }]);
  });

  it("hands the producer a signal that fires in time", async () => {
    const world = await withChanges(publishWorld());
    const signals: (AbortSignal | undefined)[] = [];
    vi.spyOn(world.producer, "produce").mockImplementation(async (_, signal) => {
      signals.push(signal);
      await new Promise((resolve) => signal?.addEventListener("abort", resolve));
      return unavailable;
    });
    expect(await world.publish(world.stream(), withTime(40))).toEqual(from(1));
    expect(signals.map((signal) => signal?.aborted)).toEqual([true]);
  });
});
