import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { RedisStore } from "../../shared/sinks/redis/redis-store.ts";
import { type RedisServer, redisServer, skipRedis } from "../support/redis-server.ts";
import { engagement, expiryOf, readViews, timeText } from "../support/redis-views.ts";

const minute = 60_000;
const hour = 60 * minute;
const accepted = { kind: "accepted" };
const patient = { writeTimeout: 30_000, connectTimeout: 30_000 };
/** Half past a minute, an hour ahead of the server's clock, so that nothing goes while a test looks. */
const start = Math.floor(Date.now() / minute) * minute + hour + minute / 2;
const minuteName = (time: number) => timeText(time).slice(0, 16).replace(/\D/g, "");
const bucket = (time: number) => `top:content:bucket:${minuteName(time)}`;

describe.skipIf(skipRedis)(`the views in a Redis${skipRedis ? ` (skipped: ${skipRedis})` : ""}`, () => {
  let server: RedisServer;
  let store: RedisStore;
  let now = start;

  beforeAll(async () => {
    server = await redisServer();
  });
  beforeEach(async () => {
    await server.client.flushall();
    now = start;
    store = new RedisStore({ url: server.url, ...patient }, { now: () => now });
  });
  afterEach(() => store.close());
  afterAll(() => server.close());

  const write = (...events: Parameters<typeof engagement>[0][]) => store.write(events.map(engagement));
  const views = () => readViews(server.client);
  const expiry = (key: string) => expiryOf(server.client, key);
  const body = (...args: Parameters<typeof engagement>) => JSON.stringify(engagement(...args).body);

  it("are these keys, of these types, that go at these times", async () => {
    const last = { event: 16, content: 1, time: start };
    expect(await write(last, { event: 15, content: 1, time: start - minute })).toEqual(accepted);
    expect(await views()).toEqual({
      "content:last:1": body(last),
      "content:count:1": "2",
      [bucket(start)]: { 1: 1 },
      [bucket(start - minute)]: { 1: 1 },
      "top:content:10m": { 1: 2 },
      "top:content:10m:minute": minuteName(start),
    });
    expect(await server.client.type("event:seen:0")).toBe("string");
    expect(await expiry("content:last:1")).toBe(start + hour);
    expect(await expiry(bucket(start))).toBe(start - minute / 2 + 15 * minute);
    expect(await expiry(bucket(start - minute))).toBe(start - minute / 2 + 14 * minute);
    expect([await expiry("content:count:1"), await expiry("event:seen:0")]).toEqual([undefined, undefined]);
  });

  it("keep the top contents for 120 s from the last write on", async () => {
    await write({ event: 1, content: 1, time: start });
    await server.client.persist("top:content:10m");
    await write({ event: 1, content: 1, time: start });
    const [left, other] = [
      await server.client.pttl("top:content:10m"),
      await server.client.pttl("top:content:10m:minute"),
    ];
    expect([left > 60_000, left <= 120_000, other > 60_000, other <= 120_000]).toEqual([true, true, true, true]);
  });

  it("count an event once, whatever its revisions, in one write and in several", async () => {
    await write({ event: 1, content: 1, time: start }, { event: 1, content: 1, time: start, revision: 2 });
    await write({ event: 1, content: 1, time: start, revision: 2 });
    await write({ event: 2, content: 1, time: start }, { event: 1, content: 1, time: start });
    expect(await views()).toMatchObject({
      "content:count:1": "2",
      [bucket(start)]: { 1: 2 },
      "top:content:10m": { 1: 2 },
    });
  });

  it("count an event once, be its id a number or digits", async () => {
    await write({ event: 7, content: 3, time: start });
    await write({ event: "7", content: "3", time: start });
    expect(await views()).toMatchObject({ "content:count:3": "1", [bucket(start)]: { 3: 1 } });
  });

  it("count an event once, weeks later too, when its minute and its hour are long gone", async () => {
    await write({ event: 1, content: 1, time: start });
    await server.client.del("content:last:1", bucket(start), "top:content:10m", "top:content:10m:minute");
    now = start + 30 * 24 * hour;
    await write({ event: 1, content: 1, time: start });
    const left = await views();
    expect(left).toEqual({ "content:count:1": "1", "top:content:10m:minute": minuteName(now) });
  });

  it("count ids beyond 2^53 one by one", async () => {
    const ids = [
      "9007199254740992",
      "9007199254740993",
      "9007199254740994",
      "18446744073709551615",
      `1${"0".repeat(40)}`,
    ];
    await write(...ids.map((event) => ({ event, content: 1, time: start })));
    await write(...ids.map((event) => ({ event, content: 1, time: start })));
    expect(await views()).toMatchObject({ "content:count:1": "5" });
  });

  it("count ids that are no numbers", async () => {
    const ids = ["", "-1", "007", "7", "a b", '"', "a\nb", ",", "}", "🦀", "x".repeat(1_024)].filter((id) => id !== "");
    await write(...ids.map((event) => ({ event, content: 1, time: start })));
    await write(...ids.map((event) => ({ event, content: 1, time: start, revision: 2 })));
    expect(await views()).toMatchObject({ "content:count:1": String(ids.length) });
  });

  it("take contents of any text", async () => {
    const texts = [
      "a b",
      "'\"\\",
      "\r\n*1\r\n",
      "{}",
      "{a}b",
      "*",
      "\u0000",
      "ü",
      "🦀",
      "10m",
      "7,8",
      "x".repeat(1_024),
    ];
    expect(await write(...texts.map((content, event) => ({ event, content, time: start })))).toEqual(accepted);
    const found = await views();
    for (const [event, content] of texts.entries()) {
      expect(found[`content:count:${content}`]).toBe("1");
      expect(found[`content:last:${content}`]).toBe(body({ event, content, time: start }));
    }
    expect(found[bucket(start)]).toEqual(Object.fromEntries(texts.map((content) => [content, 1])));
    expect(found["top:content:10m"]).toEqual(found[bucket(start)]);
  });

  it("have room for two thousand marks as soon as there is one, and for one where an id has a key of its own", async () => {
    await write({ event: 2_003, content: 1, time: start }, { event: "x", content: 1, time: start });
    const { client } = server;
    expect([await client.strlen("event:seen:1"), await client.strlen("event:seen:x")]).toEqual([250, 1]);
    await write({ event: 2_000, content: 1, time: start }, { event: 3_999, content: 1, time: start });
    expect(await client.strlen("event:seen:1")).toBe(250);
    const bits = await Promise.all([0, 1, 3, 1_998, 1_999].map((bit) => client.getbit("event:seen:1", bit)));
    expect(bits).toEqual([1, 0, 1, 0, 1]);
  });

  describe("the last event of a content", () => {
    const last = async () => (await views())["content:last:1"];

    it.each<[string, { event: string | number; time: number; revision?: number }[]]>([
      [
        "the latest",
        [
          { event: 1, time: start },
          { event: 2, time: start - 1 },
        ],
      ],
      [
        "the latest, by milliseconds",
        [
          { event: 1, time: start + 10 },
          { event: 2, time: start + 9 },
        ],
      ],
      [
        "that with milliseconds, within a second",
        [
          { event: 1, time: start + 1 },
          { event: 2, time: start },
        ],
      ],
      [
        "of those at the same time the greater id, as a number",
        [
          { event: 10, time: start },
          { event: 9, time: start },
        ],
      ],
      [
        "of those at the same time the greater id, beyond 2^53",
        [
          { event: "9007199254740993", time: start },
          { event: "9007199254740992", time: start },
        ],
      ],
      [
        "of one event the newer revision, as a number",
        [
          { event: 1, time: start, revision: 10 },
          { event: 1, time: start, revision: 9 },
        ],
      ],
      [
        "the latest, be its revision ever so old",
        [
          { event: 1, time: start },
          { event: 2, time: start - 1, revision: 5 },
        ],
      ],
    ])("is %s", async (_, [winner, loser]) => {
      const [one, other] = [winner, loser].map((each) => ({ content: 1, event: 0, time: 0, ...each }));
      if (!one || !other) throw new Error("two events are needed");
      for (const batches of [[[one, other]], [[other, one]], [[one], [other]], [[other], [one]]]) {
        await server.client.flushall();
        for (const batch of batches) await write(...batch);
        expect(await last()).toBe(body(one));
      }
    });

    it.each([
      ["an hour ago", start - hour, undefined],
      ["a millisecond less ago", start - hour + 1, start + hour],
      ["just now", start, start + hour],
      ["in a moment", start + 1, start + 1 + hour],
      ["in five minutes", start + 5 * minute, start + 5 * minute + hour],
    ])("is one of %s until then", async (_, time, until) => {
      await write({ event: 1, content: 1, time });
      expect([await last(), await expiry("content:last:1")]).toEqual([
        until === undefined ? undefined : body({ event: 1, content: 1, time }),
        until,
      ]);
      expect(await views()).toMatchObject({ "content:count:1": "1" });
    });

    it("isn't kept longer because it comes again", async () => {
      await write({ event: 1, content: 1, time: start });
      now += 10 * minute;
      await write({ event: 1, content: 1, time: start }, { event: 2, content: 1, time: start - 1 });
      expect(await expiry("content:last:1")).toBe(start + hour);
      await write({ event: 1, content: 1, time: start, revision: 2 });
      expect(await expiry("content:last:1")).toBe(start + 10 * minute + hour);
    });

    it.each([
      ["nothing that is JSON", "abc"],
      ["other JSON", '{"event_id":1}'],
      ["a time of another form", '{"event_id":99,"event_ts":"2999-01-01 00:00:00","revision":1}'],
      ["nothing", ""],
    ])("takes the place of %s", async (_, text) => {
      await server.client.set("content:last:1", text);
      await write({ event: 1, content: 1, time: start });
      expect(await last()).toBe(body({ event: 1, content: 1, time: start }));
    });

    it("is told by its fields, whatever its texts say", async () => {
      const lies = '","event_ts":"2999-01-01T00:00:00Z","event_id":99,"revision":99,"x":"\ud800';
      const liar = engagement({ event: 5, content: 1, time: start });
      await store.write([{ ...liar, body: { user: lies, ...liar.body, device: lies } }]);
      await write({ event: 6, content: 1, time: start });
      expect(await last()).toBe(body({ event: 6, content: 1, time: start }));
    });
  });

  describe("a minute", () => {
    it.each([
      ["a millisecond before it is gone", 15 * minute - 1, { 1: 1 }],
      ["when it is gone", 15 * minute, undefined],
      ["a day later", 24 * hour, undefined],
    ])("counts what comes %s", async (_, later, scores) => {
      const begins = start - minute / 2;
      now = begins + later;
      await write({ event: 1, content: 1, time: begins + minute - 1 });
      const found = await views();
      expect([found[bucket(begins)], found["content:count:1"]]).toEqual([scores, "1"]);
    });

    it("that is ahead of the clock is not among the top yet", async () => {
      await write({ event: 1, content: 1, time: start + minute }, { event: 2, content: 1, time: start });
      expect(await views()).toMatchObject({ [bucket(start + minute)]: { 1: 1 }, "top:content:10m": { 1: 1 } });
      now += minute;
      await write({ event: 3, content: 2, time: now });
      expect(await views()).toMatchObject({ "top:content:10m": { 1: 2, 2: 1 } });
    });
  });

  describe("the top contents", () => {
    const top = async () => (await views())["top:content:10m"];

    it("are those of the current minute and the nine before it", async () => {
      const events = Array.from({ length: 14 }, (_, i) => ({ event: i, content: i, time: start - i * minute }));
      await write(...events);
      expect(await top()).toEqual({ 0: 1, 1: 1, 2: 1, 3: 1, 4: 1, 5: 1, 6: 1, 7: 1, 8: 1, 9: 1 });
      now += minute;
      await write({ event: 20, content: 9, time: start - 8 * minute });
      expect(await top()).toEqual({ 0: 1, 1: 1, 2: 1, 3: 1, 4: 1, 5: 1, 6: 1, 7: 1, 8: 1, 9: 1 });
    });

    it("grow within a minute as their minutes do", async () => {
      await write({ event: 1, content: 1, time: start }, { event: 2, content: 2, time: start - 5 * minute });
      await write({ event: 3, content: 1, time: start - 9 * minute }, { event: 4, content: 3, time: start });
      await write(
        { event: 3, content: 1, time: start - 9 * minute },
        { event: 5, content: 1, time: start - 10 * minute },
      );
      expect(await top()).toEqual({ 1: 2, 2: 1, 3: 1 });
    });

    it("are none when nothing was written that is of these minutes", async () => {
      await write({ event: 1, content: 1, time: start });
      now += 20 * minute;
      await write({ event: 2, content: 2, time: start });
      expect(await top()).toBeUndefined();
    });

    it("are summed up anew where they are missing", async () => {
      await write({ event: 1, content: 1, time: start });
      await server.client.del("top:content:10m");
      await write({ event: 2, content: 2, time: start });
      expect(await top()).toEqual({ 1: 1, 2: 1 });
    });

    it("are right as of each write where the clocks of two writers differ", async () => {
      const behind = new RedisStore({ url: server.url, ...patient }, { now: () => now - minute });
      const [early, late] = [start - 10 * minute, start];
      await write({ event: 1, content: 1, time: early }, { event: 2, content: 2, time: late });
      expect(await top()).toEqual({ 2: 1 });
      await behind.write([engagement({ event: 3, content: 3, time: start - minute })]);
      expect(await top()).toEqual({ 1: 1, 3: 1 });
      await write({ event: 4, content: 4, time: late });
      expect(await top()).toEqual({ 2: 1, 3: 1, 4: 1 });
      behind.close();
    });
  });

  it("are other ones under another prefix", async () => {
    const other = new RedisStore({ url: server.url, prefix: "a{b}:", ...patient }, { now: () => now });
    await write({ event: 1, content: 1, time: start });
    await other.write([engagement({ event: 1, content: 1, time: start })]);
    const keys = (await server.client.keys("*")).sort();
    const plain = keys.filter((key) => !key.startsWith("a{b}:"));
    expect(keys).toEqual([...plain.map((key) => `a{b}:${key}`), ...plain].sort());
    expect(plain).toHaveLength(6);
    other.close();
  });

  it("are in the database that the URL names", async () => {
    const other = new RedisStore({ url: `${server.url}/3`, ...patient }, { now: () => now });
    await other.write([engagement({ event: 1, content: 1, time: start })]);
    expect(await server.client.dbsize()).toBe(0);
    await server.client.select(3);
    expect(await server.client.dbsize()).toBe(6);
    await server.client.select(0);
    other.close();
  });

  it.each<[string, object, string]>([
    ["no time", { event_ts: null }, "event_ts is no time such as 2024-01-01T12:10:00Z"],
    [
      "a time of another form",
      { event_ts: "2024-01-01T12:10:00.5Z" },
      "event_ts is no time such as 2024-01-01T12:10:00Z",
    ],
    [
      "a time with a zone",
      { event_ts: "2024-01-01T12:10:00+01:00" },
      "event_ts is no time such as 2024-01-01T12:10:00Z",
    ],
    ["no content", { content_id: null }, "content_id is no id"],
    ["a content without text", { content_id: "" }, "content_id is no id"],
    ["a content that is half a character", { content_id: "\ud800" }, "content_id is no id"],
    ["a content that is no whole number", { content_id: 1.5 }, "content_id is no id"],
    ["a content that isn't exact", { content_id: 2 ** 53 }, "content_id is no id"],
    ["another event", { event_id: 3 }, "event_id is not that of the output"],
    ["no event", { event_id: null }, "event_id is not that of the output"],
    ["another revision", { revision: 2 }, "revision is not that of the output"],
    ["a body in its body", { device: { revision: 99 } }, "a field holds more than a value"],
  ])("have nothing of an output with %s, which is refused by its id", async (_, wrong, reason) => {
    const good = engagement({ event: 1, content: 1, time: start });
    const bad = engagement({ event: 2, content: 1, time: start });
    const outcome = await store.write([{ ...bad, body: { ...bad.body, ...wrong } }, good]);
    expect(outcome).toEqual({ kind: "refused", reason, ids: ["engagement:2:1"] });
    expect(await views()).toMatchObject({ "content:count:1": "1", "content:last:1": JSON.stringify(good.body) });
  });
});
