import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, expect, it } from "vitest";
import { FileLog } from "../../../localstack/embedded/file-log.ts";

const root = mkdtempSync(join(tmpdir(), "tidemark-log-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(root, "log-"));
});

const line = (key: string) =>
  ({ topic: "t", partition: 0, tstype: "create", ts: 1, key, payload: `{"k":"${key}"}` }) as const;

function opened(positions: Readonly<Record<string, number>>): FileLog {
  const log = new FileLog(directory);
  log.open("t", 0, new Map(Object.entries(positions)));
  return log;
}

function ahead(log: FileLog, group: string, max = 100): string[] {
  return log.peek(group, "t", 0, max).map(({ offset, key }) => `${offset} ${key}`);
}

it("gives every group all records, each from its own place on", () => {
  const log = opened({ a: 0, b: 0 });
  log.produce(["x", "y", "z"].map(line));
  log.commit("a", "t", 0, 2);
  expect([ahead(log, "a"), ahead(log, "b")]).toEqual([["2 z"], ["0 x", "1 y", "2 z"]]);
  expect(ahead(log, "b", 1)).toEqual(["0 x"]);
  log.commit("b", "t", 0, 3);
  expect([ahead(log, "a"), ahead(log, "b")]).toEqual([["2 z"], []]);
});

it("goes on after a restart where each group was, with offsets that go on too", () => {
  opened({ a: 0, b: 0 }).produce(["x", "y"].map(line));
  const log = opened({ a: 2, b: 1 });
  log.produce([line("z")]);
  expect([ahead(log, "a"), ahead(log, "b")]).toEqual([["2 z"], ["1 y", "2 z"]]);
});

it("counts offsets on from the furthest group where the file is empty", () => {
  const log = opened({ a: 7, b: 5 });
  log.produce([line("x")]);
  expect([ahead(log, "a"), ahead(log, "b")]).toEqual([["7 x"], ["7 x"]]);
});

it("cuts off a line that a killed process has left half written, and only that", () => {
  opened({ a: 0 }).produce(["x", "y"].map(line));
  const file = join(directory, "t-0.ndjson");
  const whole = readFileSync(file, "utf8");
  appendFileSync(file, '{"topic":"t","partition":0,"offset":2,"ts":1,"key":"z","pay');
  const log = opened({ a: 0 });
  expect(ahead(log, "a")).toEqual(["0 x", "1 y"]);
  expect(readFileSync(file, "utf8")).toBe(whole);
  log.produce([line("z")]);
  expect(ahead(opened({ a: 0 }), "a")).toEqual(["0 x", "1 y", "2 z"]);
});

it("empties a file of 32 MiB when the last group has consumed it, not earlier", () => {
  const log = opened({ a: 0, b: 0 });
  const file = join(directory, "t-0.ndjson");
  log.produce([{ ...line("x"), payload: "x".repeat(33 * 1_024 * 1_024) }]);
  log.commit("a", "t", 0, 1);
  expect(readFileSync(file).length).toBeGreaterThan(33_000_000);
  log.commit("b", "t", 0, 1);
  expect(readFileSync(file).length).toBe(0);
});

it("knows no other groups and partitions than those it was opened for", () => {
  const log = opened({ a: 0 });
  expect(() => log.peek("b", "t", 0, 1)).toThrow("t-0 is not open for b");
  expect(() => log.peek("a", "t", 1, 1)).toThrow("t-1 is not open");
});
