import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { LogRecord } from "../../../shared/core/record.ts";
import { decodeMskEvent, type MskEvent, type MskRecord } from "../../../shared/kafka/msk-event.ts";

const base64 = (text: string) => Buffer.from(text).toString("base64");

function record(offset: number, more: Partial<MskRecord> = {}): MskRecord {
  return { topic: "t", partition: 0, offset, timestamp: 1_000, key: base64("k"), value: base64("v"), ...more };
}

function decode(records: MskEvent["records"]) {
  return decodeMskEvent({ eventSource: "aws:kafka", records });
}

/** The one record of an event that has no other. */
function decodeOne(more: Partial<MskRecord>): LogRecord | undefined {
  return decode({ "t-0": [record(0, more)] })[0]?.records[0];
}

const text = (bytes: Uint8Array | null | undefined) => bytes && Buffer.from(bytes).toString();

describe("an event of an MSK event source mapping", () => {
  it("gives the records of each partition, in the order of the log", () => {
    const of1 = (offset: number) => record(offset, { partition: 1, key: base64(`k${offset}`) });
    const answer = decode({ "t-1": [of1(7), of1(9)], "t-0": [record(3)] });
    const decoded = (partition: number, offset: number, key: string) => {
      return { topic: "t", partition, offset, timestamp: 1_000, key: Buffer.from(key), value: Buffer.from("v") };
    };
    expect(answer).toEqual([
      { topic: "t", partition: 1, records: [decoded(1, 7, "k7"), decoded(1, 9, "k9")] },
      { topic: "t", partition: 0, records: [decoded(0, 3, "k")] },
    ]);
  });

  it("may hold topics whose names end like a partition", () => {
    const answer = decode({ "clicks-1-0": [record(0, { topic: "clicks-1", partition: 0 })] });
    expect(answer.map(({ topic, partition }) => ({ topic, partition }))).toEqual([{ topic: "clicks-1", partition: 0 }]);
  });

  it.each<[name: string, given: Partial<MskRecord>, value: string | null]>([
    ["a null value is a tombstone", { value: null }, null],
    ["an empty value is no tombstone", { value: "" }, ""],
    ["a value is base64", { value: base64('{"a":"é"}') }, '{"a":"é"}'],
  ])("%s", (_, given, value) => {
    expect(text(decodeOne(given)?.value)).toBe(value);
  });

  it("takes a value that is missing for a tombstone, and a key that is missing for none", () => {
    const { key: _key, value: _value, ...bare } = record(0);
    const [batch] = decode({ "t-0": [bare] });
    expect(batch?.records).toEqual([{ topic: "t", partition: 0, offset: 0, timestamp: 1_000, key: null, value: null }]);
  });

  it.each<[key: string | null, expected: string | null]>([
    [null, null],
    ["", ""],
    [base64("user_1"), "user_1"],
  ])("gives the key %j as %j", (key, expected) => {
    expect(text(decodeOne({ key })?.key)).toBe(expected);
  });

  it("keeps bytes that are no UTF-8 as they are", () => {
    const bytes = [0x7b, 0xff, 0xfe, 0x00, 0x7d];
    expect(decodeOne({ value: Buffer.from(bytes).toString("base64") })?.value).toEqual(Buffer.from(bytes));
  });

  it.each<[timestamp: number | undefined, expected: number]>([
    [1_704_110_701_000, 1_704_110_701_000],
    [0, 0],
    [-1, 0],
    [undefined, 0],
  ])("gives the timestamp %s as %i: Kafka says -1 where there is none", (timestamp, expected) => {
    const { timestamp: _, ...without } = record(0);
    const given = timestamp === undefined ? without : { ...without, timestamp };
    expect(decode({ "t-0": [given] })[0]?.records[0]?.timestamp).toBe(expected);
  });

  it.each<[name: string, headers: NonNullable<MskRecord["headers"]>]>([
    ["none", []],
    ["one with signed bytes", [{ producer: [104, -61, -87, 127, -128] }]],
    ["several of one name, and an empty one", [{ a: [1] }, { a: [2] }, { "": [] }]],
    ["one named __proto__", [JSON.parse('{"__proto__":[1]}') as Record<string, number[]>]],
  ])("is not harmed by headers: %s", (_, headers) => {
    expect(decodeOne({ headers })).toEqual(decodeOne({}));
  });

  it("keeps offsets up to the largest that a number holds", () => {
    const answer = decode({ "t-0": [record(Number.MAX_SAFE_INTEGER)] });
    expect(answer[0]?.records[0]?.offset).toBe(Number.MAX_SAFE_INTEGER);
  });

  it("may be empty, or have a partition without records", () => {
    expect([decode({}), decode({ "t-0": [] })]).toEqual([[], []]);
    expect(decode({ "t-0": [], "t-1": [record(0, { partition: 1 })] }).map(({ partition }) => partition)).toEqual([1]);
  });

  it.each([
    ["nothing", undefined],
    ["null", null],
    ["an event of a schedule", JSON.parse(readFileSync("test/events/schedule.json", "utf8"))],
    ["an event of a stream", JSON.parse(readFileSync("test/events/dynamodb-stream-entities.json", "utf8"))],
    ["records that are null", { records: null }],
    ["records that are a text", { records: "t-0" }],
  ])("is not %s", (_, event) => {
    expect(() => decodeMskEvent(event as MskEvent)).toThrow(
      new TypeError("not an event of an MSK event source mapping: it has no records"),
    );
  });
});

describe("the sample events", () => {
  it.each([
    ["ad-clicks", ["ad_clicks-0 0 1 2 3 4 5", "ad_clicks-1 0 1", "ad_clicks-2 0"], [3, 4]],
    ["page-views", ["page_views-0 0 1", "page_views-1 0 1", "page_views-2 0 1"], []],
  ])("of %s hold %j, with tombstones at %j", (name, batches, tombstones) => {
    const event = JSON.parse(readFileSync(`test/events/msk-${name}.json`, "utf8")) as MskEvent;
    const decoded = decodeMskEvent(event);
    const shown = decoded.map(({ topic, partition, records }) => {
      return `${topic}-${partition} ${records.map(({ offset }) => offset).join(" ")}`;
    });
    expect(shown).toEqual(batches);
    const empty = decoded.flatMap(({ records }) => records).filter(({ value }) => value === null);
    expect(empty.map(({ offset }) => offset)).toEqual(tombstones);
  });
});
