import { describe, expect, it } from "vitest";
import { parseContentChange } from "../../../../shared/pipelines/engagement/records.ts";
import { bytes, changeText, rowText, schemaText, verdictOf, wrappedText } from "./change-texts.ts";

const video = rowText({ content_id: "1", content_type: '"video"', length_seconds: "300" });

/** What is made of a change, which must be the same behind a schema. */
function parse(...[texts]: Parameters<typeof changeText>): unknown {
  const text = changeText(texts);
  const verdict = verdictOf(parseContentChange(bytes(text)));
  expect(verdictOf(parseContentChange(bytes(wrappedText(text, schemaText()))))).toEqual(verdict);
  return verdict;
}

const rowWith = (columns: Readonly<Record<string, string | undefined>>) =>
  parse({ after: rowText({ content_id: "1", content_type: '"video"', length_seconds: "300", ...columns }) });

describe("a change of content", () => {
  it.each(["c", "u", "r"])("of op %s says what the row is from now on", (op) => {
    const before = rowText({ content_id: "1", content_type: '"image"', length_seconds: "5" });
    const change = { key: "1", row: { contentType: "video", lengthSeconds: 300 } };
    expect(parse({ op: `"${op}"`, after: video })).toEqual(change);
    expect(parse({ op: `"${op}"`, before, after: video })).toEqual(change);
  });

  it.each([
    ["the whole row", video, "1"],
    ["the key alone", '{"content_id":9007199254740993}', "9007199254740993"],
    ["the key, and null for what isn't known", '{"content_id":1,"content_type":null,"length_seconds":null}', "1"],
    ["the key, and empty values for what isn't known", '{"content_id":1,"content_type":"","length_seconds":0}', "1"],
  ])("of op d has the row gone, where before holds %s", (_, before, key) => {
    expect(parse({ op: '"d"', before })).toEqual({ key, row: null });
  });

  it.each([
    ["null", undefined],
    ["without the key", '{"content_type":"video"}'],
    ["with a null key", '{"content_id":null,"content_type":"video"}'],
    ["with a key by inheritance", '{"__proto__":{"content_id":1}}'],
  ])("of op d is malformed where before is %s, and the mend is said", (_, before) => {
    const texts = before === undefined ? {} : { before };
    expect(parse({ op: '"d"', after: video, ...texts })).toBe(
      "malformed: before.content_id of a deleted row is missing: ALTER TABLE content REPLICA IDENTITY DEFAULT has Postgres tell it",
    );
  });

  it.each([
    ["a before that is an array", { op: '"d"', before: "[1]" }, "before is not a JSON object"],
    [
      "a key that is no integer",
      { op: '"d"', before: '{"content_id":1.5}' },
      "content_id is not an integer of 64 bits: 1.5",
    ],
    ["no after", { op: '"u"', before: video }, "after is missing"],
    ["an after that is an array", { after: "[]" }, "after is not a JSON object"],
    ["no op", { op: "null", after: video }, "op (of a whole change event, as Debezium writes it) is missing"],
  ])("is malformed with %s", (_, texts, message) => {
    expect(parse(texts)).toBe(`malformed: ${message}`);
  });

  it.each(["t", "m", "x", "D", ""])("of op %j is ignored", (op) => {
    expect(parse({ op: `"${op}"`, before: "[]", after: "[]" })).toBe("ignored");
  });

  it("is ignored where the payload is null", () => {
    expect(verdictOf(parseContentChange(bytes(wrappedText("null"))))).toBe("ignored");
  });

  it.each([
    ["null", null],
    [undefined, null],
    ["0", 0],
    ["-1", -1],
    ['"300"', 300],
    ["2147483647", 2_147_483_647],
  ])("reads the length %s", (value, lengthSeconds) => {
    expect(rowWith({ length_seconds: value })).toEqual({ key: "1", row: { contentType: "video", lengthSeconds } });
  });

  it("reads an empty type, and an id beyond 2^53", () => {
    expect(rowWith({ content_id: "-9007199254740993", content_type: '""' })).toEqual({
      key: "-9007199254740993",
      row: { contentType: "", lengthSeconds: 300 },
    });
  });

  it.each([
    ["content_id", "null", "content_id is missing"],
    ["content_id", '"x"', /^malformed: content_id is not an integer of 64 bits: x;/],
    ["content_type", "null", "content_type is missing"],
    ["content_type", "7", "content_type is not text: 7"],
    ["length_seconds", "1.5", "length_seconds is not a whole number that a double holds exactly: 1.5"],
    ["length_seconds", '"EsA="', /: EsA=; .*decimal\.handling\.mode is string$/],
  ])("is malformed with %s %s", (column, value, message) => {
    const verdict = rowWith({ [column]: value });
    if (typeof message === "string") expect(verdict).toBe(`malformed: ${message}`);
    else expect(verdict).toMatch(message);
  });
});
