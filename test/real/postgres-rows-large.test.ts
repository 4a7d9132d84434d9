import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { idsIn, type RowsWorld, rangeOf, readAll, startRowsWorld, year } from "./postgres-rows-world.ts";
import { findPostgres } from "./requirements.ts";

const found = findPostgres();
const skip = "skipped" in found ? found.skipped : undefined;
const program = fileURLToPath(new URL("postgres-rows-reading.ts", import.meta.url));
const rowsStored = 200_000;

/** 200,000 events, a second apart from 2024-06-01 on, each with a payload of 4 KB; an hour of them are 3,600. */
describe.skipIf(skip)(`PostgresEventRows, on a large table${skip ? ` (skipped: ${skip})` : ""}`, () => {
  let world: RowsWorld;

  beforeAll(async () => {
    world = await startRowsWorld();
    await world.query(
      `INSERT INTO content SELECT id, 'video', 300 FROM generate_series(1, 1000) id;
       INSERT INTO engagement_events (content_id, user_id, event_type, event_ts, duration_ms, device, raw_payload)
       SELECT id % 1200, 'user_' || id, 'play', timestamptz '2024-06-01Z' + id * interval '1 s', id % 90000, 'ios', payload
       FROM generate_series(1, ${rowsStored}) id, (SELECT jsonb_build_object('text', repeat('x', 4000)) AS payload) one`,
    );
    await world.query("VACUUM ANALYZE");
  }, 120_000);
  afterAll(() => world?.stop());

  /** How many rows of events the server has looked at so far. It hears of it when a connection ends. */
  const rowsTouched = async () => {
    await vi.waitFor(async () => expect(await world.readerStates()).toEqual([]), 10_000);
    const { rows } = await world.query(
      "SELECT (seq_tup_read + idx_tup_fetch)::int AS n FROM pg_stat_user_tables WHERE relname = 'engagement_events'",
    );
    return rows[0]?.n as number;
  };

  it("holds little of it at a time", async () => {
    const reading = [program, world.readerUrl, "5000"];
    const { stdout } = await promisify(execFile)(process.execPath, ["--max-old-space-size=32", ...reading]);
    const { rows, rssMaxBytes } = JSON.parse(stdout) as { rows: number; rssMaxBytes: number };
    expect(rows).toBe(rowsStored);
    expect(rssMaxBytes).toBeLessThan(250_000_000);
  });

  const late = "9007199254740993";

  it.each([
    ["its beginning", "2024-06-01T00:00:00Z", "2024-06-01T01:00:00Z", 3_599],
    ["its middle", "2024-06-02T03:00:00Z", "2024-06-02T04:00:00Z", 3_600],
    ["its end", "2024-06-03T07:00:00Z", "2024-06-03T08:00:00Z", 2_001],
    ["no part of it", "2023-06-03T07:00:00Z", "2023-06-03T08:00:00Z", 0],
  ])("looks at few rows besides those of a range in %s", async (_, start, end, count) => {
    const before = await rowsTouched();
    expect(await readAll(world.open(), rangeOf(start, end))).toHaveLength(count);
    expect((await rowsTouched()) - before).toBeLessThan(40_000);
  });

  it("looks at few rows between those of a range and one that came much later, where an index leads to both", async () => {
    await world.query("CREATE INDEX events_by_time_and_id ON engagement_events (event_ts, id)");
    await world.add({ id: late, event_ts: "2024-06-01T00:30:00Z" });
    const before = await rowsTouched();
    const ids = await idsIn(world.open(), rangeOf("2024-06-01T00:00:00Z", "2024-06-01T01:00:00Z"));
    expect([ids.length, ids.at(-1)]).toEqual([3_600, late]);
    expect((await rowsTouched()) - before).toBeLessThan(20_000);
  });

  it("holds nothing on the server while a portion is worked on, and no connection at the end or when it is left", async () => {
    const rows = world.open().read(year, 500);
    await rows.next();
    expect(await world.readerStates()).toEqual([{ state: "idle", holds: null }]);
    await rows.return(undefined);
    await vi.waitFor(async () => expect(await world.readerStates()).toEqual([]), 10_000);
    for await (const _ of world.open().read(year, 500)) break;
    await vi.waitFor(async () => expect(await world.readerStates()).toEqual([]), 10_000);
  });

  it("counts exactly what it can count in a second, and takes the planner's word for the rest", async () => {
    expect(await world.open().count(rangeOf("2024-06-01T00:00:00Z", "2024-06-02T00:00:00Z"))).toBe(86_400);
    await world.query(
      `ALTER TABLE engagement_events RENAME TO stored;
       CREATE VIEW engagement_events AS SELECT * FROM stored WHERE pg_sleep(0.01) IS NOT NULL;
       GRANT SELECT ON engagement_events TO reader`,
    );
    const expected = await world.open().count(rangeOf("2024-06-01T00:00:00Z", "2024-06-02T00:00:00Z"));
    await world.query("DROP VIEW engagement_events; ALTER TABLE stored RENAME TO engagement_events");
    expect(expected).toBeGreaterThan(80_000);
    expect(expected).toBeLessThan(93_000);
  });
});
