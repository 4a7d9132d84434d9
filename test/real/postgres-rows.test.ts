import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parseContentChange, parseEvent } from "../../shared/pipelines/engagement/records.ts";
import { bytes, changeText, rowText } from "../unit/pipelines/engagement/change-texts.ts";
import {
  idsIn,
  openWay,
  type RowsWorld,
  rangeOf,
  readAll,
  type StoredEvent,
  startRowsWorld,
  year,
} from "./postgres-rows-world.ts";
import { findPostgres } from "./requirements.ts";

const found = findPostgres();
const skip = "skipped" in found ? found.skipped : undefined;

/** Event 1 as the capture tells of it: JSON texts. */
const captured1 = {
  id: "1",
  content_id: "1",
  user_id: '"user_1"',
  event_type: '"play"',
  event_ts: '"2024-01-01T12:10:00.000000Z"',
  duration_ms: "7000",
  device: '"ios"',
  raw_payload: '"{\\"scene\\": 3}"',
};
const eventIn = (change: string) => parseEvent(bytes(change), { includeSnapshot: false });
const contentIn = (change: string | null) => change && parseContentChange(bytes(change));

describe.skipIf(skip)(`PostgresEventRows, on a real server${skip ? ` (skipped: ${skip})` : ""}`, () => {
  let world: RowsWorld;

  beforeAll(async () => {
    world = await startRowsWorld();
  }, 60_000);
  beforeEach(() => world.query("TRUNCATE engagement_events, content"));
  afterAll(() => world?.stop());

  /** One event per id, a second after the other. */
  const addIds = (...ids: readonly string[]) =>
    world.query(
      `INSERT INTO engagement_events (id, content_id, user_id, event_type, event_ts)
       SELECT id, 1, 'user', 'play', timestamptz '2024-06-01Z' + i * interval '1 s'
       FROM unnest($1::bigint[]) WITH ORDINALITY AS one (id, i)`,
      [ids],
    );

  describe("takes of a range", () => {
    const hour = rangeOf("2024-01-01T12:00:00.001Z", "2024-01-01T13:00:00.001Z");

    it("what is at its start, and nothing that is at its end, to the microsecond", async () => {
      const [atStart, atEnd] = ["12:00:00.00", "13:00:00.00"];
      const times = [`${atStart}0999`, `${atStart}1`, `${atStart}1001`, `${atEnd}0999`, `${atEnd}1`, `${atEnd}1001`];
      for (const [id, time] of times.entries()) await world.add({ id: `${id}`, event_ts: `2024-01-01T${time}Z` });
      expect(await idsIn(world.open(), hour)).toEqual(["1", "2", "3"]);
      expect(await world.open().count(hour)).toBe(3);
    });

    it("what is in it by the clock of another zone", async () => {
      await world.add({ id: "1", event_ts: "2024-01-01T17:30:00.001+05:30" });
      await world.add({ id: "2", event_ts: "2024-01-01T08:00:00.000999-05" });
      await world.add({ id: "3", event_ts: "2024-01-01T13:00:00.000999+01" });
      expect(await idsIn(world.open(), hour)).toEqual(["1", "2"]);
    });

    it("nothing infinite, and all years from 1970 to 9999, however far it goes", async () => {
      const times = [
        "-infinity",
        "infinity",
        "1969-12-31 23:59:59.999999Z",
        "1970-01-01Z",
        "9999-12-31Z",
        "10000-01-01Z",
      ];
      for (const [id, event_ts] of times.entries()) await world.add({ id: `${id}`, event_ts });
      const all = rangeOf("1970-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z");
      expect(await idsIn(world.open(), all)).toEqual(["3", "4"]);
    });

    it("only what has a greater id than `after`", async () => {
      await addIds("-3", "0", "41", "42", "43", "9223372036854775807");
      const idsAfter = (after: string) => idsIn(world.open(), { ...year, after });
      expect(await idsIn(world.open(), year)).toEqual(["-3", "0", "41", "42", "43", "9223372036854775807"]);
      expect(await idsAfter("-1")).toEqual(["0", "41", "42", "43", "9223372036854775807"]);
      expect(await idsAfter("41")).toEqual(["42", "43", "9223372036854775807"]);
      expect(await idsAfter("42")).toEqual(["43", "9223372036854775807"]);
      expect(await idsAfter("9223372036854775806")).toEqual(["9223372036854775807"]);
      expect(await idsAfter("9223372036854775807")).toEqual([]);
      expect(await world.open().count({ ...year, after: "42" })).toBe(2);
    });

    it("nothing where it has no events, or no time in it", async () => {
      await addIds("1", "2");
      for (const range of [hour, { start: year.start, end: year.start }, { start: year.end, end: year.start }]) {
        expect(await Array.fromAsync(world.open().read(range, 500))).toEqual([]);
        expect(await world.open().count(range)).toBe(0);
      }
    });
  });

  describe("hands on portions", () => {
    it.each([
      [1, [["1"], ["2"], ["3"], ["4"]]],
      [3, [["1", "2", "3"], ["4"]]],
      [4, [["1", "2", "3", "4"]]],
      [5, [["1", "2", "3", "4"]]],
    ])("of at most %i, in the order of ids, whatever that of times", async (portion, portions) => {
      await addIds("3", "1", "4", "2");
      const read = await Array.fromAsync(world.open().read(year, portion));
      expect(read.map((rows) => rows.map(({ id }) => id))).toEqual(portions);
    });

    it("of ids that are far apart, or close after a gap, or greater than a double holds", async () => {
      const ids = ["7", "4194304", "4194305", "8388609", "9007199254740993", "9007199254740995", "9223372036854775807"];
      await addIds(...ids);
      expect(await idsIn(world.open(), year, 2)).toEqual(ids);
    });

    it("that are together what is in the range, for any ids and times", async () => {
      const times = fc.integer({ min: 0, max: 9 });
      const table = fc.uniqueArray(fc.tuple(fc.bigInt(0n, 400n), times), { maxLength: 60, selector: ([id]) => id });
      await fc.assert(
        fc.asyncProperty(table, times, times, fc.integer({ min: 1, max: 7 }), async (events, start, end, portion) => {
          const values = events.map(([id, time]) => `(${id}, 1, 'user', 'play', to_timestamp(${time}))`);
          const columns = "id, content_id, user_id, event_type, event_ts";
          const insert = values.length > 0 ? `INSERT INTO engagement_events (${columns}) VALUES ${values}` : "";
          await world.query(`TRUNCATE engagement_events; ${insert}`);
          const read = await idsIn(world.open(), { start: start * 1_000, end: end * 1_000 }, portion);
          const wanted = events.filter(([, time]) => time >= start && time < end).map(([id]) => Number(id));
          expect(read).toEqual(wanted.sort((a, b) => a - b).map(String));
        }),
        { numRuns: 20, seed: 20_241_121 },
      );
    });
  });

  describe("makes of an event", () => {
    it("the change that told of it, but for the payload", async () => {
      await world.add({ event_ts: "2024-01-01T12:10:00.123456Z" });
      const after =
        '"id":1,"content_id":1,"user_id":"user_1","event_type":"play","event_ts":"2024-01-01T12:10:00.123456Z"';
      expect(await readAll(world.open(), year)).toEqual([
        { id: "1", change: `{"op":"c","after":{${after},"duration_ms":7000,"device":"ios"}}`, content: null },
      ]);
    });

    const weird = "a \"quoted\" \\ 'text'\twith\nlines\r\u0001, \u00e9, \u2028 and \ud83e\udd80";
    it.each<[string, Partial<StoredEvent>, Partial<typeof captured1>]>([
      ["an id behind those that doubles hold", { id: "9007199254740993" }, { id: "9007199254740993" }],
      ["the greatest id", { id: "9223372036854775807" }, { id: "9223372036854775807" }],
      ["a content's id behind them", { content_id: "9007199254740995" }, { content_id: "9007199254740995" }],
      ["a negative one", { content_id: "-1" }, { content_id: "-1" }],
      ["no duration and no device", { duration_ms: null, device: null }, { duration_ms: "null", device: "null" }],
      ["a duration of nothing, an empty device", { duration_ms: "0", device: "" }, { duration_ms: "0", device: '""' }],
      ["a negative duration", { duration_ms: "-2147483648" }, { duration_ms: "-2147483648" }],
      [
        "texts of all kinds",
        { user_id: weird, device: weird },
        { user_id: JSON.stringify(weird), device: JSON.stringify(weird) },
      ],
      ["a user that looks like something else", { user_id: "null" }, { user_id: '"null"' }],
      ["an empty user, which is refused", { user_id: "" }, { user_id: '""' }],
      [
        "a time whose fraction the capture cuts",
        { event_ts: "2024-01-01 12:10:00.12Z" },
        { event_ts: '"2024-01-01T12:10:00.12Z"' },
      ],
      [
        "a time that the database rounds",
        { event_ts: "2024-01-01 12:10:00.0009996Z" },
        { event_ts: '"2024-01-01T12:10:00.001Z"' },
      ],
      ["a time in another zone", { event_ts: "2024-01-01 14:10:00+02" }, { event_ts: '"2024-01-01T12:10:00Z"' }],
      ["a leap day", { event_ts: "2024-02-29 23:59:59.999999Z" }, { event_ts: '"2024-02-29T23:59:59.999999Z"' }],
    ])("what the capture makes of it: %s", async (_, stored, captured) => {
      await world.add(stored);
      const [row] = await readAll(world.open(), year);
      expect(row?.id).toBe(stored.id ?? "1");
      expect(eventIn(`${row?.change}`)).toEqual(eventIn(changeText({ after: rowText({ ...captured1, ...captured }) })));
    });

    it.each<[string, unknown[], Record<string, string>]>([
      ["a length", ["video", 300], { content_type: '"video"', length_seconds: "300" }],
      ["no length", ["article", null], { content_type: '"article"', length_seconds: "null" }],
      ["a length of nothing", ["", 0], { content_type: '""', length_seconds: "0" }],
      [
        "a type of all kinds of text",
        [weird, 2147483647],
        { content_type: JSON.stringify(weird), length_seconds: "2147483647" },
      ],
    ])("what the capture makes of its content, with %s", async (_, columns, captured) => {
      const content_id = "9007199254740993";
      await world.query("INSERT INTO content VALUES ($1, $2, $3), (9007199254740992, 'other', 1)", [
        content_id,
        ...columns,
      ]);
      await world.add({ content_id });
      const [row] = await readAll(world.open(), year);
      const after = rowText({ content_id, ...captured });
      expect(contentIn(`${row?.content}`)).toEqual(contentIn(changeText({ after })));
    });

    it("what its content is now, and nothing where there is none", async () => {
      await world.query("INSERT INTO content VALUES (1, 'audio', 1), (2, 'video', 300)");
      await world.add({ id: "1", content_id: "2" });
      await world.add({ id: "2", content_id: "3" });
      await world.add({ id: "3", content_id: "2" });
      await world.query("UPDATE content SET length_seconds = 301 WHERE content_id = 2");
      const video = '{"op":"c","after":{"content_id":2,"content_type":"video","length_seconds":301}}';
      expect((await readAll(world.open(), year, 2)).map(({ content }) => content)).toEqual([video, null, video]);
    });

    it("nothing with the payload, which stays where it is", async () => {
      const way = await openWay(world.port);
      await world.query(
        `INSERT INTO engagement_events (content_id, user_id, event_type, event_ts, raw_payload)
         SELECT 1, 'user', 'play', '2024-06-01Z', jsonb_build_object('text', repeat('x', 4000)) FROM generate_series(1, 1000)`,
      );
      const url = world.readerUrl.replace(`:${world.port}/`, `:${way.port}/`);
      expect(await readAll(world.open({ url }), year)).toHaveLength(1_000);
      expect(way.received).toBeLessThan(200_000);
      await way.cut();
    });
  });

  it("means the same whatever the server is set to", async () => {
    await world.add({ event_ts: "2024-01-01T00:00:00Z" });
    await world.query(
      "CREATE SCHEMA other; CREATE FUNCTION other.to_char(timestamptz, text) RETURNS text LANGUAGE sql RETURN 'x'; GRANT USAGE ON SCHEMA other TO reader",
    );
    const [expected] = await readAll(world.open(), year);
    const settings = [
      "TimeZone = 'Asia/Kathmandu'",
      "DateStyle = 'SQL, DMY'",
      "search_path = other, pg_catalog",
      "default_transaction_isolation = 'serializable'",
      "standard_conforming_strings = off",
    ];
    await world.query(settings.map((setting) => `ALTER ROLE reader SET ${setting}`).join(";"));
    expect(await readAll(world.open(), year)).toEqual([expected]);
    await world.query("ALTER ROLE reader RESET ALL");
  });
});
