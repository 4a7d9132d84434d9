import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rowsOfDataset, summary } from "../support/replay-outputs.ts";
import { runCli } from "../support/run-cli.ts";

const directory = mkdtempSync(join(tmpdir(), "tidemark-hostile-"));
const out = join(directory, "out");
const time = "2024-01-01T12:00:00Z";
const view = (fields: object) => JSON.stringify({ event_id: "v", user_id: "u", event_time: time, url: "/", ...fields });
const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;

/** What comes in, in one partition, and what becomes of it. */
const records: readonly (readonly [name: string, payload: Buffer | string, fate: string])[] = [
  ["10 MB of JSON", view({ url: "x".repeat(10_000_000) }), "oversized"],
  ["10 MB that is no JSON, and is not even looked at", "x".repeat(10_000_000), "oversized"],
  ["100,000 arrays in each other", nested(100_000), "malformed"],
  ["100,000 arrays in a field that nobody reads", view({ more: 0 }).replace(":0", `:${nested(100_000)}`), "malformed"],
  ["100,000 arrays as a url", view({ url: 0 }).replace(":0", `:${nested(100_000)}`), "malformed"],
  [
    "bytes that are no UTF-8",
    Buffer.concat([Buffer.from('{"event_id":"'), Buffer.of(0xff, 0xfe), Buffer.from('"}')]),
    "malformed",
  ],
  ["a user id of 1 MB", view({ user_id: "u".repeat(1_000_000) }), "oversized"],
  ["a user id of 1 KB and a byte", view({ user_id: "u".repeat(1_025) }), "oversized"],
  ["an empty id", view({ event_id: "" }), "malformed"],
  [
    "half a surrogate pair as an id",
    '{"event_id":"\\ud800","user_id":"u","event_time":"2024-01-01T12:00:00Z"}',
    "malformed",
  ],
  ["the year 99999", view({ event_time: "99999-01-01T12:00:00Z" }), "malformed"],
  ["a date that isn't", view({ event_time: "2024-02-30T12:00:00Z" }), "malformed"],
  ["a number that is no event time", view({ event_time: 1e300 }), "malformed"],
  ["an id that is no integer", view({ event_id: 1.5 }), "malformed"],
  ["an object as an id", view({ event_id: { toString: "v" } }), "malformed"],
  [
    "nothing but a prototype",
    '{"__proto__":{"event_id":"v","user_id":"u","event_time":"2024-01-01T12:00:00Z"}}',
    "malformed",
  ],
  [
    "a prototype beside the rest",
    `{"__proto__":{"url":"/evil"},${view({ event_id: "__proto__" }).slice(1)}`,
    "__proto__",
  ],
  ["an id beyond 2^53", view({ event_id: 0 }).replace(":0", ":9007199254740993"), "9007199254740993"],
  ["an id of SQL", view({ event_id: "'; drop table entities; --" }), "'; drop table entities; --"],
  ["an id of paths", view({ event_id: "../../etc/passwd", user_id: "../.." }), "../../etc/passwd"],
  ["an id with line breaks", view({ event_id: "a\r\nx-header: b", user_id: "u|0|\n" }), "a\r\nx-header: b"],
  ["a record like any other, behind them all", view({ event_id: "last" }), "last"],
];

function line(payload: Buffer | string, offset: number): Buffer {
  const head = `{"topic":"page_views","partition":0,"offset":${offset},"ts":1704110400000,"key":"u","payload":`;
  const text = typeof payload === "string" ? Buffer.from(JSON.stringify(payload)) : Buffer.from(payload);
  const escaped =
    typeof payload === "string" ? text : Buffer.concat([Buffer.from('"'), escapeQuotes(text), Buffer.from('"')]);
  return Buffer.concat([Buffer.from(head), escaped, Buffer.from("}\n")]);
}

function escapeQuotes(bytes: Buffer): Buffer {
  return Buffer.from(bytes.toString("latin1").replaceAll('"', '\\"'), "latin1");
}

afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe("hostile records", () => {
  beforeAll(async () => {
    const input = join(directory, "hostile.ndjson");
    writeFileSync(input, Buffer.concat(records.map(([, payload], offset) => line(payload, offset))));
    const args = ["replay", "--pipeline", "attribution", "--input", input, "--out", out, "--partitions", "1"];
    expect(await runCli(...args)).toMatchObject({ code: 0, err: "" });
  });

  it("are each rejected with a reason or taken for what they are, and the partition goes on", async () => {
    const rejected = await rowsOfDataset(out, "rejected_events");
    const accepted = await rowsOfDataset(out, "attributed_page_views");
    const reasons = new Map(rejected.map((row) => [Number(row.offset), row.reason]));
    const ids = new Set(accepted.map((row) => row.page_view_id));
    const fates = records.map(([name, , fate], offset) => [
      name,
      reasons.get(offset) ?? (ids.has(fate) ? fate : "lost"),
    ]);
    expect(fates).toEqual(records.map(([name, , fate]) => [name, fate]));
    expect(rejected.length + accepted.length).toBe(records.length);
    expect(summary(out).records.page_views?.read).toBe(records.length);
  });

  it("are kept as they came, as text or in base64", async () => {
    const rejected = await rowsOfDataset(out, "rejected_events");
    const kept = rejected.map((row) =>
      Buffer.from(String(row.value), row.value_encoding === "utf8" ? "utf8" : "base64"),
    );
    const sent = records.filter((_, offset) => rejected.some((row) => Number(row.offset) === offset));
    expect(kept.map((bytes) => bytes.length).sort()).toEqual(
      sent.map(([, payload]) => Buffer.byteLength(payload)).sort(),
    );
  });

  it("leave no mark on the prototype of everything", async () => {
    const accepted = await rowsOfDataset(out, "attributed_page_views");
    expect(accepted.map((row) => row.url)).toEqual(accepted.map(() => "/"));
    expect(({} as { url?: string }).url).toBeUndefined();
  });
});
