import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { judgeAttribution, type OracleAnswer } from "../support/oracle/attribution-oracle.ts";
import { deliveries, type FileRow, rowsOfDataset, summary } from "../support/replay-outputs.ts";
import { runCli, startCli } from "../support/run-cli.ts";

const directory = mkdtempSync(join(tmpdir(), "tidemark-replay-"));
const at = (...names: string[]) => join(directory, ...names);
const minute = 60_000;
const settings = { allowedLateness: 2 * minute, attributionWindow: 30 * minute, maxFutureSkew: 5 * minute };

async function generate(records: number, file: string): Promise<OracleAnswer> {
  const shape = ["--records", String(records), "--partitions", "4", "--users", "20000", "--seed", "7"];
  expect(await runCli("generate", "--pipeline", "attribution", ...shape, "--output", file)).toMatchObject({ code: 0 });
  return judgeAttribution(readFileSync(file, "utf8").trimEnd().split("\n"), settings);
}

const replayArgs = (input: string, out: string, ...more: string[]) => [
  ...["replay", "--pipeline", "attribution", "--input", input, "--out", out],
  ...more,
];

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

describe("a replay of 40,000 generated records", () => {
  let oracle: OracleAnswer;
  beforeAll(async () => {
    oracle = await generate(40_000, at("40k.ndjson"));
  });

  it.each(["1", "7", "500"])("gives the oracle's finals, rejections and counts in deliveries of %s", async (batch) => {
    const out = at(`batch-${batch}`);
    expect(await runCli(...replayArgs(at("40k.ndjson"), out, "--batch", batch))).toMatchObject({ code: 0, err: "" });
    await expectAnswer(out, oracle);
  });

  it("ends the same when it is killed at twenty random moments and started again", async () => {
    const out = at("killed");
    const args = replayArgs(at("40k.ndjson"), out);
    // The moments differ from run to run, as they do in life.
    const moments = Array.from({ length: 20 }, () => 150 + Math.floor(Math.random() * 700));
    let kills = 0;
    for (const moment of moments) {
      const { process, ended } = startCli(args);
      await sleep(moment);
      if (process.exitCode === null) kills++;
      process.kill("SIGKILL");
      await ended;
    }
    expect(await runCli(...args)).toMatchObject({ code: 0, err: "" });
    await expectAnswer(out, oracle);
    expect(kills, `killed after ${moments.join(", ")} ms`).toBeGreaterThanOrEqual(5);
  });

  it("ends the same in two parts, the first of which leaves the stream open", async () => {
    const lines = readFileSync(at("40k.ndjson"), "utf8").trimEnd().split("\n");
    const { writeFileSync } = await import("node:fs");
    writeFileSync(at("first.ndjson"), `${lines.slice(0, 17_001).join("\n")}\n`);
    writeFileSync(at("second.ndjson"), `${lines.slice(17_001).join("\n")}\n`);
    const out = at("parts");
    expect(await runCli(...replayArgs(at("first.ndjson"), out, "--no-drain"))).toMatchObject({ code: 0 });
    expect(await runCli(...replayArgs(at("second.ndjson"), out))).toMatchObject({ code: 0 });
    await expectAnswer(out, oracle);
  });

  it("finds everything final when more comes after the end", async () => {
    const out = at("batch-500");
    const more = at("more.ndjson");
    const { writeFileSync } = await import("node:fs");
    const payload = JSON.stringify({ event_id: "afterwards", user_id: "u", event_time: "2024-01-01T13:00:00Z" });
    writeFileSync(more, `${JSON.stringify({ topic: "page_views", key: "u", payload })}\n`);
    const before = summary(out).records.page_views;
    expect(await runCli(...replayArgs(more, out))).toMatchObject({ code: 0 });
    const after = summary(out).records.page_views;
    expect(after?.read).toBe((before?.read ?? 0) + 1);
    expect(after?.rejected.late).toBe((before?.rejected.late ?? 0) + 1);
  });
});

describe("a replay of 200,000 generated records", () => {
  it("accounts for every record once and gives the oracle's answer", async () => {
    const oracle = await generate(200_000, at("200k.ndjson"));
    const out = at("200k");
    expect(await runCli(...replayArgs(at("200k.ndjson"), out))).toMatchObject({ code: 0, err: "" });
    await expectAnswer(out, oracle);
    const read = Object.values(summary(out).records).reduce((sum, { read }) => sum + read, 0);
    expect(read).toBe(200_000);
  });
});
