import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { datasetColumns } from "../../../functions/catalog.ts";
import { query } from "../../../localstack/cli/query.ts";
import type { Column, Row } from "../../../shared/core/row.ts";
import { parseEventTime } from "../../../shared/core/time.ts";
import { parquetFormat } from "../../../shared/sinks/parquet/parquet-format.ts";

const purchaseColumns: readonly Column[] = [
  { name: "id", type: "string", nullable: false },
  { name: "time", type: "timestamp", nullable: false },
  { name: "amount", type: "decimal", nullable: true },
  { name: "count", type: "int64", nullable: true },
  { name: "final", type: "boolean", nullable: true },
];

const first: Row = { id: "p1", time: at("2024-01-01T12:10:00Z"), amount: "99.5", count: 2 ** 53 - 1, final: true };
const second: Row = { id: "p2", time: at("2024-01-01T12:10:00.250Z"), amount: null, count: null, final: false };
const later: Row = {
  id: "p3",
  time: at("9999-12-31T23:59:59.999Z"),
  amount: "-0.000001",
  count: 0,
  final: null,
  note: "new",
};

let root: string;
let out: string;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "query-"));
  out = join(root, "out");
  write(out, "purchases/dt=2024-01-01/a.parquet", purchaseColumns, [first, second]);
  write(
    out,
    "purchases/dt=9999-12-31/b.parquet",
    [...purchaseColumns, { name: "note", type: "string", nullable: true }],
    [later],
  );
  mkdirSync(join(out, "s3", "user_windows"));
  writeFileSync(join(root, "secret.csv"), "a,b\n1,2\n");
  write(root, "elsewhere.parquet", purchaseColumns, [first]);
});

afterAll(() => rmSync(root, { recursive: true }));

function at(text: string): number {
  return parseEventTime(text) as number;
}

function write(under: string, name: string, columns: readonly Column[], rows: readonly Row[]): void {
  const path = join(under, "s3", name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, parquetFormat.encode(columns, rows, {}));
}

interface Answer {
  readonly code: number;
  readonly out: readonly string[];
  readonly err: readonly string[];
}

async function ask(sql: string, { json = false, from = out, datasets = datasetColumns } = {}): Promise<Answer> {
  const lines = { out: [] as string[], err: [] as string[] };
  const io = { out: (line: string) => void lines.out.push(line), err: (line: string) => void lines.err.push(line) };
  return { code: await query(sql, { out: from, json }, io, datasets), ...lines };
}

function rowsOf(answer: Answer): readonly string[] {
  expect(answer).toMatchObject({ code: 0, err: [] });
  return answer.out;
}

describe("a dataset", () => {
  it("is a view over all its files, with the columns that they have together and none for their folders", async () => {
    expect(await ask("select * from purchases order by id")).toEqual({
      code: 0,
      out: [
        "p1|2024-01-01T12:10:00Z|99.500000|9007199254740991|true|",
        "p2|2024-01-01T12:10:00.250Z|||false|",
        "p3|9999-12-31T23:59:59.999Z|-0.000001|0||new",
      ],
      err: [],
    });
  });

  it("is an object per row as JSON, with decimals as text and nulls", async () => {
    const { out } = await ask("select * from purchases order by id", { json: true });
    expect(out.map((line) => JSON.parse(line))).toEqual([
      { id: "p1", time: "2024-01-01T12:10:00Z", amount: "99.500000", count: 2 ** 53 - 1, final: true, note: null },
      { id: "p2", time: "2024-01-01T12:10:00.250Z", amount: null, count: null, final: false, note: null },
      { id: "p3", time: "9999-12-31T23:59:59.999Z", amount: "-0.000001", count: 0, final: null, note: "new" },
    ]);
  });

  it.each(Object.entries(datasetColumns))(
    "has all its columns and no rows where it has no files yet: %s",
    async (name, columns) => {
      const empty = join(root, "empty");
      mkdirSync(join(empty, "s3"), { recursive: true });
      const found = rowsOf(await ask(`select column_name from (describe ${name})`, { from: empty }));
      expect(found).toEqual(columns.map((column) => column.name));
      expect(rowsOf(await ask(`select count(*) from ${name}`, { from: empty }))).toEqual(["0"]);
    },
  );

  it("has its columns and no rows where it has no files yet", async () => {
    expect(await ask("select count(*) as n, max(watermark) as w from rejected_events")).toEqual({
      code: 0,
      out: ["0|"],
      err: [],
    });
    expect(
      rowsOf(await ask("select column_type from (describe attributed_page_views) where column_name = 'revision'")),
    ).toEqual(["INTEGER"]);
  });

  it.each(["user_windows", "deduped_events", "DEDUPED_EVENTS"])(
    "is named where it has no files yet and its columns aren't known: %s",
    async (name) => {
      const mend = `run tidemark replay --pipeline NAME --input FILE --out ${out} first`;
      expect(await ask(`select 1 from ${name}`, { datasets: { user_windows: [], deduped_events: [] } })).toEqual({
        code: 1,
        out: [],
        err: [`tidemark: no ${name.toLowerCase()} yet under ${out}; ${mend}`],
      });
    },
  );

  it("is found in a directory whose name is a pattern and a quote", async () => {
    const odd = join(root, "o'dd [a-z]* ?");
    write(odd, "purchases/a.parquet", purchaseColumns, [first]);
    expect(rowsOf(await ask("select id from purchases", { from: odd }))).toEqual(["p1"]);
  });

  it("that is broken doesn't stand in the way of another", async () => {
    const half = join(root, "half");
    write(half, "purchases/a.parquet", purchaseColumns, [first]);
    mkdirSync(join(half, "s3", "user_windows"));
    writeFileSync(join(half, "s3", "user_windows", "a.parquet"), "PAR1 and no more");
    expect(rowsOf(await ask("select id from purchases", { from: half }))).toEqual(["p1"]);
    const broken = await ask("select * from user_windows", { from: half });
    expect(broken).toMatchObject({ code: 1, out: [] });
    expect(broken.err).toEqual([expect.stringMatching(/^tidemark: user_windows can't be read: .*a\.parquet'$/)]);
  });

  it("is listed where it stands, beside those whose columns are known", async () => {
    expect(rowsOf(await ask("show tables"))).toEqual(Object.keys(datasetColumns).sort());
  });

  it("is missing where there are no outputs at all", async () => {
    const answer = await ask("select 1", { from: join(root, "nowhere") });
    expect(answer).toMatchObject({ code: 1, out: [] });
    expect(answer.err).toEqual([
      expect.stringMatching(/^tidemark: there are no outputs in .*nowhere; run tidemark replay/),
    ]);
  });
});

describe("values", () => {
  it.each([
    ["null", "", "null"],
    ["''", "", '""'],
    ["true", "true", "true"],
    ["1.5::double", "1.5", "1.5"],
    ["'nan'::double", "NaN", '"NaN"'],
    ["9007199254740991", "9007199254740991", "9007199254740991"],
    ["9007199254740992", "9007199254740992", '"9007199254740992"'],
    ["-12345678901234567890123::hugeint", "-12345678901234567890123", '"-12345678901234567890123"'],
    [
      "99999999999999999999999999999999.999999",
      "99999999999999999999999999999999.999999",
      '"99999999999999999999999999999999.999999"',
    ],
    ["timestamptz '2024-01-01 14:10:00+02'", "2024-01-01T12:10:00Z", '"2024-01-01T12:10:00Z"'],
    ["timestamptz '1969-12-31 23:59:59.999+00'", "1969-12-31T23:59:59.999Z", '"1969-12-31T23:59:59.999Z"'],
    ["timestamptz '2024-01-01 00:00:00.5+00'", "2024-01-01T00:00:00.500Z", '"2024-01-01T00:00:00.500Z"'],
    ["timestamptz '2024-01-01 00:00:00.000001+00'", "2024-01-01T00:00:00.000001Z", '"2024-01-01T00:00:00.000001Z"'],
    ["'infinity'::timestamptz", "infinity", '"infinity"'],
    ["timestamp '2024-01-01 00:00:00'", "2024-01-01T00:00:00", '"2024-01-01T00:00:00"'],
    ["date '2024-02-29'", "2024-02-29", '"2024-02-29"'],
    [
      "[{'t': timestamptz '2024-01-01 00:00:00+00'}, null]",
      '[{"t":"2024-01-01T00:00:00Z"},null]',
      '[{"t":"2024-01-01T00:00:00Z"},null]',
    ],
    ["map {[1]: 2.50}", '{"[1]":"2.50"}', '{"[1]":"2.50"}'],
    ["map {1: 2.50}", '{"1":"2.50"}', '{"1":"2.50"}'],
    ["'a|\"b\\'", 'a|"b\\', '"a|\\"b\\\\"'],
    ["'a' || chr(10) || chr(27) || chr(155)", "a\\n\\u001b\\u009b", '"a\\n\\u001b\\u009b"'],
  ])("%s is %s", async (sql, text, json) => {
    expect(rowsOf(await ask(`select ${sql} as v`))).toEqual([text]);
    expect((await ask(`select ${sql} as v`, { json: true })).out).toEqual([`{"v":${json}}`]);
  });

  it("columns of one name are told apart in JSON, and stay in their order", async () => {
    expect((await ask('select 1 as b, 2 as a, 3 as a, 4 as "0"', { json: true })).out).toEqual([
      '{"b":1,"a":2,"a:1":3,"0":4}',
    ]);
    expect((await ask("select 1 as b, 2 as a, 3 as a")).out).toEqual(["1|2|3"]);
  });

  it("a result of many chunks comes whole and in order", async () => {
    const found = rowsOf(await ask("select i from range(10000) t(i) order by i"));
    expect(found).toEqual(Array.from({ length: 10_000 }, (_, i) => String(i)));
  });
});

describe("SQL that isn't understood is bad usage, in one line", () => {
  it.each([
    ["selec 1", 'syntax error at or near "selec"'],
    ["", "one SELECT can be asked, not 0 statements"],
    ["-- nothing", "one SELECT can be asked, not 0 statements"],
    ["select 1; select 2", "one SELECT can be asked, not 2 statements"],
    [
      "select * from clicks",
      "there is no clicks; the datasets are attributed_page_views, attributed_events, deduped_events, user_windows, events_enriched, purchases, rejected_events",
    ],
    [
      "select ids from purchases",
      'Binder Error: Referenced column "ids" not found in FROM clause! Candidate bindings: "id", "time", "final"',
    ],
    [
      "select id::int from purchases where id = 'p1'",
      "Conversion Error: Could not convert string 'p1' to INT32 when casting from source column id",
    ],
    ["select ?", "Invalid Input Error: Values were not provided for the following prepared statement parameters: 1"],
  ])("%s", async (sql, message) => {
    expect(await ask(sql)).toEqual({ code: 2, out: [], err: [`tidemark: ${message}`] });
  });

  it("without what a terminal would act on", async () => {
    const { err } = await ask("select error('a' || chr(27) || '[31m')");
    expect(err).toEqual(["tidemark: Invalid Input Error: a\\u001b[31m"]);
  });

  it("however long the message is", async () => {
    const { code, err } = await ask(`select * from purchases where ${"x".repeat(5_000)} = 1`);
    expect(code).toBe(2);
    expect(err[0]?.length).toBeLessThan(400);
  });

  it.each(["select 1;", " /* a */ select 1 -- b\n", "from range(1)", "values (1)", "with a as (select 1) table a"])(
    "%s is fine",
    async (sql) => {
      expect(await ask(sql)).toMatchObject({ code: 0 });
    },
  );
});

describe("SQL that would reach beyond the outputs, or change anything, is refused and leaves nothing behind", () => {
  it.each([
    "copy (select 1) to 'OUT/s3/evil.csv'",
    "copy purchases to 'ROOT/evil.csv'",
    "explain analyze copy (select 1) to 'OUT/s3/evil.csv'",
    "select 1; copy (select 1) to 'OUT/s3/evil.csv'",
    "copy (select 1) to 'OUT/s3/evil.csv'; select 1",
    "attach 'OUT/s3/evil.db' as evil",
    "export database 'OUT/s3/evil'",
    "import database 'OUT/s3'",
    "install httpfs",
    "load httpfs",
    "set memory_limit = '100GB'",
    "reset memory_limit",
    "set enable_external_access = true",
    "pragma enable_profiling",
    "create table evil as select 1",
    "create secret (type s3)",
    "drop view purchases",
    "insert into purchases select * from purchases",
    "begin",
    "prepare p as select 1",
    "call enable_logging()",
    "select * from enable_logging('QueryLog', storage = 'file', storage_path = 'OUT/s3/evil')",
    "select * from system.main.enable_logging()",
    "describe select * from enable_profiling(save_location = 'OUT/s3/evil.json')",
    "with a as (from enable_profiling(save_location = 'OUT/s3/evil.json')) select 1",
    "select * from read_csv('/etc/passwd')",
    "select (select count(*) from read_text('/etc/passwd'))",
    "select 1 where exists (from read_blob('/proc/self/environ'))",
    "select * from glob('/etc/*')",
    "select * from query('select 1')",
    "select * from query_table('ROOT/elsewhere.parquet')",
    "select * from sniff_csv('ROOT/secret.csv')",
    "select * from read_duckdb('OUT/s3/evil.db')",
    "select * from json_execute_serialized_sql(json_serialize_sql('select 1'))",
  ])("%s", async (sql) => {
    const before = filesUnder(root);
    const answer = await ask(inPlace(sql));
    expect(answer).toMatchObject({ code: 2, out: [] });
    expect(answer.err).toEqual([
      expect.stringMatching(/^tidemark: (only a SELECT can|.*\(\.\.\.\) can't|one SELECT can) be asked/),
    ]);
    expect(filesUnder(root)).toEqual(before);
  });

  it.each([
    "from 'ROOT/secret.csv'",
    "from '/etc/passwd.csv'",
    "from 'ROOT/s3/elsewhere.parquet'",
    "from 'OUT/s3/../../s3/elsewhere.parquet'",
    "from 'OUT/s3/../../s3/*.parquet'",
    "from 'file://ROOT/s3/elsewhere.parquet'",
    "from 'http://127.0.0.1:1/a.parquet'",
    "from 's3://bucket/a.parquet'",
  ])("%s", async (sql) => {
    const refusal = expect.stringMatching(/^tidemark: Permission Error: Cannot access file /);
    expect(await ask(inPlace(sql))).toEqual({ code: 2, out: [], err: [refusal] });
  });

  it("DuckDB itself stays within its bounds: a gigabyte of memory, no disk, no extension, nothing to be changed", async () => {
    const names = [
      "memory_limit",
      "temp_directory",
      "enable_external_access",
      "autoload_known_extensions",
      "lock_configuration",
    ];
    const settings = names.map((name) => `current_setting('${name}')`).join(", ");
    expect(rowsOf(await ask(`select ${settings}`))).toEqual(["953.6 MiB||false|false|true"]);
  });
});

function inPlace(sql: string): string {
  return sql.replaceAll("OUT", out).replaceAll("ROOT", root);
}

function filesUnder(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true }).map(String).sort();
}
