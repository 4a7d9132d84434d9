import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { judgeAttribution, type OracleAnswer } from "../support/oracle/attribution-oracle.ts";
import { deliveries, type FileRow, rowsOfDataset, summary } from "../support/replay-outputs.ts";
import { startCli } from "../support/run-cli.ts";
import { generateHere, replayHere } from "../support/run-here.ts";

/** As in pipelines-replay.test.ts: what CI runs besides is larger. Three transactions and more. */
const records = Number(process.env.TIDEMARK_RECORDS ?? 12_500);
const kills = Number(process.env.TIDEMARK_KILLS ?? 8);
const batches = (process.env.TIDEMARK_BATCHES ?? "1,7,500").split(",");
const directory = mkdtempSync(join(tmpdir(), "tidemark-replay-"));
const at = (...names: string[]) => join(directory, ...names);
const input = at("records.ndjson");
const minute = 60_000;
const settings = { allowedLateness: 2 * minute, attributionWindow: 30 * minute, maxFutureSkew: 5 * minute };

function plain(row: FileRow): FileRow {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, value instanceof Date ? value.getTime() : value]),
  );
}

function inOrder(rows: readonly FileRow[]): string[] {
  return rows.map((row) => JSON.stringify(Object.entries(row).sort())).sort();
}

async function finalsOf(out: string): Promise<string[]> {
  const rows = await rowsOfDataset(out, "attributed_page_views");
  return inOrder(rows.map(plain).map(({ revision: _, ...row }) => row));
}

async function rejectionsOf(out: string): Promise<string[]> {
  const rows = await rowsOfDataset(out, "rejected_events");
  return rows
    .map((row) => [row.topic, row.partition, String(row.offset), row.reason, Number(row.watermark ?? -1)].join(" "))
    .sort();
}

async function expectAnswer(out: string, oracle: OracleAnswer): Promise<void> {
  expect(summary(out).records).toEqual(oracle.counts);
  expect(await finalsOf(out)).toEqual(inOrder(oracle.rows as unknown as FileRow[]));
  const rejected = oracle.fates.filter(({ fate }) => fate === "rejected");
  expect(await rejectionsOf(out)).toEqual(
    rejected.map((one) => [one.topic, one.partition, one.offset, one.reason, one.watermark ?? -1].join(" ")).sort(),
  );
  expectRevisionsWithoutHoles(out);
}

function expectRevisionsWithoutHoles(out: string): void {
  const highest = new Map<string, number>();
  for (const { entity, revision } of deliveries(out)) {
    expect(revision, entity).toBe((highest.get(entity) ?? 0) + 1);
    highest.set(entity, revision);
  }
}

afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe(`a replay of ${records} generated records`, () => {
  let oracle: OracleAnswer;
  beforeAll(async () => {
    await generateHere("attribution", input, { records, users: Math.ceil(records / 10), seed: 7, partitions: 4 });
    oracle = judgeAttribution(readFileSync(input, "utf8").trimEnd().split("\n"), settings);
  }, 300_000);

  it.each(batches)("gives the oracle's finals, rejections and counts in deliveries of %s", async (batch) => {
    const out = at(`batch-${batch}`);
    await replayHere("attribution", { input, out, batch });
    await expectAnswer(out, oracle);
    const read = Object.values(summary(out).records).reduce((sum, topic) => sum + topic.read, 0);
    expect(read).toBe(records);
  });

  it("ends the same when it is killed at random moments and started again", async () => {
    const out = at("killed");
    const args = ["replay", "--pipeline", "attribution", "--input", input, "--out", out];
    // The moments differ from run to run, as they do in life.
    const moments = Array.from({ length: kills }, () => 150 + Math.floor(Math.random() * (350 + records / 40)));
    let killed = 0;
    for (const moment of moments) {
      const { process, ended } = startCli(args);
      await sleep(moment);
      if (process.exitCode === null) killed++;
      process.kill("SIGKILL");
      await ended;
    }
    await replayHere("attribution", { input, out });
    await expectAnswer(out, oracle);
    expect(killed, `killed after ${moments.join(", ")} ms`).toBeGreaterThanOrEqual(2);
  });

  it("ends the same in two parts, the first of which leaves the stream open, and then finds everything final", async () => {
    const lines = readFileSync(input, "utf8").trimEnd().split("\n");
    const first = Math.floor(0.425 * records) + 1;
    writeFileSync(at("first.ndjson"), `${lines.slice(0, first).join("\n")}\n`);
    writeFileSync(at("second.ndjson"), `${lines.slice(first).join("\n")}\n`);
    const out = at("parts");
    await replayHere("attribution", { input: at("first.ndjson"), out, drain: false });
    await replayHere("attribution", { input: at("second.ndjson"), out });
    await expectAnswer(out, oracle);

    const more = at("more.ndjson");
    const payload = JSON.stringify({ event_id: "afterwards", user_id: "u", event_time: "2024-01-01T13:00:00Z" });
    writeFileSync(more, `${JSON.stringify({ topic: "page_views", key: "u", payload })}\n`);
    const before = summary(out).records.page_views;
    await replayHere("attribution", { input: more, out });
    const after = summary(out).records.page_views;
    expect(after?.read).toBe((before?.read ?? 0) + 1);
    expect(after?.rejected.late).toBe((before?.rejected.late ?? 0) + 1);
  });
});
