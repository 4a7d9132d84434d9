import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { contentViews } from "../../functions/content-views.ts";
import { SqliteStateStore } from "../../localstack/embedded/sqlite-state-store.ts";
import { systemClock } from "../../localstack/embedded/system-clock.ts";
import { parquetRows } from "../support/parquet-rows.ts";
import { runCli, startCli } from "../support/run-cli.ts";
import { type Postgres, startPostgres } from "./postgres.ts";
import { findPostgres, skippedFor } from "./requirements.ts";

const skip = skippedFor(findPostgres());
const events = 20_000;

/** A day of events, of a hundred contents; every tenth content isn't there, and every fourth event has no duration. */
const filling = `
  INSERT INTO content SELECT id, 'video', 300 FROM generate_series(1, 99) AS id WHERE id % 10 <> 0;
  INSERT INTO engagement_events (content_id, user_id, event_type, event_ts, duration_ms, raw_payload)
    SELECT id % 100, 'user_' || id % 777, 'play', timestamptz '2024-01-01T00:00:00Z' + id * interval '4 seconds',
      CASE WHEN id % 4 = 0 THEN NULL ELSE id % 300000 END, jsonb_build_object('noise', repeat('x', 1000))
    FROM generate_series(1, ${events}) AS id`;

describe.skipIf(skip !== "")(`tidemark backfill, from PostgreSQL${skip ? ` (skipped: ${skip})` : ""}`, () => {
  const root = mkdtempSync(join(tmpdir(), "tidemark-backfill-"));
  const out = join(root, "out");
  let postgres: Postgres;
  const args = (...more: readonly string[]) => ["backfill", "--postgres", postgres.url, "--out", out, ...more];
  const day = ["--start", "2024-01-01T00:00:00Z", "--end", "2024-01-02T00:00:00Z"];
  const json = async (...more: readonly string[]) => {
    const { code, out, err } = await runCli(...args(...more, "--json"));
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const { isDone, rows, counts } = JSON.parse(out);
    return { isDone, rows, accepted: counts.accepted, duplicate: counts.duplicate };
  };

  beforeAll(async () => {
    const started = await startPostgres();
    if ("skipped" in started) throw new Error(started.skipped);
    postgres = started;
    await postgres.query(readFileSync("infra/capture/tables.sql", "utf8"));
    await postgres.query(filling);
  });
  afterAll(async () => {
    await postgres?.stop();
    rmSync(root, { recursive: true, force: true });
  });

  it("that is killed five times on the way is finished by the next, each event once", async () => {
    for (let kill = 0; kill < 5; kill++) {
      const { process, ended } = startCli(args(...day));
      const before = existsSync(out) ? accepted(out) : 0;
      while (accepted(out) < before + 1_000 && process.exitCode === null) await sleep(20);
      process.kill("SIGKILL");
      await ended;
    }
    expect(accepted(out)).toBeLessThan(events);
    expect(await json(...day)).toEqual({ isDone: true, rows: events, accepted: events, duplicate: 0 });
    const rows = await parquetRows(out, "events_enriched");
    expect(rows).toHaveLength(events);
    expect(new Set(rows.map(({ event_id }) => event_id)).size).toBe(events);
    const found = rows.find(({ event_id }) => event_id === "7001");
    expect(found).toMatchObject({
      content_id: "1",
      content_type: "video",
      engagement_seconds: "7.001",
      engagement_pct: "0.02",
    });
    const expected = await postgres.query(`SELECT count(*) FILTER (WHERE c.content_id IS NULL) AS unknown,
      sum(round((duration_ms / 1000.0 / length_seconds)::numeric, 2)) AS pct
      FROM engagement_events LEFT JOIN content c USING (content_id)`);
    const { unknown, pct } = expected.rows[0] as { unknown: string; pct: string };
    expect(rows.filter(({ content_type }) => content_type === null)).toHaveLength(Number(unknown));
    const sum = rows.reduce((all, { engagement_pct }) => all + Math.round(100 * Number(engagement_pct ?? 0)), 0);
    expect(sum).toBe(Math.round(100 * Number(pct)));
  });

  it("adds nothing when it runs again, whole or over ranges that overlap", async () => {
    expect(await json(...day)).toEqual({ isDone: true, rows: events, accepted: 0, duplicate: events });
    const night = ["--start", "2024-01-01T00:00:04Z", "--end", "2024-01-01T00:00:40Z"];
    expect(await json(...night)).toEqual({ isDone: true, rows: 9, accepted: 0, duplicate: 9 });
    expect(await parquetRows(out, "events_enriched")).toHaveLength(events);
    const sent = readFileSync(join(out, "http", "deliveries.ndjson"), "utf8")
      .trim()
      .split("\n");
    expect(new Set(sent.map((line) => JSON.parse(line).id)).size).toBe(events);
    const store = new SqliteStateStore({ path: join(out, "state", "tidemark.sqlite"), clock: systemClock });
    try {
      const views = contentViews({ store, partitions: 3, clock: undefined });
      expect(await Promise.all(["0", "1", "99", "100"].map((id) => views.count(id)))).toEqual([200, 200, 200, 0]);
      // All of it is older than an hour.
      expect(await views.last("1")).toBe(undefined);
    } finally {
      store.close();
    }
  });

  it("says in one line what is wrong", async () => {
    expect(await runCli(...args("--start", "yesterday", "--end", "2024-01-02T00:00:00Z"))).toMatchObject({
      code: 2,
      err: 'tidemark: --start takes a time such as 2024-01-01T00:00:00Z, not "yesterday"\n',
    });
    const wrong = postgres.url.replace(/:[^:@/]+@/, ":wrong@");
    const { code, err } = await runCli("backfill", ...day, "--postgres", wrong, "--out", join(root, "other"));
    expect(code).toBe(1);
    expect(err).toMatch(/^tidemark: .*password.*\n$/);
    expect(err).not.toContain("wrong@");
  });
});

/** Events that have left so far: some fewer than were taken in. */
function accepted(out: string): number {
  const file = join(out, "http", "deliveries.ndjson");
  return existsSync(file) ? readFileSync(file, "latin1").split("\n").length - 1 : 0;
}
