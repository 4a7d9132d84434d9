import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, it } from "vitest";
import { query } from "../../localstack/cli/query.ts";

const numRuns = Number(process.env.FUZZ_RUNS ?? 100);
const root = mkdtempSync(join(tmpdir(), "tidemark-fuzz-query-"));
const out = join(root, "out");
mkdirSync(join(out, "s3"), { recursive: true });
const secret = "top-secret-4711";
writeFileSync(join(root, "secret.csv"), `a,b\n1,${secret}\n`);
afterAll(() => rmSync(root, { recursive: true, force: true }));

const file = join(root, "secret.csv");
const token = fc.oneof(
  fc.constantFrom(
    "select",
    "from",
    "where",
    "union all",
    "*",
    "1",
    "'a'",
    "(",
    ")",
    ",",
    ";",
    "--",
    "/*",
    "*/",
    "\n",
    "null",
  ),
  fc.constantFrom(
    "copy",
    "to",
    "attach",
    "install",
    "load",
    "pragma",
    "set",
    "create table x as",
    "insert into",
    "drop view",
  ),
  fc.constantFrom(
    `read_csv('${file}')`,
    `'${file}'`,
    `read_text('${file}')`,
    `glob('${root}/*')`,
    `"${file}"`,
    "getenv('HOME')",
  ),
  fc.constantFrom("purchases", "attributed_page_views", "rejected_events", "duckdb_settings()", "current_setting('x')"),
  fc.constantFrom(
    "enable_external_access=true",
    "reset",
    "explain analyze",
    "with t as",
    "recursive",
    "values",
    "export database",
  ),
  fc.string({ maxLength: 8 }),
);

it("a query answers or says in one line why not; it reads nothing but results and writes nothing, whatever it says", async () => {
  const before = readdirSync(root, { recursive: true }).sort();
  const codes = new Set<number>();
  await fc.assert(
    fc.asyncProperty(fc.array(token, { minLength: 1, maxLength: 9 }), async (tokens) => {
      const said: string[] = [];
      const lines: string[] = [];
      const io = { out: (line: string) => void lines.push(line), err: (line: string) => void said.push(line) };
      const code = await query(tokens.join(" "), { out, json: true }, io);
      codes.add(code);
      expect([0, 2]).toContain(code);
      expect(lines.join("\n")).not.toContain(secret);
      if (code === 2) expect(said.join("\n")).toMatch(/^tidemark: [^\n]{3,400}$/);
    }),
    {
      numRuns,
      examples: [
        [["select * from", `read_csv('${file}')`]],
        [["select * from", `'${file}'`]],
        [["select 1; set", "enable_external_access=true"]],
        [["copy (select 1) to", `'${root}/x.csv'`]],
        [["select count(*) from", "purchases"]],
      ],
    },
  );
  expect([...codes].sort()).toEqual([0, 2]);
  expect(readdirSync(root, { recursive: true }).sort()).toEqual(before);
}, 120_000);
