import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { readLines } from "../../../localstack/record-file/line-reader.ts";

const folder = mkdtempSync(join(tmpdir(), "line-reader-"));
afterAll(() => rmSync(folder, { recursive: true }));

function fileOf(content: string | Buffer): string {
  const path = join(folder, "lines.ndjson");
  writeFileSync(path, content);
  return path;
}

type From = Parameters<typeof readLines>[1];

/** `1:a>2`: line 1 is `a`, and the next begins at byte 2. */
function linesOf(content: string | Buffer, from?: From): string[] {
  return Array.from(
    readLines(fileOf(content), from),
    ({ number, bytes, end }) => `${number}:${bytes.toString()}>${end}`,
  );
}

/** Lengths instead of lines, where these are long. */
function lengthsOf(content: string | Buffer, from?: From): [number: number, length: number, end: number][] {
  return Array.from(readLines(fileOf(content), from), ({ number, bytes, end }) => [number, bytes.length, end]);
}

const chunk = 1 << 20;

describe("the lines of a file", () => {
  it.each<[name: string, content: string, lines: string[]]>([
    ["none in an empty file", "", []],
    ["one that is empty", "\n", ["1:>1"]],
    ["one without a break at its end", "a", ["1:a>1"]],
    ["one with a break at its end", "a\n", ["1:a>2"]],
    ["several", "a\nbc\nd\n", ["1:a>2", "2:bc>5", "3:d>7"]],
    ["several, the last without a break", "a\nbc\nd", ["1:a>2", "2:bc>5", "3:d>6"]],
    ["empty ones between, which count", "a\n\n\nb\n", ["1:a>2", "2:>3", "3:>4", "4:b>6"]],
    ["letters of several bytes, counted as bytes", "é\n用\n", ["1:é>3", "2:用>7"]],
    ["a carriage return, which stays for who reads the line", "a\r\nb\r\n", ["1:a\r>3", "2:b\r>6"]],
    ["a line separator, which breaks no line", "a\u2028b\n", ["1:a\u2028b>6"]],
  ])("are %s", (_, content, lines) => {
    expect(linesOf(content)).toEqual(lines);
  });

  it.each([
    ["just before a chunk's end", chunk - 2],
    ["exactly at a chunk's end", chunk - 1],
    ["just behind a chunk's end", chunk],
    ["one further", chunk + 1],
  ])("go on behind a line that breaks %s", (_, length) => {
    const content = `${"x".repeat(length)}\nb\n`;
    expect(lengthsOf(content)).toEqual([
      [1, length, length + 1],
      [2, 1, length + 3],
    ]);
  });

  it.each([chunk - 1, chunk, chunk + 1, 2 * chunk, 10_000_000])(
    "may be %i bytes long, without a break too",
    (length) => {
      expect(lengthsOf("x".repeat(length))).toEqual([[1, length, length]]);
      expect(lengthsOf(`${"x".repeat(length)}\n`)).toEqual([[1, length, length + 1]]);
    },
  );

  it("may cross a chunk's end with a letter cut in two", () => {
    const content = `${"x".repeat(chunk - 1)}é\nb`;
    expect(linesOf(content).at(0)).toMatch(/xxé>1048578$/);
    expect(lengthsOf(content)).toEqual([
      [1, chunk + 1, chunk + 2],
      [2, 1, chunk + 3],
    ]);
  });

  it("are the same read from any of their ends", () => {
    const line = fc.oneof(fc.string({ maxLength: 5 }), fc.constant("x".repeat(chunk - 3)));
    const lines = fc.array(
      line.map((text) => text.replaceAll("\n", "")),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(lines, fc.boolean(), (texts, hasLastBreak) => {
        const content = texts.join("\n") + (hasLastBreak ? "\n" : "");
        const all = lengthsOf(content);
        for (const [at, [number, , end]] of all.entries()) {
          expect(lengthsOf(content, { offset: end, lines: number })).toEqual(all.slice(at + 1));
        }
      }),
      { seed: 1, numRuns: 20 },
    );
  });

  it("are none from the end of the file on, and none from beyond it", () => {
    expect(linesOf("a\nb\n", { offset: 4, lines: 2 })).toEqual([]);
    expect(linesOf("a\nb\n", { offset: 400, lines: 2 })).toEqual([]);
  });

  it("go on where a file has grown", () => {
    expect(linesOf("a\nb\nc\n", { offset: 4, lines: 2 })).toEqual(["3:c>6"]);
  });

  it("can be left before the last, and read again", () => {
    const path = fileOf("a\nb\n");
    for (let i = 0; i < 2_000; i++) for (const { number } of readLines(path)) if (number === 1) break;
    expect([...readLines(path)].length).toBe(2);
  });

  it("are not to be had from a file that isn't there", () => {
    expect(() => [...readLines(join(folder, "missing"))]).toThrow("ENOENT");
  });
});
