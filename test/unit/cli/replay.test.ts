import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { SqliteStateStore } from "../../../localstack/embedded/sqlite-state-store.ts";
import { sampleData } from "../../../localstack/generate/sample-data.ts";
import { RunNotes } from "../../../localstack/replay/run-notes.ts";
import type { PipelineName } from "../../../shared/settings/settings.ts";
import { deliveries, rowsOfDataset, summary } from "../../support/replay-outputs.ts";
import { type Ended, runCli } from "../../support/run-cli.ts";
import { type Replay, replayHere } from "../../support/run-here.ts";

const root = mkdtempSync(join(tmpdir(), "tidemark-replay-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let files = 0;
function fileOf(records: readonly object[]): string {
  const file = join(root, `${files++}.ndjson`);
  writeFileSync(file, records.map((record) => `${JSON.stringify(record)}\n`).join(""));
  return file;
}

/** In a process of its own. */
const replay = (pipeline: string, input: string, out: string, ...args: string[]): Promise<Ended> =>
  runCli("replay", "--pipeline", pipeline, "--input", input, "--out", join(root, out), ...args);

const replayed = (pipeline: string, input: string, out: string, more: Partial<Replay> = {}): Promise<void> =>
  replayHere(pipeline, { input, out: join(root, out), ...more });

const textOf = (...path: string[]) => readFileSync(join(root, ...path), "utf8");
const messagesOf = (out: string, topic: string) => {
  const lines = textOf(out, "topics", `${topic}.ndjson`).split("\n").filter(Boolean);
  return lines.map((line) => JSON.parse(line));
};
const nothingRejected = { malformed: 0, late: 0, future: 0, oversized: 0 };

describe("the sample, one record at a time, through all sinks of", () => {
  const run = async (pipeline: PipelineName, sinks = "s3,http,kafka") => {
    await replayed(pipeline, fileOf(sampleData[pipeline].sample), pipeline, { sinks, batch: "1" });
    const { records, outputs, watermarks } = summary(join(root, pipeline));
    const ids = deliveries(join(root, pipeline)).map(({ id }) => id);
    return { records, outputs, watermarks, ids };
  };

  it("attribution leaves every revision in its topic and at its endpoint, and the last one in S3", async () => {
    const { outputs, ids } = await run("attribution");
    expect(outputs).toEqual({ attributed_page_views: { revisions: 8, finals: 6 } });
    expect(ids.toSorted()).toEqual(
      [1, 2, 2, 3, 4, 5, 5, 6].map((view, i) => `attribution:pv_${view}:${i === 2 || i === 6 ? 2 : 1}`),
    );
    expect(messagesOf("attribution", "attributed-page-views").map(({ headers }) => headers[1])).toEqual(ids);
  });

  it("conversions leaves conversions with their click or without, keyed by user", async () => {
    const { records, outputs, ids } = await run("conversions");
    expect(records["raw-events"]).toEqual({
      read: 12,
      accepted: 11,
      duplicate: 1,
      ignored: 0,
      rejected: nothingRejected,
    });
    expect(outputs).toEqual({ attributed_events: { revisions: 7, finals: 6 } });
    const messages = messagesOf("conversions", "attributed-events");
    expect(messages.map(({ headers }) => headers[1])).toEqual(ids);
    expect(
      messages.map(({ key, payload }) => [key, JSON.parse(payload).conversion_id, JSON.parse(payload).click_id]),
    ).toEqual([
      ["user_1", "conv_1", "click_1"],
      ["user_1", "conv_2", "click_2"],
      ["user_1", "conv_2", "click_3"],
      ["user_3", "conv_3", null],
      ["user_4", "conv_4", null],
      ["user_2", "conv_5", "click_4"],
      ["user_2", "conv_6", null],
    ]);
  });

  it("dedupe leaves each event once, byte for byte, and one watermark for all partitions", async () => {
    const { records, outputs, watermarks, ids } = await run("dedupe");
    const rejected = { ...nothingRejected, late: 1 };
    expect(records["incoming-events"]).toEqual({ read: 12, accepted: 7, duplicate: 4, ignored: 0, rejected });
    expect(outputs).toEqual({ deduped_events: { revisions: 7, finals: 7 } });
    expect(watermarks).toEqual({ all: "2024-01-01T12:05:00Z" });
    const names = [1, 2, 3, 4, 5, 6, 7].map((n) => `ev_${n}`);
    expect(ids).toEqual(names.map((name) => `dedupe:${name}:1`));
    const first = new Map(sampleData.dedupe.sample.toReversed().map(({ key, payload }) => [key, payload]));
    const messages = messagesOf("dedupe", "processed-events");
    expect(messages.map(({ key, payload }) => [key, payload])).toEqual(names.map((name) => [name, first.get(name)]));
  });

  it("windows leaves every revision of a window, and its last one in S3", async () => {
    const { outputs, ids } = await run("windows");
    expect(outputs).toEqual({ user_windows: { revisions: 10, finals: 4 } });
    expect(messagesOf("windows", "mode-b-aggregates").map(({ headers }) => headers[1])).toEqual(ids);
    const rows = await rowsOfDataset(join(root, "windows"), "user_windows");
    expect(
      rows.map(({ userId, eventCount, revision, final }) => [userId, Number(eventCount), revision, final]),
    ).toEqual([
      ["user_1", 3, 3, true],
      ["user_2", 2, 2, true],
      ["user_1", 2, 2, true],
      ["user_3", 3, 3, true],
    ]);
  });

  it("purchases leaves what each user owes and bought, and no watermarks", async () => {
    const { records, outputs, watermarks, ids } = await run("purchases", "s3,http,kafka,views");
    const rejected = { ...nothingRejected, malformed: 3 };
    expect(records.purchases).toEqual({ read: 12, accepted: 4, duplicate: 5, ignored: 0, rejected });
    expect([outputs, watermarks]).toEqual([{ purchases: { revisions: 4, finals: 4 } }, {}]);
    expect(ids).toEqual([1, 2, 3, 4].map((n) => `purchases:purchase_${n}:1`));
    const views = JSON.parse(textOf("purchases", "views", "purchases.json"));
    const shown = Object.entries<{ totalDebt: string; purchaseCount: number; purchases: { purchaseId: string }[] }>(
      views,
    );
    expect(
      shown.map(([user, { totalDebt, purchaseCount, purchases }]) => {
        return [user, totalDebt, purchaseCount, ...purchases.map(({ purchaseId }) => purchaseId)];
      }),
    ).toEqual([
      ["user_1", "100.00", 1, "purchase_1"],
      ["user_2", "60.27", 2, "purchase_3", "purchase_2"],
      ["user_3", "10.00", 1, "purchase_4"],
    ]);
  });
});

const event = (eventId: string, time: string, partition: number) => {
  const payload = { eventId, userId: "u", amount: 1, eventType: "e", eventTime: `2024-01-01T${time}:00Z` };
  return { topic: "incoming-events", partition, key: eventId, payload };
};

describe("a replay", () => {
  it("has the outputs that it is told to have, and no others", async () => {
    const input = fileOf(sampleData.purchases.sample);
    expect(await replay("purchases", input, "kafka-only", "--sinks", "kafka")).toMatchObject({ code: 0 });
    const there = ["topics/processed-purchases.ndjson", "http", "views", "s3/purchases"];
    expect(there.map((path) => existsSync(join(root, "kafka-only", path)))).toEqual([true, false, false, false]);
    expect(summary(join(root, "kafka-only")).outputs).toEqual({ purchases: { revisions: 4, finals: 0 } });
  });

  it("of one pipeline leaves another's in the same state alone, though both read the same file", async () => {
    const input = fileOf([event("a", "12:00", 0), event("a", "12:00", 1), event("b", "12:01", 1)]);
    await replayed("dedupe", input, "both");
    await replayed("windows", input, "both");
    expect(summary(join(root, "both")).records["incoming-events"]).toMatchObject({
      read: 3,
      accepted: 2,
      duplicate: 1,
    });
    const rows = ["deduped_events", "user_windows"].map((dataset) => rowsOfDataset(join(root, "both"), dataset));
    expect((await Promise.all(rows)).map(({ length }) => length)).toEqual([2, 1]);
    const messages = ["processed-events", "mode-b-aggregates"].map((topic) => messagesOf("both", topic).length > 0);
    expect(messages).toEqual([true, true]);
  });

  it("is refused where another pipeline's has not come to its end: its outputs would be passed over", async () => {
    const input = fileOf([event("a", "12:00", 0)]);
    await replayed("dedupe", input, "unfinished");
    const path = join(root, "unfinished", "state", "tidemark.sqlite");
    const store = new SqliteStateStore({ path, clock: { now: () => 0 } });
    const notes = new RunNotes(store, "dedupe");
    if (notes.run) notes.run = { ...notes.run, stage: "read" };
    store.close();
    const refused = await replay("windows", input, "unfinished");
    expect(refused).toMatchObject({
      code: 2,
      err: expect.stringContaining("a replay of dedupe into this state has not"),
    });
    await replayed("dedupe", input, "unfinished");
    await replayed("windows", input, "unfinished");
  });

  it("keeps records of different partitions apart where their order decides, however many a delivery may have", async () => {
    // Whoever comes first is taken: by the order of the file a in partition 1, and b in partition 0.
    const input = fileOf([
      event("a", "12:00", 1),
      event("a", "12:00", 0),
      event("b", "12:00", 0),
      event("b", "12:00", 1),
    ]);
    await replayed("dedupe", input, "order");
    const partitions = messagesOf("order", "processed-events").map(({ key }) => key);
    const files = (await rowsOfDataset(join(root, "order"), "deduped_events")).map(({ eventId }) => eventId);
    expect([partitions, files]).toEqual([
      ["a", "b"],
      ["b", "a"],
    ]);
  });

  it("counts what its pipeline doesn't read as ignored, and takes the number of partitions from a setting too", async () => {
    const input = fileOf([...sampleData.attribution.sample, event("a", "12:00", 0)]);
    await replayed("dedupe", input, "other-topics", { set: ["partitions=5"] });
    const { records } = summary(join(root, "other-topics"));
    expect(
      Object.entries(records).map(([topic, { read, ignored, accepted }]) => [topic, read, ignored, accepted]),
    ).toEqual([
      ["incoming-events", 1, 0, 1],
      ["ad_clicks", 6, 6, 0],
      ["page_views", 6, 6, 0],
    ]);
    const other = await replay("dedupe", input, "other-topics", "--partitions", "4");
    expect(other).toMatchObject({ code: 2, err: expect.stringContaining("this state has 5 partitions, not 4") });
  });
});

it("the clock of replays into a state stands where the first of them began", () => {
  const store = new SqliteStateStore({ path: ":memory:", clock: { now: () => 0 } });
  const begun = [5, 9].map((now) => new RunNotes(store, "dedupe").begunAt(now));
  expect([...begun, new RunNotes(store, "windows").begunAt(7)]).toEqual([5, 5, 7]);
  store.close();
});
