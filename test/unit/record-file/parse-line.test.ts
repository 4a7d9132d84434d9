import { describe, expect, it } from "vitest";
import { type FileRecord, parseRecordLine, RecordLineError } from "../../../localstack/record-file/parse-line.ts";

const parse = (text: string | Buffer, number = 1) => parseRecordLine({ number, bytes: Buffer.from(text as string) });
const line = (fields: object) => JSON.stringify({ topic: "t", payload: "v", ...fields });

/** The record with its bytes as text. */
function shown(record: FileRecord | undefined) {
  return record && { ...record, key: record.key?.toString() ?? null, value: record.value?.toString() ?? null };
}

function complaint(text: string | Buffer, number = 7): string {
  try {
    parse(text, number);
    return "fine";
  } catch (error) {
    expect(error).toBeInstanceOf(RecordLineError);
    return (error as RecordLineError).message;
  }
}

const payloadOf = (payload: string) => parse(`{"topic":"t","payload":${payload}}`)?.value?.toString();

describe("a line of a record file", () => {
  it("is read as kcat -J prints it", () => {
    const text =
      '{"topic":"ad_clicks","partition":2,"offset":41,"tstype":"create","ts":1704110700000,"broker":1,' +
      '"headers":["a","b"],"key":"user_1","payload":"{\\"click_id\\":\\"c\\"}"}';
    expect(shown(parse(text))).toEqual({
      topic: "ad_clicks",
      partition: 2,
      offset: 41,
      ts: 1_704_110_700_000,
      key: "user_1",
      value: '{"click_id":"c"}',
    });
  });

  it.each([
    ["without anything but topic and payload", line({}), {}],
    ["with nulls for what is missing", line({ partition: null, offset: null, ts: null, key: null }), {}],
    ["with a partition alone", line({ partition: 0 }), { partition: 0 }],
    ["with an offset alone", line({ offset: 0 }), { offset: 0 }],
    ["with a timestamp alone", line({ ts: 0 }), { ts: 0 }],
    [
      "with the largest offset that is exact",
      line({ offset: Number.MAX_SAFE_INTEGER }),
      { offset: Number.MAX_SAFE_INTEGER },
    ],
    ["with an empty key", line({ key: "" }), { key: "" }],
    ["with a key that is a number", line({ key: 42 }), { key: "42" }],
    ["with a null payload, a tombstone", line({ payload: null }), { value: null }],
    ["with an empty payload, which is none", line({ payload: "" }), { value: "" }],
    ["with fields that nobody knows", line({ colour: "red" }), {}],
    ["with spaces around", `  ${line({})}\t`, {}],
    ["with a carriage return at its end", `${line({})}\r`, {}],
  ])("may come %s", (_, text, more) => {
    expect(shown(parse(text))).toEqual({ topic: "t", key: null, value: "v", ...more });
  });

  it.each(["", " ", "\t", "\r", " \t \r"])("is none where it is blank: %j", (text) => {
    expect(parse(text)).toBeUndefined();
  });

  it("keeps a key that is an integer beyond 2^53 exactly", () => {
    expect(parse('{"topic":"t","key":9007199254740993,"payload":"v"}')?.key?.toString()).toBe("9007199254740993");
  });
});

describe("a payload that is an object", () => {
  it.each([
    '{"amount":0.10}',
    '{"amount":1e2}',
    '{"amount":-0}',
    '{"amount":-0.0}',
    '{"id":9007199254740993}',
    '{"id":123456789012345678901234567890}',
    '{"a":[1.50,{"b":2.500}],"c":"1.50"}',
    '{"a":null,"b":true}',
    '{"__proto__":{"a":1.0},"a":2.0}',
    "{}",
  ])("keeps its numbers exactly as written: %s", (payload) => {
    expect(payloadOf(payload)).toBe(payload);
  });

  it.each([
    ["[1.50,2]", "[1.50,2]"],
    ["1.50", "1.50"],
    ["9007199254740993", "9007199254740993"],
    ["true", "true"],
    ["false", "false"],
  ])("may as well be %s", (payload, value) => {
    expect(payloadOf(payload)).toBe(value);
  });

  it("keeps letters of all alphabets, and what is escaped, the same in meaning", () => {
    const value = payloadOf('{"a":"é用😀\\u0000\\ud83d\\ude00","用":1.0}') ?? "";
    expect(value).toContain("1.0");
    expect(JSON.parse(value)).toEqual({ a: "é用😀\u0000😀", 用: 1 });
  });

  it("is the last one where a line has two, its numbers too", () => {
    expect(payloadOf('{"a":1.0},"payload":{"a":2.0}')).toBe('{"a":2.0}');
  });
});

describe("bytes that are no UTF-8", () => {
  const broken = Buffer.of(0x7b, 0xff, 0xfe, 0x80, 0x7d);
  const lineWith = (before: string, bytes: Buffer, after: string) =>
    Buffer.concat([Buffer.from(before), bytes, Buffer.from(after)]);

  it("come through exactly in a payload", () => {
    const record = parse(lineWith('{"topic":"t","payload":"', broken, '"}'));
    expect(record?.value).toEqual(broken);
  });

  it("come through exactly in a key", () => {
    const record = parse(lineWith('{"topic":"t","key":"', Buffer.of(0xff), '","payload":"é"}'));
    expect([record?.key, record?.value]).toEqual([Buffer.of(0xff), Buffer.from("é")]);
  });

  it("come through exactly beside letters of more than one byte", () => {
    const payload = Buffer.concat([Buffer.from("é用😀"), Buffer.of(0xff), Buffer.from("é")]);
    expect(parse(lineWith('{"topic":"t","payload":"', payload, '"}'))?.value).toEqual(payload);
  });

  it("come through exactly within a payload that is an object", () => {
    const payload = Buffer.concat([Buffer.from('{"a":"'), Buffer.of(0xff), Buffer.from('é","n":0.10}')]);
    expect(parse(lineWith('{"topic":"t","payload":', payload, "}"))?.value).toEqual(payload);
  });

  it("in a key leave what is escaped in the payload a letter", () => {
    const record = parse(
      lineWith('{"topic":"t","key":"', Buffer.of(0xff), '","payload":"\\u7528\\ud83d\\ude00\\u00e9"}'),
    );
    expect(record?.value).toEqual(Buffer.from("用😀é"));
  });
});

describe("a line that is no record", () => {
  it.each([
    ["{", "it is not JSON"],
    ["click", "it is not JSON"],
    [`${line({})}${line({})}`, "it is not JSON"],
    ["[]", "it is not a JSON object"],
    ["null", "it is not a JSON object"],
    ["7", "it is not a JSON object"],
    ['{"payload":"v"}', "topic is missing"],
    ['{"topic":"","payload":"v"}', "topic is missing"],
    ['{"topic":7,"payload":"v"}', "topic is missing"],
    ['{"topic":"t"}', "payload is missing (null is a tombstone)"],
    [line({ partition: -1 }), "partition is not a whole number"],
    [line({ partition: 1.5 }), "partition is not a whole number"],
    [line({ partition: "0" }), "partition is not a whole number"],
    [line({ offset: -1001 }), "offset is not a whole number"],
    ['{"topic":"t","payload":"v","offset":9007199254740992}', "offset is not a whole number"],
    [line({ ts: "2024-01-01T00:00:00Z" }), "ts is not a whole number"],
    [line({ key: true }), "key is neither text nor null"],
    [line({ key: { a: 1 } }), "key is neither text nor null"],
  ])("is named by its number, with what is wrong: %s", (text, what) => {
    expect(complaint(text)).toBe(`line 7 is no record: ${what}`);
  });

  it("is named so too where it is no UTF-8", () => {
    expect(complaint(Buffer.of(0x7b, 0xff))).toBe("line 7 is no record: it is not JSON");
  });
});
