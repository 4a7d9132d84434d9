import { readFileSync } from "node:fs";
import type { Context } from "aws-lambda";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createHandler as createClickHouse } from "../../../functions/clickhouse/handler.ts";
import { createHandler as createRedis } from "../../../functions/redis/handler.ts";
import type { StoreApp } from "../../../functions/result-handler.ts";
import type { MskEvent, MskRecord } from "../../../shared/kafka/msk-event.ts";
import type { ObjectStore } from "../../../shared/ports/object-store.ts";
import type { ResultStore, StoredOutput, WriteOutcome } from "../../../shared/ports/result-store.ts";
import { MemoryObjectStore } from "../../support/memory-object-store.ts";
import { context } from "./embedded-functions.ts";

const topic = "events-enriched";
const accepted: WriteOutcome = { kind: "accepted" };
const down: WriteOutcome = { kind: "unavailable", reason: "connection refused" };
const done = { batchItemFailures: [] };

beforeEach(() => {
  // What stops a delivery is logged; a test's output is no log.
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
});
afterEach(() => {
  vi.restoreAllMocks();
});

type Answer = (entities: readonly string[], signal?: AbortSignal) => WriteOutcome | Promise<WriteOutcome>;

/** A database that does as it is told, and remembers what it was asked and what it has taken. */
class ToldStore implements ResultStore {
  readonly asked: string[] = [];
  readonly stored: StoredOutput[] = [];
  readonly #answer: Answer;

  constructor(answer: Answer = () => accepted) {
    this.#answer = answer;
  }

  async write(outputs: readonly StoredOutput[], signal?: AbortSignal): Promise<WriteOutcome> {
    const entities = outputs.map(({ entity }) => entity);
    this.asked.push(entities.join(" "));
    const outcome = await this.#answer(entities, signal);
    const refused = outcome.kind === "refused" ? outcome.ids : undefined;
    if (outcome.kind === "accepted" || refused) this.stored.push(...outputs.filter(({ id }) => !refused?.includes(id)));
    return outcome;
  }

  ids(): string[] {
    return this.stored.map(({ id }) => id);
  }
}

function setUp(answer?: Answer, { deadLetters = new MemoryObjectStore(), ...more }: Partial<StoreApp> = {}) {
  const store = new ToldStore(answer);
  const app: StoreApp = { store, deadLetters, clock: { now: () => 1_704_111_000_000 }, failures: "report", ...more };
  const letters = async () => {
    const found: Record<string, unknown> = {};
    for await (const name of deadLetters.list("")) {
      found[name] = JSON.parse(new TextDecoder().decode(await deadLetters.read(name)));
    }
    return found;
  };
  return { store, handler: createClickHouse(app), redis: createRedis(app), letters };
}

const base64 = (text: string | Uint8Array) => Buffer.from(text).toString("base64");
const header = (id: string) => ({ "tidemark-id": [...new Int8Array(Buffer.from(id))] });

/** A message of an entity's revision: `16`, or `16:2` for its second. */
function message(text: string, differences: Partial<MskRecord> = {}): Partial<MskRecord> {
  const [entity = "", revision = "1"] = text.split(":");
  const value = JSON.stringify({ event_id: Number(entity), revision: Number(revision) });
  return {
    key: base64("1"),
    value: base64(value),
    headers: [header(`engagement:${entity}:${revision}`)],
    ...differences,
  };
}

const tombstone = message("1", { value: null });

/** The messages of each partition from 0 up, at offsets from 100 up. */
function eventOf(...partitions: readonly (readonly Partial<MskRecord>[])[]): MskEvent {
  const records = partitions.map((messages, partition) => [
    `${topic}-${partition}`,
    messages.map((one, i) => ({ topic, partition, offset: 100 + i, timestamp: 1_704_111_000_000, ...one })),
  ]);
  return { eventSource: "aws:kafka", records: Object.fromEntries(records) };
}

const failed = (partition: number, ...offsets: readonly number[]) =>
  offsets.map((offset) => ({ itemIdentifier: { partition: `${topic}-${partition}`, offset } }));
const messages = (...texts: readonly string[]) => texts.map((text) => message(text));

describe("a function that feeds a database", () => {
  it("writes what a message holds, with the id from its header and without its end", async () => {
    const { store, handler } = setUp();
    const value =
      '{"event_id":16,"content_id":1,"event_ts":"2024-01-01T12:10:00Z","engagement_pct":0.02,"device":null}';
    const event = eventOf([message("16", { value: base64(value) })]);
    expect(await handler(event, context)).toEqual(done);
    expect(store.stored).toEqual([
      { id: "engagement:16:1", pipeline: "engagement", entity: "16", revision: 1, body: JSON.parse(value) },
    ]);
  });

  it("reads ids as UTF-8, out of signed bytes, whatever they hold", async () => {
    const { store, handler } = setUp();
    const event = eventOf([message("16", { headers: [{ producer: [104] }, header("engagement:é:€:7")] })]);
    expect(await handler(event, context)).toEqual(done);
    expect(store.stored).toMatchObject([{ id: "engagement:é:€:7", entity: "é:€", revision: 7 }]);
  });

  it("writes the messages of each partition in the order of the log, and partitions apart", async () => {
    const { store, handler } = setUp();
    expect(await handler(eventOf(messages("3", "1", "3:2"), messages("2", "4")), context)).toEqual(done);
    expect(store.asked.toSorted()).toEqual(["2 4", "3 1 3"]);
    expect(store.ids().filter((id) => id.startsWith("engagement:3"))).toEqual(["engagement:3:1", "engagement:3:2"]);
  });

  it("writes all again where messages come again: the database knows them", async () => {
    const { store, handler } = setUp();
    const event = eventOf(messages("1", "2"));
    await handler(event, context);
    expect(await handler(event, context)).toEqual(done);
    expect(store.asked).toEqual(["1 2", "1 2"]);
  });

  it.each([
    ["without a value", { value: undefined }],
    ["with a value of null", { value: null }],
  ])("ignores a tombstone %s", async (_, differences) => {
    const { store, handler, letters } = setUp();
    const event = eventOf([message("1"), { ...message("1"), ...differences } as Partial<MskRecord>, message("2")]);
    expect(await handler(event, context)).toEqual(done);
    expect(store.asked).toEqual(["1 2"]);
    expect(await letters()).toEqual({});
  });

  it("answers events without records, and with tombstones alone, and asks nobody", async () => {
    const { store, handler } = setUp();
    expect(await handler({ eventSource: "aws:kafka", records: {} }, context)).toEqual(done);
    expect(await handler(eventOf([tombstone], []), context)).toEqual(done);
    expect(store.asked).toEqual([]);
  });

  it("fails on an event that is not its own", async () => {
    const { handler } = setUp();
    await expect(handler({ Records: [] } as never, context)).rejects.toThrow("it has no records");
  });
});

describe.each(["clickhouse", "redis"] as const)("the sample event of %s", (name) => {
  const event = JSON.parse(readFileSync(`test/events/${name}.json`, "utf8")) as MskEvent;

  it("holds results of two partitions, among them row 16, tombstones, and two messages that are none", async () => {
    const { store, handler, redis, letters } = setUp();
    expect(await (name === "redis" ? redis : handler)(event, context)).toEqual(done);
    const ids = ["3:1", "12:1", "16:1", "8:1", "8:2", "10:1"].map((id) => `engagement:${id}`);
    expect(store.ids().toSorted()).toEqual(ids.toSorted());
    expect(store.stored.find(({ entity }) => entity === "16")?.body).toEqual({
      ...{ event_id: 16, content_id: 1, user_id: "u_7", event_type: "play", event_ts: "2024-01-01T12:10:00Z" },
      ...{ duration_ms: 7_000, device: "ios", content_type: "video", length_seconds: 300 },
      ...{ engagement_seconds: 7, engagement_pct: 0.02, revision: 1 },
    });
    expect(Object.keys(await letters())).toEqual(
      [4, 5].map((offset) => `dead_letters/${name}/unread/${topic}-1-${offset}.json`),
    );
  });

  it("has headers of signed bytes, and offsets without holes", () => {
    for (const records of Object.values(event.records)) {
      expect(records.map(({ offset }) => offset)).toEqual(records.map((_, at) => at));
    }
    const headers = Object.values(event.records).flatMap((records) => records.flatMap((one) => one.headers ?? []));
    const producer = headers.flatMap((one) => one.producer ?? []);
    expect(producer.filter((byte) => byte < 0)).toEqual([-61, -87]);
  });
});

describe("a function whose database is down", () => {
  const isDownFor =
    (entity: string): Answer =>
    (entities) =>
      entities.includes(entity) ? down : accepted;

  it("has all of the partitions sent again that were not stored, and no others", async () => {
    const { store, handler, letters } = setUp(isDownFor("4"));
    const event = eventOf(messages("1", "2"), messages("3", "4", "5"), messages("6"));
    expect(await handler(event, context)).toEqual({ batchItemFailures: failed(1, 100, 101, 102) });
    expect(store.ids().toSorted()).toEqual(["engagement:1:1", "engagement:2:1", "engagement:6:1"]);
    expect(await letters()).toEqual({});
  });

  it("begins with the first result of a partition, and sends on what stands behind it, whatever that is", async () => {
    const { handler } = setUp(() => down);
    const event = eventOf([tombstone, message("1"), tombstone, message("2"), tombstone], [tombstone]);
    expect(await handler(event, context)).toEqual({ batchItemFailures: failed(0, 101, 102, 103, 104) });
  });

  it("goes on behind what was stored, where a partition has more than one write's", async () => {
    const { store, handler } = setUp(isDownFor("501"));
    const event = eventOf(messages(...Array.from({ length: 502 }, (_, i) => String(i))));
    expect(await handler(event, context)).toEqual({ batchItemFailures: failed(0, 600, 601) });
    expect(store.stored).toHaveLength(500);
  });

  it("fails the invocation instead, where that is what its event source mapping understands", async () => {
    const { handler } = setUp(isDownFor("4"), { failures: "throw" });
    const event = eventOf(messages("1"), [tombstone, message("4")]);
    await expect(handler(event, context)).rejects.toThrow(`to be sent again: ${topic}-1 from 101`);
    expect(await handler(eventOf(messages("1")), context)).toEqual(done);
  });

  it("stores all when it is up again", async () => {
    let isUp = false;
    const { store, handler } = setUp(() => (isUp ? accepted : down));
    const event = eventOf(messages("1", "2"), messages("3"));
    expect(await handler(event, context)).toEqual({ batchItemFailures: [...failed(0, 100, 101), ...failed(1, 100)] });
    isUp = true;
    expect(await handler(event, context)).toEqual(done);
    expect(store.ids().toSorted()).toEqual(["engagement:1:1", "engagement:2:1", "engagement:3:1"]);
  });

  it("says in its log why, and at which message, and nothing of what that holds", async () => {
    const { handler } = setUp(() => down);
    await handler(eventOf([tombstone, message("1", { value: base64('{"user_id":"ann"}') })]), context);
    const lines = vi.mocked(process.stderr.write).mock.calls.map(([line]) => String(line));
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      {
        level: "error",
        event: "delivery.stopped",
        sink: "clickhouse",
        at: `${topic}-0-101`,
        error: "connection refused",
      },
    ]);
  });

  it("lets go when its time is up: what is under way is cut short, and the rest is not begun", async () => {
    const untilCut: Answer = async (_, signal) => {
      await new Promise((resolve) => signal?.addEventListener("abort", resolve));
      return accepted;
    };
    const { store, handler } = setUp(untilCut);
    const event = eventOf(messages(...Array.from({ length: 501 }, (_, i) => String(i))));
    // Middy asks after the handler, for a limit of its own.
    const left = [0];
    const noTime: Context = { ...context, getRemainingTimeInMillis: () => left.shift() ?? 60_000 };
    expect(await handler(event, noTime)).toEqual({ batchItemFailures: failed(0, 600) });
    expect(store.asked).toHaveLength(1);
  });
});

describe("a result that the database refuses", () => {
  const refusing =
    (entity: string, isNamed: boolean): Answer =>
    (entities) => {
      if (!entities.includes(entity)) return accepted;
      return { kind: "refused", reason: "no such column", ...(isNamed && { ids: [`engagement:${entity}:1`] }) };
    };
  const letter = {
    sink: "clickhouse",
    reason: "no such column",
    message: {
      topic,
      partition: 0,
      offset: 102,
      key: "1",
      value: '{"event_id":3,"revision":1}',
      id: "engagement:3:1",
    },
  };
  const name = `dead_letters/clickhouse/engagement/${topic}-0-102-0.json`;
  const event = eventOf(messages("1", "2", "3", "4", "5", "6"), messages("7"));
  const others = ["1", "2", "4", "5", "6", "7"].map((entity) => `engagement:${entity}:1`);

  it("is put aside as it came, and the others are stored in one write, where it is named", async () => {
    const { store, handler, letters } = setUp(refusing("3", true));
    expect(await handler(event, context)).toEqual(done);
    expect(await letters()).toEqual({ [name]: letter });
    expect(store.asked.toSorted()).toEqual(["1 2 3 4 5 6", "7"]);
    expect(store.ids().toSorted()).toEqual(others);
  });

  it("is looked for by halves where nobody can name it, and put aside alone", async () => {
    const { store, handler, letters } = setUp(refusing("3", false));
    expect(await handler(event, context)).toEqual(done);
    expect(await letters()).toEqual({ [name]: letter });
    expect(store.asked.filter((asked) => asked !== "7")).toEqual(["1 2 3 4 5 6", "1 2 3", "1", "2", "3", "4 5 6"]);
    expect(store.ids().toSorted()).toEqual(others);
  });

  it("is put aside once, however often it comes", async () => {
    const { handler, letters } = setUp(refusing("3", true));
    await handler(event, context);
    expect(await handler(event, context)).toEqual(done);
    expect(await letters()).toEqual({ [name]: letter });
  });

  it("is put aside under the name of its own database", async () => {
    const { redis, letters } = setUp(refusing("3", true));
    expect(await redis(event, context)).toEqual(done);
    const ofRedis = `dead_letters/redis/engagement/${topic}-0-102-0.json`;
    expect(await letters()).toEqual({ [ofRedis]: { ...letter, sink: "redis" } });
  });

  it("waits where it can't be put aside: nothing is lost", async () => {
    const full: ObjectStore = Object.assign(new MemoryObjectStore(), {
      create: () => Promise.reject(new Error("full")),
    });
    const { handler } = setUp(refusing("3", true), { deadLetters: full });
    await expect(handler(event, context)).rejects.toThrow("full");
  });
});

describe("a message that is no result", () => {
  const noJson = message("2", { value: base64("{oops") });
  const nothingNamed = (headers: MskRecord["headers"] = []) => message("2", { headers });
  const noName = "its header tidemark-id names no result";

  it.each<[what: string, message: Partial<MskRecord>, reason: string, id: string | undefined]>([
    ["that has no headers", { ...nothingNamed(), headers: [] }, noName, undefined],
    ["whose headers are others", nothingNamed([{ producer: [1, -2] }]), noName, undefined],
    ["whose header is empty", nothingNamed([{ "tidemark-id": [] }]), noName, ""],
    ["whose id has two parts", nothingNamed([header("engagement:2")]), noName, "engagement:2"],
    ["whose id has no revision", nothingNamed([header("engagement:2:")]), noName, "engagement:2:"],
    ["whose revision is 0", nothingNamed([header("engagement:2:0")]), noName, "engagement:2:0"],
    ["whose id names no entity", nothingNamed([header("engagement::1")]), noName, "engagement::1"],
    ["whose id names a way instead of a pipeline", nothingNamed([header("..:2:1")]), noName, "..:2:1"],
    ["whose id names a folder as well", nothingNamed([header("a/b:2:1")]), noName, "a/b:2:1"],
  ])("%s, is put aside as unread, and the others are stored", async (_, one, reason, id) => {
    const { store, handler, letters } = setUp();
    expect(await handler(eventOf([message("1"), one, message("3")]), context)).toEqual(done);
    expect(store.ids()).toEqual(["engagement:1:1", "engagement:3:1"]);
    const at = { topic, partition: 0, offset: 101, key: "1", value: '{"event_id":2,"revision":1}' };
    expect(await letters()).toEqual({
      [`dead_letters/clickhouse/unread/${topic}-0-101.json`]: {
        sink: "clickhouse",
        reason,
        message: { ...at, ...(id !== undefined && { id }) },
      },
    });
  });

  it.each<[what: string, value: string, reason: string]>([
    ["no JSON", "{oops", "value is not JSON"],
    ["no object", "[1]", "value is not a JSON object"],
    ["empty", "", "value is not JSON"],
  ])("as its value is %s, is put aside as unread, and the others are stored", async (_, value, reason) => {
    const { store, handler, letters } = setUp();
    const event = eventOf([message("1"), message("2", { value: base64(value) }), message("3")]);
    expect(await handler(event, context)).toEqual(done);
    expect(store.ids()).toEqual(["engagement:1:1", "engagement:3:1"]);
    const [[name, letter] = []] = Object.entries(await letters());
    expect(name).toBe(`dead_letters/clickhouse/unread/${topic}-0-101.json`);
    expect(letter).toMatchObject({ reason: expect.stringContaining(reason), message: { value, id: "engagement:2:1" } });
  });

  it("keeps bytes that aren't UTF-8 as they were", async () => {
    const bytes = Uint8Array.of(0x7b, 0xef, 0xff, 0x7d);
    const { handler, letters } = setUp();
    expect(await handler(eventOf([message("2", { value: base64(bytes) })]), context)).toEqual(done);
    const at = { topic, partition: 0, offset: 100, key: "1", id: "engagement:2:1" };
    expect(Object.values(await letters())).toEqual([
      {
        sink: "clickhouse",
        reason: "value is not UTF-8",
        message: { ...at, value: base64(bytes), valueEncoding: "base64" },
      },
    ]);
  });

  it("is put aside, and not sent again, where the database is down for the others", async () => {
    const { handler, letters } = setUp(() => down);
    const event = eventOf([noJson, message("1"), noJson]);
    expect(await handler(event, context)).toEqual({ batchItemFailures: failed(0, 101, 102) });
    expect(Object.keys(await letters())).toEqual(
      [100, 102].map((offset) => `dead_letters/clickhouse/unread/${topic}-0-${offset}.json`),
    );
    expect(await handler(event, context)).toEqual({ batchItemFailures: failed(0, 101, 102) });
    expect(Object.keys(await letters())).toHaveLength(2);
  });
});
