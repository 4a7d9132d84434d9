import { describe, expect, it } from "vitest";
import { readJsonObject, UnusableValue, utf8Length, utf8Text, valueBytesMax } from "../../../shared/core/record.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const json = (text: string) => readJsonObject(bytes(text));

/** What makes a value unusable, as `reason: message`; the answer where it is usable. */
function verdictOn(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    if (error instanceof UnusableValue) return `${error.reason}: ${error.message}`;
    throw error;
  }
}

describe("readJsonObject", () => {
  it("gives the fields and the text that they came from", () => {
    expect(json('{"a":1.50}')).toEqual({ fields: { a: 1.5 }, text: '{"a":1.50}' });
  });

  it.each([["[]"], ['[{"a":1}]'], ["null"], ["1"], ['"text"'], ["true"]])(
    "takes %s for JSON, but no object",
    (text) => {
      expect(verdictOn(() => json(text))).toBe("malformed: value is not a JSON object");
    },
  );

  it.each([[""], ["{"], ['{"a":1}x'], ["{'a':1}"], ['{"a":NaN}'], ['{"a":01}'], ["undefined"], ['\ufeff{"a":1}']])(
    "takes %j for no JSON",
    (text) => {
      expect(verdictOn(() => json(text))).toMatch(/^malformed: value is not JSON: /);
    },
  );

  it("takes bytes that are no UTF-8 for no text, and U+FFFD for a letter where it stands by right", () => {
    const broken = Buffer.concat([Buffer.from('{"a":"'), Buffer.of(0xff), Buffer.from('"}')]);
    expect(verdictOn(() => readJsonObject(broken))).toBe("malformed: value is not UTF-8");
    expect(json('{"a":"\ufffd"}').fields).toEqual({ a: "\ufffd" });
  });

  it("says no to a value nested 100,000 deep, whether it is closed or not", () => {
    const deep = (open: string, close: string) => `{"a":${open.repeat(100_000)}1${close.repeat(100_000)}}`;
    const verdicts = [deep("[", "]"), deep('{"a":', "}"), deep("[", "")].map((text) => verdictOn(() => json(text)));
    expect(verdicts).toEqual(Array.from({ length: 3 }, () => "malformed: value is nested deeper than 1000"));
  });

  it("takes brackets within a text for text, and a flat value of many objects for flat", () => {
    const text = `{"a":"${"[".repeat(5_000)}\\"${"{".repeat(5_000)}","b":[${"{},".repeat(5_000)}1]}`;
    expect(verdictOn(() => json(text).text)).toBe(text);
  });

  it.each([
    [999, undefined],
    [1_000, "malformed: value is nested deeper than 1000"],
  ])("takes %i arrays in its object: %s", (arrays, verdict) => {
    const text = `{"a":${"[".repeat(arrays)}1${"]".repeat(arrays)}}`;
    expect(verdictOn(() => void json(text))).toBe(verdict);
  });

  it.each([
    [valueBytesMax, undefined],
    [valueBytesMax + 1, `oversized: value of ${valueBytesMax + 1} bytes is longer than ${valueBytesMax}`],
    [10_000_000, `oversized: value of 10000000 bytes is longer than ${valueBytesMax}`],
  ])("takes a value of %i bytes: %s", (length, verdict) => {
    const value = Buffer.alloc(length, "x");
    value.write('{"a":"');
    value.write('"}', length - 2);
    expect(verdictOn(() => void readJsonObject(value))).toBe(verdict);
  });
});

describe("utf8Text", () => {
  it.each<[name: string, bytes: number[], text: string | undefined]>([
    ["nothing", [], ""],
    ["a byte-order mark, which is kept", [0xef, 0xbb, 0xbf, 0x61], "\ufeffa"],
    ["U+FFFD by right", [0xef, 0xbf, 0xbd], "\ufffd"],
    ["a byte-order mark before U+FFFD by right", [0xef, 0xbb, 0xbf, 0xef, 0xbf, 0xbd], "\ufeff\ufffd"],
    ["U+FFFD by right beside a broken byte", [0xef, 0xbf, 0xbd, 0xff], undefined],
    ["a byte that begins nothing", [0x80], undefined],
    ["half a letter", [0xc3], undefined],
    ["an overlong slash", [0xc0, 0xaf], undefined],
    ["a surrogate in UTF-8", [0xed, 0xa0, 0x80], undefined],
    ["the last code point", [0xf4, 0x8f, 0xbf, 0xbf], "\u{10ffff}"],
    ["one beyond the last code point", [0xf4, 0x90, 0x80, 0x80], undefined],
  ])("reads %s", (_, all, text) => {
    expect(utf8Text(Uint8Array.from(all))).toBe(text);
  });
});

describe("utf8Length", () => {
  it.each(["", "a", "\u007f", "\u0080", "é", "\u07ff", "\u0800", "用", "\uffff", "😀", "a😀é用"])(
    "counts %j as an encoder does",
    (text) => {
      expect(utf8Length(text)).toBe(bytes(text).length);
    },
  );
});
