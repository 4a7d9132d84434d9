import { describe, expect, it } from "vitest";
import type { Column, ColumnType } from "../../../shared/core/row.ts";
import { sortByFit } from "../../../shared/sinks/clickhouse/misfits.ts";
import { enriched, enrichedColumns } from "../../support/clickhouse-outputs.ts";

type Value = string | number | boolean;

/** What is wrong with a value of a column, `undefined` where it fits. */
function wrongWith(type: ColumnType, value: Value | null, nullable = false): string | undefined {
  const columns: readonly Column[] = [{ name: "it", type, nullable }];
  const { fitting, misfits } = sortByFit([{ ...enriched(), body: { it: value } }], columns);
  expect(fitting.length + misfits.length).toBe(1);
  return misfits[0]?.reason;
}

const fits: Readonly<Record<ColumnType, readonly Value[]>> = {
  string: ["", "a", "5", "\u0000", "🦀", "\ud83e\udd80"],
  timestamp: [
    "1970-01-01T00:00:00Z",
    "2024-01-01T12:10:00.001Z",
    "2299-12-31T23:59:59.999Z",
    "2300-01-01T00:30:00+01:00",
  ],
  int32: [0, -0, 1, -2_147_483_648, 2_147_483_647],
  int64: [0, -1, 2 ** 53 - 1, -(2 ** 53 - 1), "0", "9223372036854775807", "-9223372036854775808", "9007199254740993"],
  double: [0, 0.02, -1e308, 5e-324, 2 ** 60],
  boolean: [true, false],
  decimal: ["0", "-1.50", "99999999999999999999.000001"],
};

const fitsNot: Readonly<Record<ColumnType, readonly [string, readonly Value[]]>> = {
  string: ["is no text", [5, true, Number.NaN]],
  timestamp: ["is no time", ["", "yesterday", "2024-02-30T00:00:00Z", "1969-12-31T23:59:59Z", 1_704_110_700_000, true]],
  int32: ["is no integer of 32 bits", [2_147_483_648, -2_147_483_649, 2 ** 33, 0.5, Number.NaN, "1", true]],
  int64: [
    "is no integer of 64 bits",
    [
      ...[2 ** 53, -(2 ** 53), 0.5, Number.POSITIVE_INFINITY, Number.NaN, true],
      ...["", " 1", "1.0", "1e3", "0x10", "-", "+1", "9223372036854775808", "-9223372036854775809", "9".repeat(30)],
    ],
  ],
  double: ["is no finite number", [Number.NaN, Number.POSITIVE_INFINITY, "0.02", true]],
  boolean: ["is neither true nor false", [0, 1, "true"]],
  decimal: ["is no decimal", ["", "1.", ".5", "1e3", 1.5, true]],
};

const types = Object.keys(fits) as ColumnType[];
const rowsOf = (values: (type: ColumnType) => readonly Value[]) => {
  return types.flatMap((type) => values(type).map((value) => [type, value] as const));
};

describe("sortByFit", () => {
  it.each(rowsOf((type) => fits[type]))("lets a column of %s have %j", (type, value) => {
    expect(wrongWith(type, value)).toBeUndefined();
  });

  it.each(rowsOf((type) => fitsNot[type][1]))("keeps from a column of %s what it can't hold: %j", (type, value) => {
    expect(wrongWith(type, value)).toBe(`it ${fitsNot[type][0]}`);
  });

  it.each([["2300-01-01T00:00:00Z"], ["9999-12-31T23:59:59.999Z"], ["2299-12-31T23:30:00-01:00"]])(
    "keeps out a time that most servers would change without a word: %s",
    (time) => {
      expect(wrongWith("timestamp", time)).toBe("it is after 2299, which DateTime64 doesn't hold");
    },
  );

  it.each(["\ud800", "a\udc00b", "\udc00\ud800"])("keeps out half of a surrogate pair: %j", (text) => {
    expect(wrongWith("string", text)).toBe("it holds half of a surrogate pair");
  });

  it.each(types)("lets null into a column of %s that is nullable, and not into another", (type) => {
    expect(wrongWith(type, null, true)).toBeUndefined();
    expect(wrongWith(type, null)).toBe("it is missing");
  });

  it("takes a missing field for a null", () => {
    const { device: _, ...withoutDevice } = enriched().body;
    const { event_id: __, ...withoutId } = enriched().body;
    const outputs = [withoutDevice, withoutId].map((body) => ({ ...enriched(), body }));
    const found = sortByFit(outputs, enrichedColumns);
    expect(found).toEqual({ fitting: [outputs[0]], misfits: [{ id: enriched().id, reason: "event_id is missing" }] });
  });

  it("keeps out a body with a field that has no column: its value would be lost", () => {
    const { fitting, misfits } = sortByFit([enriched({ color: "red" })], enrichedColumns);
    expect(fitting).toEqual([]);
    expect(misfits).toEqual([{ id: "engagement:16:1", reason: "color is no column of the table" }]);
  });

  it("keeps the order, and says one thing per output", () => {
    const wrong = { event_ts: "2300-01-01T00:00:00Z", duration_ms: 0.5 };
    const outputs = [enriched({ event_id: 3 }), enriched({ event_id: 1, ...wrong }), enriched({ event_id: 2 })];
    const { fitting, misfits } = sortByFit(outputs, enrichedColumns);
    expect(fitting).toEqual([outputs[0], outputs[2]]);
    expect(misfits).toEqual([
      { id: "engagement:1:1", reason: "event_ts is after 2299, which DateTime64 doesn't hold" },
    ]);
  });
});
