import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectKeptAs, expectSentAs } from "../support/engagement-files.ts";
import { judgeConversions } from "../support/oracle/conversions-oracle.ts";
import { judgeDedupe } from "../support/oracle/dedupe-oracle.ts";
import { type EngagementAnswer, judgeEngagement } from "../support/oracle/engagement-oracle.ts";
import type { Answer } from "../support/oracle/judge-records.ts";
import { judgePurchases, type PurchasesAnswer } from "../support/oracle/purchases-oracle.ts";
import { judgeWindows } from "../support/oracle/windows-oracle.ts";
import { parquetRows, shortDecimal, sortedLines } from "../support/parquet-rows.ts";
import { summary } from "../support/replay-outputs.ts";
import { startCli } from "../support/run-cli.ts";
import { generateHere, replayHere } from "../support/run-here.ts";

/**
 * `TIDEMARK_RECORDS=200000 TIDEMARK_BATCHES=7` is what CI runs besides; `TIDEMARK_KILLS=20` kills more often; `TIDEMARK_PIPELINES` names
 * those to play. What is killed is played in deliveries of 500. Small deliveries make a file for each of their partitions that has a fact:
 * that takes its time.
 */
const records = Number(process.env.TIDEMARK_RECORDS ?? 2_000);
const kills = Number(process.env.TIDEMARK_KILLS ?? 5);
const batches = (process.env.TIDEMARK_BATCHES ?? "1,7,500").split(",");
const chosen = process.env.TIDEMARK_PIPELINES?.split(",");
const partitions = 4;
const minute = 60_000;
const maxFutureSkew = 5 * minute;

interface Case {
  readonly name: string;
  readonly dataset: string;
  readonly sinks: string;
  readonly judge: (lines: string[]) => Answer<object>;
  readonly check: (out: string, answer: Answer<object>) => Promise<void>;
}

const cases: readonly Case[] = [
  {
    name: "conversions",
    dataset: "attributed_events",
    sinks: "s3,kafka",
    judge: (lines) =>
      judgeConversions(lines, { allowedLateness: 5 * minute, attributionWindow: 1_440 * minute, maxFutureSkew }),
    check: (out) =>
      expectTopicToAgree(out, "attributed-events", "attributed_events", ({ conversion_id: id }) => String(id)),
  },
  {
    name: "dedupe",
    dataset: "deduped_events",
    sinks: "s3,kafka",
    judge: (lines) => judgeDedupe(lines, { allowedLateness: 5 * minute, maxFutureSkew, partitions }),
    check: expectEventsByteForByte,
  },
  {
    name: "windows",
    dataset: "user_windows",
    sinks: "s3,kafka",
    judge: (lines) =>
      judgeWindows(lines, { allowedLateness: 10 * minute, windowSize: 5 * minute, maxFutureSkew, partitions }),
    check: (out) =>
      expectTopicToAgree(out, "mode-b-aggregates", "user_windows", (row) => `${row.userId}|${row.windowStart}`),
  },
  {
    name: "engagement",
    dataset: "events_enriched",
    sinks: "s3,http,kafka,views",
    judge: (lines) =>
      judgeEngagement(lines, {
        ...{ allowedLateness: 5 * minute, enrichmentWait: 10 * minute, includeSnapshot: false },
        ...{ maxFutureSkew, partitions },
      }),
    check: async (out, answer) => {
      expectSentAs(out, answer as EngagementAnswer);
      await expectKeptAs(out, answer as EngagementAnswer);
    },
  },
  {
    name: "purchases",
    dataset: "purchases",
    sinks: "s3,views",
    judge: (lines) => judgePurchases(lines),
    check: expectViews,
  },
];

interface Message {
  readonly partition: number;
  readonly offset: number;
  readonly key: string;
  readonly payload: string;
}

function messagesOf(out: string, topic: string): Message[] {
  const text = readFileSync(join(out, "topics", `${topic}.ndjson`), "utf8").trimEnd();
  const messages = text === "" ? [] : text.split("\n").map((line) => JSON.parse(line) as Message);
  const next = new Map<number, number>();
  for (const { partition, offset } of messages) {
    expect(offset).toBe(next.get(partition) ?? 0);
    next.set(partition, offset + 1);
  }
  return messages;
}

/** The revisions of an entity are 1, 2, 3 and so on, and the highest says what its row in Parquet says. */
async function expectTopicToAgree(
  out: string,
  topic: string,
  dataset: string,
  entityOf: (body: Readonly<Record<string, unknown>>) => string,
): Promise<void> {
  const highest = new Map<string, Record<string, unknown>>();
  for (const { payload } of messagesOf(out, topic)) {
    const body = JSON.parse(payload) as Record<string, unknown>;
    const entity = entityOf(body);
    if (body.revision !== Number(highest.get(entity)?.revision ?? 0) + 1) throw new Error(`${entity}: ${payload}`);
    highest.set(entity, body);
  }
  const rows = await parquetRows(out, dataset);
  const decimals = ["value", "totalAmount", "minAmount", "maxAmount"];
  const bodies = Array.from(highest.values(), (body) =>
    Object.fromEntries(
      Object.entries(body).map(([name, value]) => {
        if (decimals.includes(name)) return [name, shortDecimal(String(value))];
        if (/(_time|windowStart|windowEnd)$/.test(name))
          return [name, value === null ? null : Date.parse(String(value))];
        return [name, value];
      }),
    ),
  );
  expectSame("highest revisions", sortedLines(bodies, ["final"]), sortedLines(rows, ["final"]));
}

async function expectEventsByteForByte(out: string, answer: Answer<object>): Promise<void> {
  const expected = answer.rows as unknown as readonly { eventId: string; body: string }[];
  const messages = messagesOf(out, "processed-events").map(({ key, payload }) => [key, payload].join(" "));
  expectSame("messages", messages.sort(), expected.map(({ eventId, body }) => [eventId, body].join(" ")).sort());
}

async function expectViews(out: string, answer: Answer<object>): Promise<void> {
  const { views } = answer as unknown as PurchasesAnswer;
  const found = JSON.parse(readFileSync(join(out, "views", "purchases.json"), "utf8")) as typeof views;
  const lines = (of: typeof views) =>
    Object.entries(of).map(([user, { totalDebt, purchaseCount, purchases }]) => {
      const history = purchases.map(({ purchaseId, value, quantity, total, timestamp }) => {
        const decimals = [value, total].map((text) => shortDecimal(text));
        return [purchaseId, ...decimals, quantity, new Date(timestamp).getTime()].join(" ");
      });
      return [user, shortDecimal(totalDebt), purchaseCount, ...history].join("; ");
    });
  expectSame("views", lines(found).sort(), lines(views).sort());
}

/** Of thousands that differ a few are shown. */
function expectSame(what: string, found: readonly string[], wanted: readonly string[]): void {
  const digest = (lines: readonly string[]) => createHash("sha256").update(lines.join("\n")).digest("hex");
  if (found.length === wanted.length && digest(found) === digest(wanted)) return;
  const [had, want] = [new Set(found), new Set(wanted)];
  const missing = wanted.filter((line) => !had.has(line)).slice(0, 3);
  const tooMuch = found.filter((line) => !want.has(line)).slice(0, 3);
  expect({ count: found.length, missing, tooMuch }, what).toEqual({ count: wanted.length, missing: [], tooMuch: [] });
}

const chosenCases = cases.filter(({ name }) => chosen?.includes(name) ?? true);

describe.each(chosenCases)(`a replay of ${records} generated records through $name`, (one) => {
  const directory = mkdtempSync(join(tmpdir(), `tidemark-${one.name}-`));
  const input = join(directory, "records.ndjson");
  let answer: Answer<object>;
  beforeAll(async () => {
    await generateHere(one.name, input, { records, partitions, users: Math.ceil(records / 10), seed: 7, rate: 20 });
    answer = one.judge(readFileSync(input, "utf8").trimEnd().split("\n"));
  }, 300_000);
  // Hundreds of thousands of files, where there is one for each fact.
  afterAll(() => rmSync(directory, { recursive: true, force: true }), 300_000);

  async function expectAnswer(out: string): Promise<void> {
    expect(summary(out).records).toEqual(answer.counts);
    const rows = await parquetRows(out, one.dataset);
    const columns = Object.keys(answer.rows[0] ?? {});
    const others = Object.keys(rows[0] ?? {}).filter((name) => !columns.includes(name));
    expectSame("final rows", sortedLines(rows, others), sortedLines(answer.rows));
    const rejected = (await parquetRows(out, "rejected_events")).map(
      ({ topic, partition, offset, reason, watermark }) => {
        return [topic, partition, offset, reason, watermark].join(" ");
      },
    );
    const fates = answer.fates.filter(({ fate }) => fate === "rejected");
    const wanted = fates.map((fate) =>
      [fate.topic, fate.partition, fate.offset, fate.reason, fate.watermark].join(" "),
    );
    expectSame("rejections", rejected.sort(), wanted.sort());
    await one.check(out, answer);
  }

  it.each(batches)("gives the oracle's rows, rejections, counts and outputs in deliveries of %s", async (batch) => {
    const out = join(directory, `batch-${batch}`);
    await replayHere(one.name, { input, out, sinks: one.sinks, batch });
    const read = Object.values(summary(out).records).reduce((sum, topic) => sum + topic.read, 0);
    expect(read).toBe(records);
    await expectAnswer(out);
  });

  it("ends the same when it is killed at random moments and started again", async () => {
    const out = join(directory, "killed");
    const args = ["replay", "--pipeline", one.name, "--input", input, "--out", out, "--sinks", one.sinks];
    // The moments differ from run to run, as they do in life.
    const moments = Array.from({ length: kills }, () => 200 + Math.floor(Math.random() * (300 + records / 40)));
    let killed = 0;
    for (const moment of moments) {
      const { process, ended } = startCli(args);
      await sleep(moment);
      if (process.exitCode === null) killed++;
      process.kill("SIGKILL");
      await ended;
    }
    await replayHere(one.name, { input, out, sinks: one.sinks });
    expect(existsSync(join(out, "summary.json"))).toBe(true);
    await expectAnswer(out);
    expect(killed, `killed after ${moments.join(", ")} ms`).toBeGreaterThanOrEqual(2);
  });
});
