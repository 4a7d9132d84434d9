import { describe, expect, it } from "vitest";
import type { Decimal } from "../../../../shared/core/decimal.ts";
import { parseDecimal } from "../../../../shared/core/decimal.ts";
import type { PruneContext } from "../../../../shared/pipelines/pipeline.ts";
import { noIds, tokenOf, withToken } from "../../../../shared/pipelines/windows/known-ids.ts";
import type { WindowState } from "../../../../shared/pipelines/windows/state.ts";
import { windows } from "../../../../shared/pipelines/windows/windows.ts";

const minute = 60_000;
const size = 5 * minute;
const start = Date.parse("2024-01-01T12:10:00Z");
const end = start + size;
const pipeline = windows({ windowSize: size, allowedLateness: 10 * minute });

const record = (time: number) => ({ key: "u1|2024-01-01T12:10:00Z", id: "e", time, amount: { units: 0n, scale: 0 } });
const decimal = (text: string) => parseDecimal(text) as Decimal;
const state: WindowState = {
  ids: withToken(withToken(noIds, tokenOf("a")), tokenOf("b")),
  total: decimal("0.3"),
  least: decimal("0.1"),
  greatest: decimal("0.2"),
  revision: 4,
};
const of = { key: "u|1|2024-01-01T12:10:00Z", partition: 0 };

describe("windows", () => {
  it("says of itself what the engine and its sinks have to know", () => {
    const { kind, name, sources, scope, dataset, outputTopic, allowedLateness, finalInterval, columns } = pipeline;
    expect({ kind, name, sources, scope, dataset, outputTopic, allowedLateness, finalInterval }).toEqual({
      kind: "keyed",
      name: "windows",
      sources: ["incoming-events"],
      scope: "topic",
      dataset: "user_windows",
      outputTopic: "mode-b-aggregates",
      allowedLateness: 10 * minute,
      finalInterval: size,
    });
    expect(columns.map((column) => `${column.name} ${column.type}${column.nullable ? "?" : ""}`)).toEqual([
      "userId string",
      "windowStart timestamp",
      "windowEnd timestamp",
      "eventCount int64",
      "totalAmount decimal",
      "minAmount decimal",
      "maxAmount decimal",
      "revision int32",
      "final boolean",
    ]);
  });

  it.each([
    ["no watermark", undefined, false],
    ["the watermark 1 ms before its window's end", end - 1, false],
    ["the watermark at its window's end", end, true],
    ["the watermark 1 ms after its window's end", end + 1, true],
  ])("finds an event late by its window, not by its own time: with %s, late is %s", (_, watermark, late) => {
    expect([start, start + 1, end - 1].map((time) => pipeline.isLate(record(time), watermark))).toEqual([
      late,
      late,
      late,
    ]);
    expect(pipeline.isLate(record(end), watermark)).toBe(false);
  });

  it("brings a record's result into the bucket of its window", () => {
    expect([start, end - 1, end].map((time) => pipeline.resultTime(record(time)))).toEqual([start, start, end]);
  });

  it("shows a changed window, not yet final", () => {
    expect(pipeline.marked(state, [0], of)).toEqual([
      {
        entity: "u|1|2024-01-01T12:10:00Z",
        messageKey: "u|1|2024-01-01T12:10:00Z",
        revision: 4,
        time: start,
        row: {
          userId: "u|1",
          windowStart: start,
          windowEnd: end,
          eventCount: 2,
          totalAmount: "0.3",
          minAmount: "0.1",
          maxAmount: "0.2",
          revision: 4,
          final: false,
        },
      },
    ]);
    expect(pipeline.marked(state, [], of)).toEqual([]);
  });

  it("shows the columns that it says it has, in their order", () => {
    const rows = pipeline.marked(state, [0], of).map(({ row }) => Object.keys(row));
    expect(rows).toEqual([pipeline.columns.map(({ name }) => name)]);
  });

  it.each([
    ["its own", start, end, 1],
    ["the one before", start - size, start, 0],
    ["the one after", end, end + size, 0],
    ["all time", 0, Number.MAX_SAFE_INTEGER, 1],
  ])("has one final row in a bucket, which is %s: %d to %d has %d", (_, from, to, rows) => {
    const results = pipeline.between(state, from, to, of);
    expect(results.map(({ row }) => row.final)).toEqual(Array.from({ length: rows }, () => true));
  });

  it("has no row where no event was taken in", () => {
    expect(pipeline.between(pipeline.emptyState, start, end, of)).toEqual([]);
  });

  it.each<PruneContext>([
    { closed: undefined, horizon: undefined },
    { closed: start, horizon: end - 1 },
    { closed: end, horizon: end + size },
  ])("drops nothing and sets nothing aside, with %j", (context) => {
    expect(pipeline.prune(state, context)).toEqual({ state, settled: [] });
    expect(() => pipeline.settledResult([], of)).toThrow("windows sets no result aside");
  });
});
