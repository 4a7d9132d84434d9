import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { contentViews } from "../../functions/content-views.ts";
import { pipelineConfig } from "../../localstack/cli/options.ts";
import { FileLog } from "../../localstack/embedded/file-log.ts";
import { systemClock } from "../../localstack/embedded/system-clock.ts";
import type { RecordLine } from "../../localstack/record-file/record-line.ts";
import { openLog, runLive } from "../../localstack/runner/live.ts";
import { holdState } from "../../localstack/runner/state-directory.ts";
import { openWorld, type World } from "../../localstack/runner/world.ts";
import type { ContentViews } from "../../shared/ports/content-views.ts";
import { type CaptureDatabase, startCaptureDatabase } from "./capture-database.ts";
import { findJava, findPostgres, skippedFor } from "./requirements.ts";

const skip = skippedFor(findPostgres(), findJava());
const partitions = 4;
/** Events of which the way from the table to the view is measured, and the wait between two of them. */
const measured = 200;
const everyMs = 50;

/** Postgres, Debezium, the runner's event source mapping with its batch window of a second, the real handlers, and the views behind the API. */
describe.skipIf(skip !== "")(`from a table to the views${skip ? ` (skipped: ${skip})` : ""}`, () => {
  let database: CaptureDatabase;
  let world: World;
  let views: ContentViews;
  const ending: (() => Promise<void> | void)[] = [];

  beforeAll(async () => {
    database = await startCaptureDatabase();
    ending.push(() => database.stop());
    await database.query("INSERT INTO content SELECT id, 'video', 300 FROM generate_series(1, 300) AS id");
    const directory = mkdtempSync(join(tmpdir(), "tidemark-views-"));
    ending.unshift(() => rmSync(directory, { recursive: true, force: true }));
    const held = holdState(join(directory, "state"));
    ending.unshift(() => held.close());
    world = await openWorld({
      pipelines: [pipelineConfig("engagement", { sinks: ["s3", "views"] }, partitions)],
      ...{ store: held.store, statePath: held.path, outDirectory: directory, batchMax: 1, deliveryTries: 1 },
    });
    ending.unshift(() => world.close());
    views = contentViews({ store: world.store, partitions, clock: systemClock });
    ending.unshift(await capturing(database, world, directory));
    // The snapshot has begun: what is inserted from now on is no part of it.
    await until(async () => (await contentsTaken(world)) > 0);
    await database.query(adding(300));
    await until(async () => (await views.count("300")) === 1);
  });

  afterAll(async () => {
    for (const end of ending) await end();
  });

  it("an insert reaches the view, enriched; how long it takes is printed", async () => {
    const insertedAt = new Map<string, number>();
    const took: number[] = [];
    const seen = watch(views, insertedAt, took);
    for (let id = 1; id <= measured; id++) {
      await database.query(adding(id));
      insertedAt.set(String(id), performance.now());
      await sleep(everyMs);
    }
    await seen;
    const sorted = took.toSorted((a, b) => a - b);
    const at = (share: number) => `${Math.round(sorted[Math.ceil(share * sorted.length) - 1] ?? 0)} ms`;
    const figures = `median ${at(0.5)}, p95 ${at(0.95)}, most ${at(1)}`;
    process.stderr.write(`insert to view, ${measured} events: ${figures}\n`);
    expect(await views.last("7")).toMatchObject({ content_type: "video", duration_ms: 7_000, engagement_pct: 0.02 });
  });

  it("an update and a delete change nothing", async () => {
    const before = await views.last("8");
    await database.query("UPDATE engagement_events SET duration_ms = 1, event_type = 'click' WHERE content_id = 8");
    await database.query("DELETE FROM engagement_events WHERE content_id = 9");
    // Behind both in the same log.
    for (const id of [8, 9]) await database.query(adding(id, "2024-01-01T12:00:00Z"));
    await until(async () => (await views.count("8")) === 2 && (await views.count("9")) === 2);
    expect(await views.last("8")).toEqual(before);
    expect(await views.last("9")).toMatchObject({ duration_ms: 7_000 });
  });
});

async function contentsTaken({ pipelines }: World): Promise<number> {
  const progress = (await Promise.all(pipelines.map((pipeline) => pipeline.progress()))).flat();
  return progress.flatMap(({ tables }) => tables).reduce((sum, { row }) => sum + row.counts.accepted, 0);
}

function adding(contentId: number, time = new Date().toISOString()): string {
  return `INSERT INTO engagement_events (content_id, user_id, event_type, event_ts, duration_ms)
    VALUES (${contentId}, 'user_1', 'play', '${time}', 7000)`;
}

/** Runs what AWS would run, on what Debezium tells of the database. @returns what ends it. */
async function capturing(database: CaptureDatabase, world: World, directory: string): Promise<() => Promise<void>> {
  const capture = await database.capture();
  const arrived: RecordLine[] = [];
  const reading = (async () => {
    for (;;) arrived.push(await capture.next());
  })();
  // It ends with the capture.
  reading.catch(() => {});
  const log = new FileLog(join(directory, "log"));
  await openLog(world, log);
  const stop = new AbortController();
  const running = runLive(world, { log, traffic: () => arrived.splice(0), signal: stop.signal });
  return async () => {
    stop.abort();
    await running;
    await capture.stop();
  };
}

/** Until every event has been seen: how long each took. */
async function watch(views: ContentViews, insertedAt: ReadonlyMap<string, number>, took: number[]): Promise<void> {
  const seen = new Set<string>();
  while (seen.size < measured) {
    for (const [id, at] of insertedAt) {
      if (seen.has(id) || (await views.count(id)) === 0) continue;
      seen.add(id);
      took.push(performance.now() - at);
    }
    await sleep(10);
  }
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(50);
}
