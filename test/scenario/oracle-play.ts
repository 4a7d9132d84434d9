import fc from "fast-check";
import { expect } from "vitest";
import { recordedTraffic } from "../../localstack/generate/recorded-traffic.ts";
import { sampleData } from "../../localstack/generate/sample-data.ts";
import type { RecordLine } from "../../localstack/record-file/record-line.ts";
import type { LogRecord } from "../../shared/core/record.ts";
import { type Column, type Row, rowToJson } from "../../shared/core/row.ts";
import type { Pipeline, StreamRecord } from "../../shared/pipelines/pipeline.ts";
import type { Output } from "../../shared/ports/output.ts";
import type { PipelineName } from "../../shared/settings/settings.ts";
import { expectSame } from "../support/expect-oracle-answer.ts";
import { logRecord } from "../support/log-record.ts";
import type { Answer } from "../support/oracle/judge-records.ts";
import { withoutIdleZeros } from "../support/oracle/oracle-decimal.ts";
import type { PipelineWorld } from "../support/pipeline-world.ts";
import { type InputShape, smallInput } from "./oracle-inputs.ts";

/** A world of whatever pipeline. */
type AnyWorld = Omit<PipelineWorld<Pipeline<StreamRecord>>, "engine">;

/** What happens to a delivery, besides being delivered. */
interface Turn {
  readonly again: boolean;
  /** How many records of its partition come once more in front of it. */
  readonly overlap: number;
  readonly restart: boolean;
  readonly close: boolean;
}

const plainTurn: Turn = { again: false, overlap: 0, restart: false, close: false };

/** How an input is cut, and what happens to its parts. */
export interface Cut {
  readonly deliveryMax: number;
  readonly turns: readonly Turn[];
}

const turn = fc.record({
  again: fc.boolean(),
  overlap: fc.constantFrom(0, 0, 0, 1, 2, 9),
  restart: fc.boolean(),
  close: fc.boolean(),
});

export const anyCut: fc.Arbitrary<Cut> = fc.record({
  deliveryMax: fc.constantFrom(1, 2, 7, 500),
  turns: fc.oneof(
    fc.constant<Turn[]>([plainTurn]),
    fc.constant<Turn[]>([{ ...plainTurn, close: true }]),
    fc.array(turn, { minLength: 1, maxLength: 9 }),
  ),
});

/** Small input, and how it is cut, for any settings. */
export function anyInput<S extends { readonly partitions: number; readonly maxFutureSkew: number }>(
  shape: InputShape,
  anySettings: fc.Arbitrary<S>,
) {
  return anySettings.chain((settings) => {
    const lines = smallInput(shape, settings.partitions, settings.maxFutureSkew);
    return fc.record({ settings: fc.constant(settings), lines, cut: anyCut });
  });
}

const start = Date.parse("2026-03-01T12:00:00Z");

/** 10,000 records of a pipeline's generated traffic, in 3 partitions. */
export function generatedInput(pipeline: PipelineName, seed: number): RecordLine[] {
  const options = { records: 10_000, seed, partitions: 3, users: 300, start, ratePerSecond: 4 };
  return [...recordedTraffic(sampleData[pipeline].plan, options)];
}

/** For long input: now and then a redelivery, an overlap, a restart, a closing. */
export const longCut: Cut = {
  deliveryMax: 500,
  turns: Array.from({ length: 60 }, (_, i) => {
    return { again: i % 7 === 0, overlap: i % 11 === 0 ? 3 : 0, restart: i % 30 === 0, close: i % 10 === 0 };
  }),
};

/** Whether two records in a row may be of one delivery. */
export type Togetherness = (record: LogRecord, next: LogRecord) => boolean;

/** Between partitions the order of arrival counts. */
const samePartition: Togetherness = (record, next) => record.partition === next.partition;

/** Plays an input to the end of its stream. */
export async function playThrough(
  world: AnyWorld,
  lines: Iterable<RecordLine>,
  { deliveryMax, turns }: Cut,
  areTogether = samePartition,
) {
  const past = new Map<string, LogRecord[]>();
  let delivered = 0;
  for (const delivery of cutWhere(areTogether, Array.from(lines, logRecord), deliveryMax)) {
    const { again, overlap, restart, close } = turns[delivered++ % turns.length] as Turn;
    const overlapping: LogRecord[] = [];
    for (const [source, records] of Map.groupBy(delivery, ({ topic, partition }) => `${topic} ${partition}`)) {
      const before = past.get(source) ?? [];
      past.set(source, [...before.slice(-9), ...records]);
      if (overlap > 0) overlapping.push(...before.slice(-overlap));
    }
    expect(await world.deliver([...overlapping, ...delivery])).toEqual([]);
    if (restart) world.restart();
    if (again) expect(await world.deliver(delivery)).toEqual([]);
    if (close) await world.close();
  }
  await world.settle("end");
}

function* cutWhere(areTogether: Togetherness, records: Iterable<LogRecord>, max: number): Generator<LogRecord[]> {
  let delivery: LogRecord[] = [];
  for (const record of records) {
    const last = delivery.at(-1);
    if (last && (delivery.length === max || !areTogether(last, record))) {
      yield delivery;
      delivery = [];
    }
    delivery.push(record);
  }
  if (delivery.length > 0) yield delivery;
}

/** Holds the rows, the rejections and the counts of a world whose input has ended against what the oracle makes of it. */
export async function expectAnswer(world: AnyWorld, answer: Answer<object>): Promise<void> {
  const { columns } = world.running;
  // How many revisions lead to a final row may depend on the cut, and then the oracle says none.
  const hasRevisions = answer.rows.some((row) => "revision" in row);
  const rows = (await world.finals()).map(({ revision, ...row }) =>
    comparable(columns, hasRevisions ? { ...row, revision: revision ?? null } : row),
  );
  expectSame("final rows", rows, answer.rows);
  const rejections = (await world.rejections()).map(({ topic, partition, offset, reason, watermark }) => {
    return { topic, partition, offset, fate: "rejected", reason, watermark };
  });
  expectSame(
    "rejections",
    rejections,
    answer.fates.filter(({ fate }) => fate === "rejected"),
  );
  expect(await world.counts()).toEqual(answer.counts);
}

/** All that became of records, by name and in order: `accepted`, `duplicate`, `ignored`, or the reason of a rejection. */
export function kindsOfFate({ fates }: Answer<object>): string[] {
  return [...new Set(fates.map(({ fate, reason }) => reason ?? fate))].sort();
}

/** Decimals are the same where their values are. */
function comparable(columns: readonly Column[], row: Row): Row {
  const decimals = columns.filter(({ type }) => type === "decimal");
  return { ...row, ...Object.fromEntries(decimals.map(({ name }) => [name, withoutIdleZeros(String(row[name]))])) };
}

/** The revisions of each result are 1, 2, 3 and so on, and the last says what its final row says. */
export async function expectRevisionsToLeadToFinals(
  world: AnyWorld,
  resultOf: (output: Output) => string,
): Promise<void> {
  const histories = Map.groupBy(world.revisions(), resultOf);
  const lasts = Array.from(histories, ([name, history]) => {
    const revisions = history.map(({ revision }) => revision);
    expect(revisions, `revisions of ${name}`).toEqual(history.map((_, i) => i + 1));
    return { ...history.at(-1)?.body, final: true };
  });
  const finals = (await world.finals()).map((row) => rowToJson(world.running.columns, row));
  expectSame("last revisions", lasts, finals);
}

/** Every result left once, at its first revision, and final: as its row has it. */
export async function expectOneOutputEach(world: AnyWorld): Promise<void> {
  const { name, columns } = world.running;
  const outputs = world.revisions().map(({ id, entity, revision, final, body }) => {
    expect([id, revision, final]).toEqual([`${name}:${entity}:1`, 1, true]);
    return body;
  });
  const finals = (await world.finals()).map((row) => rowToJson(columns, row));
  expectSame("outputs", outputs, finals);
}

/** The messages for the Kafka topic that have left at once, without what the engine adds to them. */
export function messagesOf(world: AnyWorld): { topic: string; key: string; value: string }[] {
  return world.emitted().map(({ message: { topic, key, value } }) => ({ topic, key, value }));
}
