import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { UnusableValue } from "../../../../shared/core/record.ts";
import { changeReader } from "../../../../shared/pipelines/engagement/change.ts";
import { bytes, changeText, rowText, schemaText, wrappedText } from "./change-texts.ts";

type Reader = ReturnType<typeof changeReader>;

const microsSchema = schemaText({ event_ts: "io.debezium.time.MicroTimestamp" });
const nanosSchema = schemaText({ event_ts: "io.debezium.time.NanoTimestamp" });

/** All that can be asked of a change, or `reason: message`. */
function seenBy(read: Reader, text: string | Uint8Array): unknown {
  try {
    const change = read(typeof text === "string" ? bytes(text) : text);
    return change && { op: change.op, before: sideOf(change, "before"), after: sideOf(change, "after") };
  } catch (error) {
    if (error instanceof UnusableValue) return `${error.reason}: ${error.message}`;
    throw error;
  }
}

function sideOf(change: NonNullable<ReturnType<Reader>>, side: "before" | "after"): unknown {
  const row = change.row(side);
  return row && { fields: row.fields, id: row.sourceOf("id"), type: row.typeOf("event_ts") };
}

const seen = (text: string | Uint8Array) => seenBy(changeReader(), text);

/** A reader that has read this schema before, so that it knows it. */
function readerThatKnows(schema: string): Reader {
  const read = changeReader();
  read(bytes(wrappedText(changeText({}), schema)));
  return read;
}

describe("a change", () => {
  const after = rowText({ id: "9007199254740993", event_ts: "5" });

  it("is the value itself where no schema stands in front of it", () => {
    const row = { fields: { id: 9007199254740992, event_ts: 5 }, id: "9007199254740993", type: undefined };
    expect(seen(changeText({ after }))).toEqual({ op: "c", before: null, after: row });
    expect(seen(changeText({ op: '"d"', before: after }))).toEqual({ op: "d", before: row, after: null });
  });

  it("is the payload behind a schema, which names the types of columns", () => {
    const row = {
      fields: { id: 9007199254740992, event_ts: 5 },
      id: "9007199254740993",
      type: "io.debezium.time.MicroTimestamp",
    };
    const text = wrappedText(changeText({ after }), microsSchema);
    expect([seen(text), seenBy(readerThatKnows(microsSchema), text)]).toEqual([
      { op: "c", before: null, after: row },
      { op: "c", before: null, after: row },
    ]);
  });

  it("is the value itself where a field is called schema, and none payload", () => {
    expect(seen('{"schema":{},"op":"c"}')).toEqual({ op: "c", before: null, after: null });
  });

  it.each([
    ["null", wrappedText("null")],
    ["null behind no schema", wrappedText("null", "null")],
  ])("is none where the payload is %s", (_, text) => {
    expect(seen(text)).toBeUndefined();
  });

  it.each([
    ["a payload that is an array", wrappedText("[]"), "payload is not a JSON object"],
    ["a payload that is a text", wrappedText('"{}"'), "payload is not a JSON object"],
    ["an array", `[${changeText({})}]`, "value is not a JSON object"],
    ["null", "null", "value is not a JSON object"],
    ["a row by itself", '{"id":1}', "op (of a whole change event, as Debezium writes it) is missing"],
    ["a null op", changeText({ op: "null" }), "op (of a whole change event, as Debezium writes it) is missing"],
    ["an op that is a number", changeText({ op: "1" }), "op is not text"],
    ["an op that is an array", changeText({ op: '["c"]' }), "op is not text"],
    [
      "a payload without a schema",
      `{"payload":${changeText({})}}`,
      "op (of a whole change event, as Debezium writes it) is missing",
    ],
    [
      "a wrapper in a wrapper",
      wrappedText(wrappedText(changeText({}))),
      "op (of a whole change event, as Debezium writes it) is missing",
    ],
    ["an after that is an array", changeText({ after: "[1]" }), "after is not a JSON object"],
    ["an after that is a text", changeText({ after: '"{}"' }), "after is not a JSON object"],
    ["a before that is a number", changeText({ before: "0" }), "before is not a JSON object"],
    [
      "an op by inheritance",
      `{"__proto__":{"op":"c"}}`,
      "op (of a whole change event, as Debezium writes it) is missing",
    ],
  ])("is not %s", (_, text, message) => {
    expect(seen(text)).toBe(`malformed: ${message}`);
  });

  it("is no value that is too long, no UTF-8, no JSON, or nested too deep, with a schema or without", () => {
    const deep = (depth: number) => changeText({ after: `{"a":${"[".repeat(depth)}${"]".repeat(depth)}}` });
    const broken = Buffer.from(changeText({ after: '{"a":"?"}' })).map((byte) => (byte === 0x3f ? 0xff : byte));
    expect([
      seen(broken),
      seen("x".repeat(1_048_589)),
      seen(deep(100_000)),
      seen(deep(999)),
      seen(wrappedText(deep(998))),
      seenBy(readerThatKnows(schemaText()), wrappedText(deep(998))),
    ]).toEqual([
      "malformed: value is not UTF-8",
      "oversized: value of 1048589 bytes is longer than 1048588",
      ...Array.from({ length: 4 }, () => "malformed: value is nested deeper than 1000"),
    ]);
    expect(seen(`${changeText({})}x`)).toMatch(/^malformed: value is not JSON: /);
  });

  it("may be nested 1,000 deep", () => {
    const deepest = (depth: number) => changeText({ after: `{"a":${"[".repeat(depth)}${"]".repeat(depth)}}` });
    const verdicts = [
      seen(deepest(998)),
      seen(wrappedText(deepest(997))),
      seenBy(readerThatKnows(schemaText()), wrappedText(deepest(997))),
    ];
    expect(verdicts.map((verdict) => (verdict as { op: string }).op)).toEqual(["c", "c", "c"]);
  });

  it("takes fields of an object named __proto__ for nobody else's", () => {
    const polluting = changeText({ after: '{"__proto__":{"id":1},"event_ts":2}' });
    const change = changeReader()(bytes(polluting));
    expect(Object.keys(change?.row("after")?.fields ?? {})).toEqual(["__proto__", "event_ts"]);
    expect(({} as Record<string, unknown>).id).toBeUndefined();
    expect(seen('{"schema":{"__proto__":{"fields":[]}},"payload":{"op":"c"}}')).toEqual({
      op: "c",
      before: null,
      after: null,
    });
  });

  it.each([
    ["an op", '{"op":"u","op":"c"}', { op: "c", before: null, after: null }],
    ["a side", '{"op":"c","after":[],"after":null}', { op: "c", before: null, after: null }],
    [
      "a row, and numbers in it",
      '{"op":"c","after":{"id":9007199254740993},"after":{"id":9007199254740995,"id":9007199254740997}}',
      { op: "c", before: null, after: { fields: { id: 9007199254740996 }, id: "9007199254740997", type: undefined } },
    ],
    [
      "a name that is spelt with an escape the second time",
      '{"op":"c","after":{"id":9007199254740993,"\\u0069d":9007199254740995}}',
      { op: "c", before: null, after: { fields: { id: 9007199254740996 }, id: "9007199254740995", type: undefined } },
    ],
  ])("takes the last where a name stands twice: %s", (_, text, expected) => {
    expect(seen(text)).toEqual(expected);
    expect(seen(wrappedText(text))).toEqual(expected);
  });

  it.each([
    ["no object", "7"],
    ["an array", "[[]]"],
    ["fields that are no array", '{"fields":{"length":1,"0":{}}}'],
    ["fields that are no objects", '{"fields":[null,1,"after",["after"]]}'],
    ["an after without fields", '{"fields":[{"field":"after"}]}'],
    ["a type whose name is no text", '{"fields":[{"field":"after","fields":[{"field":"event_ts","name":{}}]}]}'],
  ])("knows no types from a schema that is %s", (_, schema) => {
    const row = { fields: { event_ts: 5 }, id: undefined, type: undefined };
    const text = wrappedText(changeText({ after: '{"event_ts":5}' }), schema);
    expect([seen(text), seenBy(readerThatKnows(schema), text)]).toEqual([
      { op: "c", before: null, after: row },
      { op: "c", before: null, after: row },
    ]);
  });
});

describe("a reader that knows the schema", () => {
  const row = rowText({ id: "9007199254740993", event_ts: "5" });
  const payload = changeText({ after: row });

  it("takes the types from the schema in front of each value, whatever it has read before", () => {
    const typed = (read: Reader, schema: string | undefined) => {
      const text = schema === undefined ? payload : wrappedText(payload, schema);
      return read(bytes(text))?.row("after")?.typeOf("event_ts");
    };
    const read = changeReader();
    expect(
      [microsSchema, microsSchema, undefined, nanosSchema, nanosSchema, microsSchema].map((schema) =>
        typed(read, schema),
      ),
    ).toEqual([
      "io.debezium.time.MicroTimestamp",
      "io.debezium.time.MicroTimestamp",
      undefined,
      "io.debezium.time.NanoTimestamp",
      "io.debezium.time.NanoTimestamp",
      "io.debezium.time.MicroTimestamp",
    ]);
  });

  it("parses it once, however many values it stands in front of", () => {
    const parse = vi.spyOn(JSON, "parse");
    const read = changeReader();
    for (let i = 0; i < 3; i++) read(bytes(wrappedText(payload, microsSchema)));
    const parsed = parse.mock.calls.map(([text]) => text);
    parse.mockRestore();
    expect(parsed).toEqual([wrappedText(payload, microsSchema), payload, payload]);
  });

  const head = `{"schema":${microsSchema},"payload":`;
  const other = changeText({ op: '"u"', after: rowText({ id: "9007199254740995" }) });

  it.each([
    ["a second payload", `${head}${payload},"payload":${other}}`],
    ["a second schema", `${head}${payload},"schema":${nanosSchema}}`],
    ["a second schema and payload", `${head}${payload},"schema":null,"payload":${other}}`],
    ["another field", `${head}${payload},"x":{}}`],
    ["another field before the payload", `{"schema":${microsSchema},"x":1,"payload":${payload}}`],
    ["the payload first", `{"payload":${payload},"schema":${microsSchema}}`],
    ["a space behind it", `${head}${payload}} `],
    ["a space before the payload", `${head} ${payload}}`],
    ["a brace too much", `${head}${payload}}}`],
    ["a brace too few", `${head}${payload}`],
    ["nothing for a payload", `${head}}`],
    ["null for a payload", `${head}null}`],
    ["an array for a payload", `${head}[]}`],
    ["a number for a payload", `${head}1}`],
    ["two payloads", `${head}${payload}${payload}}`],
    ["a payload and a number", `${head}${payload},1}`],
    ["a wrapper for a payload", `${head}${wrappedText(payload, microsSchema)}}`],
    [
      "a schema that only begins as the known one",
      `{"schema":${microsSchema.slice(0, -1)},"x":1},"payload":${payload}}`,
    ],
    ["the known head within a text", `{"op":"c","x":${JSON.stringify(head)}}`],
  ])("reads what has %s as one that doesn't know it", (_, text) => {
    expect(seenBy(readerThatKnows(microsSchema), text)).toEqual(seen(text));
  });

  it("reads any text as one that doesn't know it", () => {
    const part = fc.constantFrom(
      head,
      payload,
      other,
      "}",
      "{",
      ",",
      '"payload":',
      '"schema":',
      "null",
      "[]",
      " ",
      nanosSchema,
    );
    const texts = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(fc.array(texts, { minLength: 1, maxLength: 4 }), (values) => {
        const read = readerThatKnows(microsSchema);
        expect(values.map((text) => seenBy(read, text))).toEqual(values.map(seen));
      }),
      { numRuns: 2_000 },
    );
  });

  it("reads a value with a piece cut out or put in as one that doesn't know it", () => {
    const text = wrappedText(payload, microsSchema);
    const piece = fc.constantFrom(
      "",
      '"',
      "\\",
      "{",
      "}",
      "[",
      "]",
      ",",
      ":",
      "0",
      '"payload":1,',
      '"op":"u",',
      "é",
      "\u0000",
    );
    fc.assert(
      fc.property(fc.nat(text.length), fc.nat(3), piece, (at, cut, put) => {
        const spoilt = text.slice(0, at) + put + text.slice(at + cut);
        expect(seenBy(readerThatKnows(microsSchema), spoilt)).toEqual(seen(spoilt));
      }),
      { numRuns: 2_000 },
    );
  });
});
