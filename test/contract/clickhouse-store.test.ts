import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type ClickHouseSettings, ClickHouseStore } from "../../shared/sinks/clickhouse/clickhouse-store.ts";
import { enriched, enrichedColumns, row16 } from "../support/clickhouse-outputs.ts";
import { type ClickHouseServer, givenServer, startChdb, tableStatements } from "../support/clickhouse-server.ts";

const given = process.env.TIDEMARK_CLICKHOUSE_URL;
const python = process.env.TIDEMARK_CHDB_PYTHON;

const places = [
  ["ClickHouse's engine in chDB", python ? undefined : "TIDEMARK_CHDB_PYTHON isn't set", () => startChdb(`${python}`)],
  [
    given ? new URL(given).origin : "a real server",
    given ? undefined : "TIDEMARK_CLICKHOUSE_URL isn't set",
    () => givenServer(`${given}`),
  ],
] as const;

const accepted = { kind: "accepted" };

describe.each(places)("ClickHouseStore, on %s", (where, skip, start) => {
  const slow = { timeout: 120_000 };
  describe.skipIf(skip)(`with this repository's table${skip ? ` (skipped on ${where}: ${skip})` : ""}`, slow, () => {
    const database = `tidemark_contract_${randomUUID().replaceAll("-", "")}`;
    const stores: ClickHouseStore[] = [];
    let server: ClickHouseServer;

    beforeAll(async () => {
      server = await start();
      for (const statement of tableStatements(database)) await server.query(statement);
    }, slow.timeout);

    beforeEach(() => server.query(`TRUNCATE TABLE ${database}.events_enriched`), slow.timeout);

    afterAll(async () => {
      for (const store of stores) await store.close();
      await server.query(`DROP DATABASE ${database}`);
      await server.stop();
    }, slow.timeout);

    const openStore = (settings: Partial<ClickHouseSettings> = {}) => {
      const { url, username, password } = server;
      const connection = { url, username, password, database, columns: enrichedColumns, allowPlainHttp: true };
      // Whether a machine is slow is not what is tested here.
      const store = new ClickHouseStore({ ...connection, writeTimeout: 60_000, ...settings });
      stores.push(store);
      return store;
    };
    const rowsOf = (what: string, rest = "") => server.query(`SELECT ${what} FROM ${database}.events_enriched ${rest}`);
    /** What a reader sees, as the script says to read. */
    const seen = (what = "event_id, revision") => rowsOf(what, "FINAL ORDER BY event_id");
    const storedRows = async () => Number((await rowsOf("count() AS n"))[0]?.n);

    it("makes the table again without touching what is in it", async () => {
      expect(await openStore().write([enriched()])).toEqual(accepted);
      for (const statement of tableStatements(database)) await server.query(statement);
      expect(await storedRows()).toBe(1);
    });

    it("stores row 16 of the example, field by field", async () => {
      expect(await openStore().write([enriched()])).toEqual(accepted);
      expect(await seen("*, toUnixTimestamp64Milli(event_ts) AS event_ms")).toEqual([
        {
          ...row16,
          event_id: "16",
          content_id: "1",
          event_ts: "2024-01-01 12:10:00.000",
          duration_ms: "7000",
          length_seconds: "300",
          event_ms: String(Date.parse("2024-01-01T12:10:00Z")),
        },
      ]);
    });

    it("shows the second revision once it is there, and the first no more", async () => {
      const store = openStore();
      const unknown = { content_type: null, length_seconds: null, engagement_pct: null };
      await store.write([enriched({ revision: 1, ...unknown })]);
      expect(await seen("revision, content_type, engagement_pct")).toEqual([
        { revision: 1, content_type: null, engagement_pct: null },
      ]);
      await store.write([enriched({ revision: 2 })]);
      expect(await seen("revision, content_type, engagement_pct")).toEqual([
        { revision: 2, content_type: "video", engagement_pct: 0.02 },
      ]);
    });

    it("shows the highest revision to those who group instead of using FINAL", async () => {
      const store = openStore();
      for (const revision of [1, 3, 2]) await store.write([enriched({ revision, device: `device ${revision}` })]);
      expect(await rowsOf("event_id, argMax(device, revision) AS device", "GROUP BY event_id")).toEqual([
        { event_id: "16", device: "device 3" },
      ]);
    });

    it("never lets an older revision replace a newer one, in one batch or in two", async () => {
      const store = openStore();
      await store.write([enriched({ revision: 2 })]);
      await store.write([enriched({ revision: 1 })]);
      await store.write([enriched({ event_id: 17, revision: 2 }), enriched({ event_id: 17, revision: 1 })]);
      expect(await seen()).toEqual([
        { event_id: "16", revision: 2 },
        { event_id: "17", revision: 2 },
      ]);
    });

    it("drops the very same batch at once, also when another one came in between, or over another connection", async () => {
      const store = openStore();
      const batch = [enriched({ event_id: 1 }), enriched({ event_id: 2, event_ts: "2024-02-01T00:00:00Z" })];
      expect(await store.write(batch)).toEqual(accepted);
      expect(await store.write([enriched({ event_id: 3 })])).toEqual(accepted);
      expect(await store.write(batch)).toEqual(accepted);
      expect(await openStore().write(batch)).toEqual(accepted);
      expect(await storedRows()).toBe(3);
    });

    it("shows each event once, however it was cut the second time", async () => {
      const store = openStore();
      const outputs = [1, 2, 3, 4].map((event_id) => enriched({ event_id }));
      await store.write(outputs);
      await store.write(outputs.slice(0, 1));
      await store.write(outputs.slice(1));
      expect((await seen()).map(({ event_id }) => event_id)).toEqual(["1", "2", "3", "4"]);
      await server.query(`OPTIMIZE TABLE ${database}.events_enriched FINAL`);
      expect(await storedRows()).toBe(4);
    });

    it("stores a row that was mended under the same id, though it is the same revision", async () => {
      const store = openStore();
      await store.write([enriched({ engagement_pct: 0.5 })]);
      await store.write([enriched({ engagement_pct: 0.02 })]);
      expect(await seen("engagement_pct")).toEqual([{ engagement_pct: 0.02 }]);
    });

    it("stores a batch again after the table was emptied", async () => {
      const store = openStore();
      await store.write([enriched()]);
      await server.query(`TRUNCATE TABLE ${database}.events_enriched`);
      await store.write([enriched()]);
      expect(await storedRows()).toBe(1);
    });

    it("keeps ids exact, to the ends of 64 bits", async () => {
      const ids = ["-9223372036854775808", "-1", "0", "9007199254740993", "9223372036854775807"];
      const outputs = [...ids, Number.MAX_SAFE_INTEGER].map((id) => enriched({ event_id: id, content_id: id }));
      expect(await openStore().write(outputs)).toEqual(accepted);
      const found = await seen("event_id, content_id");
      const sorted = [...ids, "9007199254740991"].sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));
      expect(found).toEqual(sorted.map((id) => ({ event_id: id, content_id: id })));
    });

    it("stores nulls as nulls", async () => {
      const nullable = enrichedColumns.filter((column) => column.nullable).map(({ name }) => name);
      const nulls = Object.fromEntries(nullable.map((name) => [name, null]));
      expect(nullable).toHaveLength(6);
      expect(await openStore().write([enriched(nulls)])).toEqual(accepted);
      expect(await seen(nullable.join(", "))).toEqual([nulls]);
    });

    it.each([
      ["quotes and backslashes", `a"b'c\`d\\e\\n{x:1}`],
      ["line breaks and tabs", "a\nb\r\nc\td"],
      ["NUL and other control characters", "a\u0000b\u0007\u001b"],
      ["letters of all planes", "naïve ✓ 日本語 🦀 пользователь"],
      ["separators that end lines elsewhere", "a\u2028b\u2029c\u0085\ufeff"],
      ["no character at all", ""],
      ["100,000 characters", "ü".repeat(100_000)],
    ])("keeps text as it is: %s", async (_, text) => {
      expect(await openStore().write([enriched({ user_id: text, event_type: text, device: text })])).toEqual(accepted);
      expect(await seen("user_id, event_type, device")).toEqual([{ user_id: text, event_type: text, device: text }]);
    });

    it.each([
      ["1970-01-01T00:00:00Z", 0],
      ["1970-01-01T00:00:00.001Z", 1],
      ["2024-02-29T23:59:59.999Z", Date.UTC(2024, 2, 1) - 1],
      ["2024-03-31T02:30:00Z", Date.UTC(2024, 2, 31, 2, 30)],
      ["2038-01-19T03:14:08Z", 2 ** 31 * 1_000],
      ["2106-02-07T06:28:16Z", 2 ** 32 * 1_000],
      ["2299-12-31T23:59:59.999Z", Date.UTC(2300, 0, 1) - 1],
    ])("stores the time %s to the millisecond", async (event_ts, ms) => {
      expect(await openStore().write([enriched({ event_ts })])).toEqual(accepted);
      expect(await seen("toUnixTimestamp64Milli(event_ts) AS ms")).toEqual([{ ms: String(ms) }]);
    });

    it("names the outputs that the table can't hold, and stores the others", async () => {
      const tooLate = { event_ts: "2300-01-01T00:00:00Z" };
      const outputs = [
        enriched({ event_id: 1 }),
        enriched({ event_id: 2, ...tooLate }),
        enriched({ event_id: 3 }),
        enriched({ event_id: 4, event_ts: "9999-12-31T23:59:59.999Z" }),
        enriched({ event_id: "9223372036854775808" }),
      ];
      expect(await openStore().write(outputs)).toEqual({
        kind: "refused",
        reason: "event_ts is after 2299, which DateTime64 doesn't hold; event_id is no integer of 64 bits",
        ids: ["engagement:2:1", "engagement:4:1", "engagement:9223372036854775808:1"],
      });
      expect((await seen()).map(({ event_id }) => event_id)).toEqual(["1", "3"]);
    });

    it("stores events of more than 100 months in one batch", async () => {
      const outputs = Array.from({ length: 150 }, (_, i) => {
        return enriched({ event_id: i, event_ts: new Date(Date.UTC(1990, i)).toISOString() });
      });
      expect(await openStore().write(outputs)).toEqual(accepted);
      expect(await storedRows()).toBe(150);
    });

    it("stores 5,000 rows in one batch, each once", async () => {
      const outputs = Array.from({ length: 5_000 }, (_, i) => enriched({ event_id: i, user_id: `user_${i % 97}` }));
      expect(await openStore().write(outputs)).toEqual(accepted);
      const [counts] = await rowsOf("count() AS n, uniqExact(event_id) AS ids");
      expect(counts).toEqual({ n: "5000", ids: "5000" });
    });

    it("takes writes at the same time", async () => {
      const store = openStore();
      const writes = Array.from({ length: 30 }, (_, i) => store.write([enriched({ event_id: i })]));
      expect(await Promise.all(writes)).toEqual(writes.map(() => accepted));
      expect(await seen()).toHaveLength(30);
    });

    it("shows the last revision of each event, whatever the order, the cuts and the repetitions", async () => {
      // A generator of its own, so that a failure comes again: numerical recipes' LCG.
      let seed = 20_240_101;
      const random = (below: number) => {
        seed = (seed * 1_664_525 + 1_013_904_223) % 2 ** 32;
        return Math.floor((seed / 2 ** 32) * below);
      };
      const store = openStore();
      const last = new Map<string, number>();
      const all = Array.from({ length: 80 }, () => {
        const [event_id, revision] = [random(25), 1 + random(4)];
        last.set(String(event_id), Math.max(revision, last.get(String(event_id)) ?? 0));
        return enriched({ event_id, revision, event_ts: new Date(Date.UTC(2024, event_id % 3)).toISOString() });
      });
      for (let round = 0; round < 2; round++) {
        for (let at = 0; at < all.length; ) {
          const batch = all.slice(at, at + 1 + random(20));
          at += batch.length;
          for (let times = random(2); times >= 0; times--) expect(await store.write(batch)).toEqual(accepted);
        }
        all.sort(() => random(3) - 1);
      }
      const expected = [...last].map(([event_id, revision]) => ({ event_id, revision }));
      expect(await seen()).toEqual(expected.sort((a, b) => Number(a.event_id) - Number(b.event_id)));
    });

    describe("what the server refuses", () => {
      beforeAll(async () => {
        const positive = "CONSTRAINT positive CHECK event_id > 0";
        await server.query(
          `CREATE TABLE ${database}.strict (event_id Int64, user_id Int64, ${positive}) ENGINE = MergeTree ORDER BY event_id`,
        );
      });
      const columns = enrichedColumns.filter(({ name }) => name === "event_id" || name === "user_id");
      const output = (event_id: number, user_id: string) => {
        return { ...enriched({ event_id }), body: { event_id, user_id } };
      };

      it.each([
        ["a value of another type", output(1, "user_1"), /Code: 27\. .*user_id/],
        ["a constraint", output(-1, "1"), /Code: 469\. .*positive/],
      ])("is named where it is a single output, not where others are with it: %s", async (_, wrong, reason) => {
        const store = openStore({ table: "strict", columns });
        const refused = { kind: "refused", reason: expect.stringMatching(reason) };
        expect(await store.write([wrong])).toEqual({ ...refused, ids: [wrong.id] });
        expect(await store.write([output(5, "5"), wrong])).toEqual(refused);
        expect(await store.write([output(5, "5")])).toEqual(accepted);
      });
    });

    describe("what somebody must mend", () => {
      it.each([
        ["a table that isn't there", () => ({ table: "nowhere" }), /nowhere .*infra\/clickhouse\/events_enriched\.sql/],
        ["a database that isn't there", () => ({ database: "nowhere" }), /nowhere .*events_enriched\.sql/],
        [
          "a table without one of the columns",
          () => ({ columns: [...enrichedColumns, { name: "color", type: "string", nullable: true } as const] }),
          /color .*events_enriched\.sql/,
        ],
        ["a password that is wrong", () => ({ password: "not that one" }), /check the user name and the password/],
      ])("is unavailable until then: %s", async (_, settings, reason) => {
        const outcome = await openStore(settings()).write([enriched()]);
        expect(outcome).toEqual({ kind: "unavailable", reason: expect.stringMatching(reason) });
        expect(JSON.stringify(outcome)).not.toContain("not that one");
        expect(await openStore().write([enriched()])).toEqual(accepted);
      });
    });
  });
});
