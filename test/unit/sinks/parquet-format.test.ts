import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import {
  type DuckDBConnection,
  DuckDBDecimalValue,
  DuckDBInstance,
  DuckDBTimestampTZValue,
  type DuckDBValue,
} from "@duckdb/node-api";
import fc from "fast-check";
import { parquetMetadata, parquetReadObjects } from "hyparquet";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Column, ColumnType, Row } from "../../../shared/core/row.ts";
import { lastEventTime } from "../../../shared/core/time.ts";
import { parquetFormat } from "../../../shared/sinks/parquet/parquet-format.ts";

type Cell = Row[string];

const types: readonly ColumnType[] = ["string", "timestamp", "int32", "int64", "boolean", "decimal"];
const columns: readonly Column[] = types.flatMap((type) => [
  { name: type, type, nullable: false },
  { name: `${type}_or_null`, type, nullable: true },
]);

/** What each type must keep. Decimals are written with the six digits that they come back with. */
const kept: Readonly<Record<ColumnType, readonly Cell[]>> = {
  string: ["", "a", "\0", "a|b\n\r\t\"'\\", "é", "\ue000", "\uffff", "😀", "\u{10ffff}", "z".repeat(70_000)],
  timestamp: [0, 1, -1, 1_704_110_700_000, lastEventTime, -62_135_596_800_000],
  int32: [0, -1, 1, 2 ** 31 - 1, -(2 ** 31)],
  int64: [0, -1, 1, 2 ** 53 - 1, -(2 ** 53 - 1)],
  double: [0, 0.1, -1.5, 24, 1e300, 5e-324],
  boolean: [true, false],
  decimal: [
    "0.000000",
    "0.000001",
    "-0.000001",
    "100.000000",
    "-1.500000",
    "0.100000",
    "99999999999999999999999999999999.999999",
    "-99999999999999999999999999999999.999999",
  ],
};

/** Row `at` takes each column's value `at`, round and round. */
function rowOf(at: number): Row {
  return Object.fromEntries(
    types.flatMap((type): [string, Cell][] => {
      const value = kept[type][at % kept[type].length] as Cell;
      return [
        [type, value],
        [`${type}_or_null`, at % 3 === 0 ? null : value],
      ];
    }),
  );
}

const rows = Array.from({ length: 60 }, (_, at) => rowOf(at));

let directory: string;
let duckdb: DuckDBConnection;
let files = 0;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "parquet-format-"));
  duckdb = await (await DuckDBInstance.create(":memory:")).connect();
});

afterAll(() => {
  duckdb.closeSync();
  rmSync(directory, { recursive: true });
});

function encode(of: readonly Column[], these: Iterable<Row>, metadata: Record<string, string> = {}): Uint8Array {
  return parquetFormat.encode(of, these, { metadata });
}

/** What DuckDB answers about a file, which `FILE` stands for. Each gets its own name: DuckDB remembers what it has read under a name. */
async function ask(file: Uint8Array, sql: string, values: DuckDBValue[] = []): Promise<Cell[][]> {
  const path = join(directory, `${files++}.parquet`);
  writeFileSync(path, file);
  const answer = await duckdb.runAndReadAll(sql.replace("FILE", `'${path}'`), values);
  return answer.getRows().map((row) => row.map(cellOf));
}

function cellOf(value: DuckDBValue): Cell {
  if (value instanceof DuckDBTimestampTZValue) return Number(value.micros / 1_000n);
  if (value instanceof DuckDBDecimalValue) return String(value);
  return typeof value === "bigint" ? Number(value) : (value as Cell);
}

async function readByDuckDb(file: Uint8Array): Promise<Row[]> {
  const found = await ask(file, "SELECT * FROM FILE");
  return found.map((row) => Object.fromEntries(row.map((cell, at) => [columns[at]?.name, cell])));
}

async function readByHyparquet(file: Uint8Array): Promise<Row[]> {
  const read = await parquetReadObjects({
    file: bufferOf(file),
    compressors: { ZSTD: (input) => zstdDecompressSync(input) },
  });
  return read.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [
        name,
        value instanceof Date ? value.getTime() : typeof value === "bigint" ? Number(value) : value,
      ]),
    ),
  );
}

function instant(value: Cell): DuckDBValue {
  return new DuckDBTimestampTZValue(BigInt(value as number) * 1_000n);
}

function bufferOf(file: Uint8Array): ArrayBuffer {
  return new Uint8Array(file).buffer;
}

describe("what is written is read", () => {
  it("by DuckDB, every value of every type, with nulls where there are none", async () => {
    expect(await readByDuckDb(encode(columns, rows))).toEqual(rows);
  });

  it("by hyparquet, which makes doubles of decimals", async () => {
    const asDoubles = rows.map((row) => ({
      ...row,
      decimal: asDouble(row.decimal),
      decimal_or_null: asDouble(row.decimal_or_null),
    }));
    const read = await readByHyparquet(encode(columns, rows));
    expect(
      read.map((row) => ({ ...row, decimal: rounded(row.decimal), decimal_or_null: rounded(row.decimal_or_null) })),
    ).toEqual(asDoubles);
  });

  it("whatever the rows are", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(arbitraryRow(), { maxLength: 40 }), async (these) => {
        expect(await readByDuckDb(encode(columns, these))).toEqual(these);
      }),
      { seed: 20_240_101, numRuns: 60 },
    );
  });

  it("where a column is null throughout, and where one value stands in every row", async () => {
    const these = Array.from({ length: 1_000 }, () => ({
      ...rowOf(4),
      string_or_null: null,
      boolean_or_null: null,
      decimal_or_null: null,
    }));
    expect(await readByDuckDb(encode(columns, these))).toEqual(these);
  });

  it("a missing property is a null", async () => {
    const file = encode([{ name: "url", type: "string", nullable: true }], [{}, { url: "/" }]);
    expect(await ask(file, "SELECT * FROM FILE")).toEqual([[null], ["/"]]);
  });

  it.each(["7", "-7.5", "00.25", "-0.00", "12345678901234567890123456789012"])(
    "the decimal %s, exactly",
    async (text) => {
      const file = encode([{ name: "amount", type: "decimal", nullable: false }], [{ amount: text }]);
      expect(await ask(file, `SELECT amount = ${text}::DECIMAL(38, 6) FROM FILE`)).toEqual([[true]]);
    },
  );

  it.each([
    ["\ud83d", "\ufffd"],
    ["a\ude00b", "a\ufffdb"],
    ["\ude00\ud83d", "\ufffd\ufffd"],
  ])("half of a surrogate pair as U+FFFD (%#)", async (text, read) => {
    const file = encode([{ name: "text", type: "string", nullable: false }], [{ text }]);
    expect(await ask(file, "SELECT text FROM FILE")).toEqual([[read]]);
  });
});

describe("the file says what it holds", () => {
  it("its columns, as DuckDB sees them", async () => {
    expect(await ask(encode(columns, rows), "SELECT column_name, column_type FROM (DESCRIBE FROM FILE)")).toEqual(
      (
        [
          ["string", "VARCHAR"],
          ["timestamp", "TIMESTAMP WITH TIME ZONE"],
          ["int32", "INTEGER"],
          ["int64", "BIGINT"],
          ["boolean", "BOOLEAN"],
          ["decimal", "DECIMAL(38,6)"],
        ] as const
      ).flatMap(([name, type]) => [
        [name, type],
        [`${name}_or_null`, type],
      ]),
    );
  });

  it("logical types, required and optional columns", () => {
    const [, ...leaves] = parquetMetadata(bufferOf(encode(columns, rows))).schema;
    expect(leaves.map(({ name, repetition_type }) => [name, repetition_type])).toEqual(
      columns.map(({ name, nullable }) => [name, nullable ? "OPTIONAL" : "REQUIRED"]),
    );
    const logical = new Map(leaves.map(({ name, type, logical_type }) => [name, [type, logical_type]]));
    expect(logical.get("string")).toEqual(["BYTE_ARRAY", { type: "STRING" }]);
    expect(logical.get("timestamp")).toEqual(["INT64", { type: "TIMESTAMP", isAdjustedToUTC: true, unit: "MILLIS" }]);
    expect(logical.get("decimal")).toEqual(["FIXED_LEN_BYTE_ARRAY", { type: "DECIMAL", precision: 38, scale: 6 }]);
  });

  it("no rows make a file that has its columns", async () => {
    const file = encode(columns, []);
    expect(await ask(file, "SELECT count(*) FROM FILE")).toEqual([[0]]);
    expect(await ask(file, "SELECT count(*) FROM (DESCRIBE FROM FILE)")).toEqual([[columns.length]]);
  });

  it("row groups of 25,000 rows, zstd, and statistics", () => {
    const { row_groups } = parquetMetadata(bufferOf(encode(columns, repeated(25_001))));
    expect(row_groups.map(({ num_rows }) => num_rows)).toEqual([25_000n, 1n]);
    const { meta_data } = row_groups[0]?.columns[columns.findIndex(({ name }) => name === "int32_or_null")] ?? {};
    expect(meta_data?.codec).toBe("ZSTD");
    expect(meta_data?.statistics).toMatchObject({ min_value: -(2 ** 31), max_value: 2 ** 31 - 1, null_count: 8_334n });
  });

  it.each(types)(
    "statistics that hide no row: a query for any %s finds it, also where it is long or negative",
    async (type) => {
      for (const value of kept[type]) {
        const file = encode([{ name: "v", type, nullable: false }], [{ v: value }]);
        const literal = type === "decimal" ? "$1::DECIMAL(38, 6)" : "$1";
        const found = await ask(file, `SELECT count(*) FROM FILE WHERE v = ${literal}`, [
          type === "timestamp" ? instant(value) : value,
        ]);
        expect({ value, found }).toEqual({ value, found: [[1]] });
      }
    },
  );
});

describe("the same rows, the same bytes", () => {
  it("from an array, from a generator, and the second time", () => {
    const file = encode(columns, rows, { a: "1" });
    expect(encode(columns, rows, { a: "1" })).toEqual(file);
    expect(encode(columns, rows.values(), { a: "1" })).toEqual(file);
  });
});

describe("metadata", () => {
  const metadata = { end: "3:17", empty: "", "": "no key", "clé 😀": '\u0000\n"', long: "x".repeat(100_000) };

  it("comes back, from a file with rows and one without", () => {
    expect(parquetFormat.metadataOf(encode(columns, rows, metadata))).toEqual(metadata);
    expect(parquetFormat.metadataOf(encode(columns, [], metadata))).toEqual(metadata);
    expect(parquetFormat.metadataOf(encode(columns, rows))).toEqual({});
  });

  it("comes back from a file that lies in a larger buffer", () => {
    const file = encode(columns, rows, metadata);
    const larger = Buffer.concat([Buffer.alloc(5, 1), file, Buffer.alloc(7, 1)]);
    expect(parquetFormat.metadataOf(larger.subarray(5, 5 + file.length))).toEqual(metadata);
  });

  it("is what DuckDB finds in the file", async () => {
    const file = encode(columns, rows, { end: "3:17" });
    expect(await ask(file, "SELECT decode(key), decode(value) FROM parquet_kv_metadata(FILE)")).toEqual([
      ["end", "3:17"],
    ]);
  });

  it.each([0, 7, 8, 100])("of something that is no Parquet file is an error (%i bytes)", (length) => {
    expect(() => parquetFormat.metadataOf(new Uint8Array(length))).toThrow();
  });
});

describe("a value that doesn't fit its column throws, naming both", () => {
  it.each<[ColumnType, unknown, string]>([
    ["string", 1, "1"],
    ["string", null, "null"],
    ["string", undefined, "null"],
    ["timestamp", 0.5, "0.5"],
    ["timestamp", Number.NaN, "NaN"],
    ["timestamp", "2024-01-01T00:00:00Z", '"2024-01-01T00:00:00Z"'],
    ["int32", 2 ** 31, "2147483648"],
    ["int32", -(2 ** 31) - 1, "-2147483649"],
    ["int32", 1.5, "1.5"],
    ["int32", "1", '"1"'],
    ["int64", 2 ** 53, "9007199254740992"],
    ["int64", -(2 ** 53), "-9007199254740992"],
    ["int64", 1n, "1"],
    ["boolean", 0, "0"],
    ["boolean", "true", '"true"'],
    ["decimal", 1.5, "1.5"],
    ["decimal", "", '""'],
    ["decimal", "1e3", '"1e3"'],
    ["decimal", "+1", '"+1"'],
    ["decimal", "1.", '"1."'],
    ["decimal", " 1", '" 1"'],
    ["decimal", "0.0000001", '"0.0000001"'],
    ["decimal", "100000000000000000000000000000000", '"100000000000000000000000000000000"'],
    ["decimal", null, "null"],
  ])("%s: %o", (type, value, shown) => {
    const row = { amount: value } as Row;
    const attempt = () => encode([{ name: "amount", type, nullable: false }], [row]);
    expect(attempt).toThrow(new TypeError(`column amount (${type}) can't hold ${shown}`));
  });

  it("shows the beginning of a long one", () => {
    const attempt = () => encode([{ name: "b", type: "boolean", nullable: true }], [{ b: "x".repeat(1_000) }]);
    expect(attempt).toThrow(new TypeError(`column b (boolean) can't hold "${"x".repeat(80)}"`));
  });
});

function asDouble(decimal: Cell | undefined): Cell {
  return decimal === null ? null : rounded(Number(decimal));
}

/** To the digits that two ways of computing one double agree in. */
function rounded(value: Cell | undefined): Cell {
  return typeof value === "number" ? Number(value.toPrecision(14)) : null;
}

function* repeated(count: number): Generator<Row> {
  for (let at = 0; at < count; at++) yield { ...rowOf(at), string: "", string_or_null: null };
}

function arbitraryRow(): fc.Arbitrary<Row> {
  const cells: Readonly<Record<ColumnType, fc.Arbitrary<Cell>>> = {
    string: fc.string({ unit: "binary", maxLength: 40 }),
    timestamp: fc.integer({ min: -1_000, max: lastEventTime }),
    int32: fc.integer(),
    int64: fc.maxSafeInteger(),
    double: fc.double({ noDefaultInfinity: true, noNaN: true }),
    boolean: fc.boolean(),
    decimal: fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n }).map(inMillionths),
  };
  return fc.record(
    Object.fromEntries(
      columns.map(({ name, type, nullable }) => [name, nullable ? fc.option(cells[type]) : cells[type]]),
    ),
  ) as fc.Arbitrary<Row>;
}

function inMillionths(units: bigint): string {
  const digits = String(units < 0n ? -units : units).padStart(7, "0");
  return `${units < 0n ? "-" : ""}${digits.slice(0, -6)}.${digits.slice(-6)}`;
}
