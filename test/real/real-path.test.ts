import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { datasetOf } from "../../functions/catalog.ts";
import { recordedTraffic } from "../../localstack/generate/recorded-traffic.ts";
import { sampleData } from "../../localstack/generate/sample-data.ts";
import type { TrafficOptions } from "../../localstack/generate/traffic.ts";
import type { RecordLine } from "../../localstack/record-file/record-line.ts";
import { functionNamed } from "../../localstack/runner/triggers.ts";
import { standInPython } from "../../localstack/stand-in/python.ts";
import type { Sink } from "../../shared/settings/definition.ts";
import type { PipelineName } from "../../shared/settings/settings.ts";
import { expectSame } from "../support/expect-oracle-answer.ts";
import { judgeAttribution } from "../support/oracle/attribution-oracle.ts";
import { judgeDedupe } from "../support/oracle/dedupe-oracle.ts";
import type { Answer } from "../support/oracle/judge-records.ts";
import { parquetRows, type TextRow } from "../support/parquet-rows.ts";
import { type ConsumerProcess, type Engines, type RealPath, startEngines } from "./real-path-world.ts";
import { findJava, skippedFor } from "./requirements.ts";

/** Of attribution, and a fifth of them of dedupe, whose every record is a write. */
const size = Number(process.env.TIDEMARK_REAL_RECORDS ?? 100_000);
const partitions = 4;
const minute = 60_000;
const maxFutureSkew = 5 * minute;
/** An hour and a half of traffic, then nothing for half an hour, then an event in each source partition that closes all before it. */
const end = Math.floor(Date.now() / 1_000) * 1_000 - minute;
const span = 90 * minute;
const begin = end - 30 * minute - span;
const quietMax = minute;
/** Of five. Fewer records may be done before there is anybody to kill. */
const killsAtWorkMin = size < 100_000 ? 0 : 3;
const idOfLast = /last-\d-\d/;

interface Case {
  readonly name: "attribution" | "dedupe";
  readonly records: number;
  readonly users: number;
  readonly sinks: readonly Sink[];
  /** The event that closes a source partition. */
  readonly last: (topic: string, id: string, time: string) => object;
  readonly judge: (lines: readonly RecordLine[]) => Answer<object>;
  /** The rows that there must be in the end. */
  readonly isWanted: (row: object) => boolean;
  /** What of a row is the same in whatever order topics and partitions were read. */
  readonly settled: (row: TextRow, sent: ReadonlySet<string | null>) => object;
}

const cases: readonly Case[] = [
  {
    ...{ name: "attribution", records: size, users: Math.ceil(size / 25), sinks: ["s3"] },
    last: (topic, id, time) =>
      topic === "ad_clicks"
        ? { click_id: id, user_id: "last", campaign_id: "last", event_time: time }
        : { event_id: id, user_id: "last", url: null, event_time: time },
    judge: (lines) =>
      judgeAttribution(lines, { allowedLateness: 2 * minute, attributionWindow: 30 * minute, maxFutureSkew }),
    // The buckets of the last ones stay open.
    isWanted: (row) => !idOfLast.test(JSON.stringify(row)),
    // Whether a click is there before its page view or corrects it, and when, depends on which topic is ahead.
    settled: ({ watermark: _, revision: __, reason, ...row }) => ({ ...row, isAttributed: reason !== "no-click" }),
  },
  {
    ...{ name: "dedupe", records: Math.ceil(size / 5), users: 1_000, sinks: ["s3", "kafka"] },
    last: (_, id, time) => ({ eventId: id, eventTime: time }),
    judge: (lines) => judgeDedupe(lines, { allowedLateness: 5 * minute, maxFutureSkew, partitions }),
    isWanted: () => true,
    // Of events with one id that went to several partitions, any may be the first.
    settled: ({ eventId = null, eventTime, body = null }, sent) => {
      const isOneOfThem = sent.has(body) && body?.includes(eventId ?? "-");
      return { eventId, eventTime, body: isOneOfThem ? "as it was sent" : body };
    },
  },
];

const skip = skippedFor(findJava(), standInPython()) || undefined;
const folder = mkdtempSync(join(tmpdir(), "tidemark-real-path-"));
let engines: Engines;

beforeAll(async () => {
  if (!skip) engines = await startEngines();
});
afterAll(async () => {
  await engines?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** The offset behind the last record of a source partition. */
function nextOffsetIn(lines: readonly RecordLine[]): (topic: string, partition: number) => number {
  const next = new Map(lines.map(({ topic, partition, offset }) => [`${topic}-${partition}`, offset + 1]));
  return (topic, partition) => next.get(`${topic}-${partition}`) ?? 0;
}

type Traffic = Partial<TrafficOptions> & { readonly records: number };

/** Traffic without a late record: which of these are late would depend on how far the other partitions are. */
function traffic({ name, users, records }: Case, more: Traffic = { records }): RecordLine[] {
  const usual = { seed: 7, users, partitions, start: begin, ratePerSecond: (records * 1_000) / span, late: 0 };
  return [...recordedTraffic(sampleData[name].plan, { ...usual, ...more })];
}

/** Late records alone. When they come all before them is done, and so it is known what they are judged by. */
function lateTraffic(one: Case, before: readonly RecordLine[]): RecordLine[] {
  const noneOf = Object.fromEntries(Object.keys(sampleData[one.name].plan.shares).map((share) => [share, 0]));
  const place = { start: begin + span, ratePerSecond: 10_000, firstOffset: nextOffsetIn(before) };
  return traffic(one, { ...noneOf, ...place, late: 1, records: Math.ceil(one.records / 100) });
}

function lastTraffic({ name, last }: Case, before: readonly RecordLine[], round: number): RecordLine[] {
  const nextOffset = nextOffsetIn(before);
  const time = new Date(end).toISOString();
  return sampleData[name].plan.topics.flatMap((topic) =>
    Array.from({ length: partitions }, (_, partition): RecordLine => {
      const payload = JSON.stringify(last(topic, `last-${partition}-${round}`, time));
      const offset = nextOffset(topic, partition);
      return { topic, partition, offset, tstype: "create", ts: end, key: "last", payload };
    }),
  );
}

async function untilDone(path: RealPath, records: number): Promise<void> {
  while ((await path.lag()).done < records) await sleep(100);
}

/**
 * Kills one of these consumers, whichever is first found in the middle of an invocation: how a group shares its partitions is the broker's
 * affair. Where no record is left, the first one, at rest. Tells which.
 */
async function killAtWork(path: RealPath, consumers: ConsumerProcess[]): Promise<"at work" | "at rest"> {
  let atWork = consumers.find((one) => one.underWay() > 0);
  for (let polls = 1; !atWork; polls++) {
    await sleep(2);
    atWork = consumers.find((one) => one.underWay() > 0);
    if (polls % 100 > 0) continue;
    const { done, all } = await path.lag();
    if (done === all) break;
  }
  const chosen = atWork ?? (consumers[0] as ConsumerProcess);
  consumers.splice(consumers.indexOf(chosen), 1);
  await chosen.kill();
  return atWork ? "at work" : "at rest";
}

/** Has so many records consumed by processes that are killed on the way, two at once at times; one is left. */
async function consumeUnderKills(path: RealPath, records: number) {
  const living = [path.consume(), path.consume()];
  await untilDone(path, 0.1 * records);
  const killed = [await killAtWork(path, living)];
  living.push(path.consume());
  await untilDone(path, 0.3 * records);
  killed.push(await killAtWork(path, living), await killAtWork(path, living));
  living.push(path.consume());
  await untilDone(path, 0.5 * records);
  killed.push(await killAtWork(path, living));
  living.push(path.consume(), path.consume());
  await untilDone(path, 0.7 * records);
  killed.push(await killAtWork(path, living));
  await untilDone(path, records);
  return { killed, left: living[0] as ConsumerProcess };
}

/** Plays all there is to the end; returns everything that was sent, and what the oracle makes of it. */
async function playUnderKills(one: Case, path: RealPath) {
  const lines = traffic(one);
  await path.produce(lines);
  expect(await path.lag()).toEqual({ done: 0, all: lines.length });
  const { killed, left } = await consumeUnderKills(path, lines.length);
  const send = async (more: readonly RecordLine[]) => {
    await path.produce(more);
    lines.push(...more);
    await untilDone(path, lines.length);
  };
  await send(lateTraffic(one, lines));
  await left.kill();
  const last = path.consume();
  // The first round tells each source of its own end, the second of its peers'.
  for (const round of [1, 2]) await send(lastTraffic(one, lines, round));
  const answer = one.judge(lines);
  const wanted = answer.rows.filter(one.isWanted);
  if (isClosed(one.name)) await untilClosed(path, wanted.length);
  await last.kill();
  return { lines, killed, answer, wanted };
}

const isClosed = (pipeline: PipelineName) => functionNamed("finalize").pipelines.includes(pipeline);

/** Waits for so many final rows, as long as there come any: closings are a second apart, and their buckets go one by one. */
async function untilClosed(path: RealPath, rows: number): Promise<void> {
  let [finals, quietSince] = [-1, performance.now()];
  while (finals < rows && performance.now() - quietSince < quietMax) {
    const outputs = Object.values((await path.summary()).outputs);
    const now = outputs.reduce((sum, one) => sum + one.finals, 0);
    if (now !== finals) quietSince = performance.now();
    finals = now;
    await sleep(500);
  }
}

const asText = (row: object): TextRow =>
  Object.fromEntries(Object.entries(row).map(([name, value]) => [name, value === null ? null : String(value)]));

/** The watermark of what isn't late depends on how far the other partitions were. */
const rejectionOf = ({ topic, partition, offset, reason, watermark }: TextRow) => ({
  ...{ topic, partition, offset, reason },
  ...(reason === "late" && { watermark }),
});

describe.skipIf(skip)(`real Kafka, DynamoDB Local and an S3 server${skip ? ` (skipped: ${skip})` : ""}`, () => {
  it.each(cases)(
    "have the oracle's rows and rejections of $records records of $name, though their consumers are killed",
    async (one) => {
      const batchSize = Math.ceil(one.records / 50);
      const path = await engines.open(one.name, { sinks: one.sinks, partitions, folder, batchSize });
      const { lines, killed, answer, wanted } = await playUnderKills(one, path);
      expect(killed.filter((when) => when === "at work").length).toBeGreaterThanOrEqual(killsAtWorkMin);
      const out = join(folder, one.name);
      await path.download(out);

      const sent = new Set(lines.map(({ payload }) => payload));
      const settled = (rows: readonly object[]) => rows.map((row) => one.settled(asText(row), sent));
      const rows = await parquetRows(out, datasetOf[one.name]);
      expectSame("rows", settled(rows), settled(wanted));
      const rejected = answer.fates.filter(({ fate }) => fate === "rejected");
      expect(rejected.filter(({ reason }) => reason === "late")).not.toEqual([]);
      expectSame(
        "rejections",
        (await parquetRows(out, "rejected_events")).map(rejectionOf),
        rejected.map((fate) => rejectionOf(asText(fate))),
      );
      await expectPositions(path, lines, answer);
      if (one.sinks.includes("kafka")) await expectMessages(path, rows);
    },
    900_000,
  );
});

/** What has a row in S3 has a message in the output topic: the events of dedupe have one revision, and nobody sends them twice here. */
async function expectMessages(path: RealPath, rows: readonly TextRow[]): Promise<void> {
  await path.publish();
  const messages = await path.published();
  expectSame(
    "messages",
    messages.map(({ key, value }) => ({ key, value })),
    rows.map(({ eventId, body }) => ({ key: eventId, value: body })),
  );
}

/** Every source partition is read to its end. Counts may fall short where a try has died, and count a duplicate as accepted. */
async function expectPositions(
  path: RealPath,
  lines: readonly RecordLine[],
  { counts }: Answer<object>,
): Promise<void> {
  const nextOffset = nextOffsetIn(lines);
  for (const { topic, partition, next } of await path.positions()) {
    expect({ topic, partition, next }).toEqual({ topic, partition, next: nextOffset(topic, partition) });
  }
  for (const [topic, { read }] of Object.entries((await path.summary()).records)) {
    expect(read, topic).toBeGreaterThan(0);
    expect(read, topic).toBeLessThanOrEqual(counts[topic]?.read ?? 0);
  }
}
