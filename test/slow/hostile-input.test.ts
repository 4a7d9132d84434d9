import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FileRow, rowsOfDataset, summary } from "../support/replay-outputs.ts";
import { runCli } from "../support/run-cli.ts";

const directory = mkdtempSync(join(tmpdir(), "tidemark-hostile-"));
const time = "2024-01-01T12:00:00Z";
const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;

/** What comes in, in one partition, and what becomes of it: the reason of its rejection, or the id of its row. */
type Hostile = readonly [name: string, payload: Buffer | string, fate: string, topic?: string];

const noUtf8 = (before: string) => Buffer.concat([Buffer.from(before), Buffer.of(0xff, 0xfe), Buffer.from('"}')]);

const view = (fields: object) => JSON.stringify({ event_id: "v", user_id: "u", event_time: time, url: "/", ...fields });

const pageViews: readonly Hostile[] = [
  ["10 MB of JSON", view({ url: "x".repeat(10_000_000) }), "oversized"],
  ["10 MB that is no JSON, and is not even looked at", "x".repeat(10_000_000), "oversized"],
  ["100,000 arrays in each other", nested(100_000), "malformed"],
  ["100,000 arrays in a field that nobody reads", view({ more: 0 }).replace(":0", `:${nested(100_000)}`), "malformed"],
  ["100,000 arrays as a url", view({ url: 0 }).replace(":0", `:${nested(100_000)}`), "malformed"],
  ["bytes that are no UTF-8", noUtf8('{"event_id":"'), "malformed"],
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

const row = (id: number, columns: object = {}) => ({
  ...{ id, content_id: 1, user_id: "u", event_type: "play", event_ts: time, duration_ms: 7_000, device: null },
  ...columns,
});
const created = (id: number, columns?: object) => JSON.stringify({ op: "c", before: null, after: row(id, columns) });
const content = (columns: object) =>
  JSON.stringify({ op: "u", after: { content_id: 1, content_type: "evil", length_seconds: 1, ...columns } });
const contents = "dbserver1.public.content";

const changes: readonly Hostile[] = [
  ["10 MB of JSON", created(1, { raw_payload: "x".repeat(10_000_000) }), "oversized"],
  ["1 MB in a column that nobody reads", created(2, { raw_payload: "x".repeat(1_000_000) }), "2"],
  ["100,000 arrays in each other", nested(100_000), "malformed"],
  ["100,000 arrays as a schema", `{"schema":${nested(100_000)},"payload":${created(3)}}`, "malformed"],
  ["990 arrays as a schema", `{"schema":${nested(990)},"payload":${created(4)}}`, "4"],
  ["a payload in a payload", JSON.stringify({ payload: { payload: JSON.parse(created(5)) } }), "malformed"],
  ["no change at all", JSON.stringify(row(6)), "malformed"],
  ["two operations, of which the last one counts", created(7).replace('"op":"c"', '"op":"d","op":"c"'), "7"],
  ["a million operations", created(8).replace('"c"', `"${"c".repeat(1_000_000)}"`), "ignored"],
  ["bytes that are no UTF-8", noUtf8('{"op":"'), "malformed"],
  ["a user id of 1 KB and a byte", created(9, { user_id: "u".repeat(1_025) }), "oversized"],
  ["a device of 100 KB", created(10, { device: "d".repeat(100_000) }), "oversized"],
  ["half a surrogate pair as a user", created(11, { user_id: "\ud800" }), "malformed"],
  ["the greatest id there is", created(0).replace('"id":0', '"id":9223372036854775807'), "9223372036854775807"],
  ["a greater one", created(0).replace('"id":0', '"id":9223372036854775808'), "malformed"],
  ["an id with a million digits", created(0).replace('"id":0', `"id":${"9".repeat(1_000_000)}`), "malformed"],
  ["a duration that is infinite", created(12).replace("7000", "1e999"), "malformed"],
  ["a time that is infinite", created(13, { event_ts: "infinity" }), "malformed"],
  ["the year 99999", created(14, { event_ts: "99999-01-01T12:00:00Z" }), "malformed"],
  ["nothing but a prototype", `{"__proto__":${created(15)}}`, "malformed"],
  ["a row that is but a prototype", `{"op":"c","after":{"__proto__":${JSON.stringify(row(16))}}}`, "malformed"],
  ["a prototype beside the rest", created(17).replace('"device":null', '"__proto__":{"device":"evil"}'), "17"],
  ["texts of SQL", created(18, { user_id: "'; drop table entities; --", event_type: "' or 1=1" }), "18"],
  ["texts of paths and line breaks", created(19, { user_id: "../..", device: "a\r\nx-header: b\0" }), "19"],
  ["a content type of 100 KB", content({ content_type: "t".repeat(100_000) }), "oversized", contents],
  ["a length that no double holds", content({}).replace(":1}", ":9007199254740993}"), "malformed", contents],
  ["a content that is but a prototype", `{"__proto__":${content({})}}`, "malformed", contents],
  ["a content that is deleted, nobody knows which", '{"op":"d","before":null,"after":null}', "malformed", contents],
  ["a content like any other, behind them all", content({ content_type: "video" }), "ignored", contents],
  ["an event like any other, behind it", created(20), "20"],
];

const cases = [
  {
    ...{ pipeline: "attribution", topic: "page_views", records: pageViews },
    ...{ dataset: "attributed_page_views", id: "page_view_id" },
    isUnmarked: ({ url }: FileRow) => url === "/",
  },
  {
    ...{ pipeline: "engagement", topic: "dbserver1.public.engagement_events", records: changes },
    ...{ dataset: "events_enriched", id: "event_id" },
    isUnmarked: ({ content_type, device }: FileRow) => content_type === "video" && device !== "evil",
  },
];

function line(topic: string, payload: Buffer | string, offset: number): Buffer {
  const head = `{"topic":"${topic}","partition":0,"offset":${offset},"ts":1704110400000,"key":"u","payload":`;
  const text = typeof payload === "string" ? Buffer.from(JSON.stringify(payload)) : Buffer.from(payload);
  const escaped =
    typeof payload === "string" ? text : Buffer.concat([Buffer.from('"'), escapeQuotes(text), Buffer.from('"')]);
  return Buffer.concat([Buffer.from(head), escaped, Buffer.from("}\n")]);
}

function escapeQuotes(bytes: Buffer): Buffer {
  return Buffer.from(bytes.toString("latin1").replaceAll('"', '\\"'), "latin1");
}

afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe.each(cases)("hostile records of $pipeline", ({ pipeline, topic, records, dataset, id, isUnmarked }) => {
  const out = join(directory, pipeline);
  beforeAll(async () => {
    const input = join(directory, `${pipeline}.ndjson`);
    const lines = records.map(([, payload, , ofTopic = topic], offset) => line(ofTopic, payload, offset));
    writeFileSync(input, Buffer.concat(lines));
    const args = ["replay", "--pipeline", pipeline, "--input", input, "--out", out, "--partitions", "1"];
    expect(await runCli(...args)).toMatchObject({ code: 0, err: "" });
  }, 120_000);

  it("are each rejected with a reason or taken for what they are, and the partition goes on", async () => {
    const rejected = await rowsOfDataset(out, "rejected_events");
    const accepted = await rowsOfDataset(out, dataset);
    const reasons = new Map(rejected.map((row) => [Number(row.offset), row.reason]));
    const ids = new Set(accepted.map((row) => String(row[id])));
    const fates = records.map(([name, , fate], offset) => [
      name,
      reasons.get(offset) ?? (ids.has(fate) || fate === "ignored" ? fate : "lost"),
    ]);
    expect(fates).toEqual(records.map(([name, , fate]) => [name, fate]));
    expect(accepted.length).toBe(records.filter(([, , fate]) => ids.has(fate)).length);
    const read = Object.values(summary(out).records).reduce((sum, counts) => sum + counts.read, 0);
    expect(read).toBe(records.length);
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
    const accepted = await rowsOfDataset(out, dataset);
    expect(accepted.filter((row) => !isUnmarked(row))).toEqual([]);
    for (const name of ["url", "device", "content_type"]) expect(({} as FileRow)[name]).toBeUndefined();
  });
});
