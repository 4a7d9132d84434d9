import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseRecordLine, RecordLineError } from "../../localstack/record-file/parse-line.ts";
import { decodeMskEvent, type MskEvent } from "../../shared/kafka/msk-event.ts";
import { decodeStreamEvent } from "../../shared/state/stream-event.ts";
import { pipelines, samplesOf, sources } from "./targets.ts";

/** `FUZZ_RUNS=100000` looks longer; a failure prints its seed. */
const numRuns = Number(process.env.FUZZ_RUNS ?? 1_000);

const base64 = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString("base64"));
const nothing = fc.constantFrom(null, undefined);

/** What MSK may send, and what no MSK would. */
const mskRecord = fc.record(
  {
    topic: fc.string({ minLength: 1 }),
    partition: fc.nat(10),
    offset: fc.nat(),
    timestamp: fc.oneof(fc.integer(), fc.constantFrom(-1, Number.MAX_SAFE_INTEGER, 1e300)),
    key: fc.oneof(base64, nothing, fc.string()),
    value: fc.oneof(base64, nothing, fc.string()),
    headers: fc.array(fc.dictionary(fc.string(), fc.array(fc.integer({ min: -128, max: 127 })))),
  },
  { requiredKeys: ["topic", "partition", "offset"] },
);

describe("the decoder of MSK events", () => {
  it("gives every record of every partition, in order, with a time that there is, whatever keys and values hold", () => {
    fc.assert(
      fc.property(fc.array(fc.array(mskRecord, { maxLength: 5 }), { maxLength: 4 }), (partitions) => {
        const records = Object.fromEntries(partitions.map((of, i) => [`topic-${i}`, of]));
        const batch = decodeMskEvent({ eventSource: "aws:kafka", records } as MskEvent);
        expect(batch.map(({ records: of }) => of.map(({ offset }) => offset))).toEqual(
          partitions.filter((of) => of.length > 0).map((of) => of.map(({ offset }) => offset)),
        );
        for (const { records: of } of batch) {
          for (const { timestamp, key, value } of of) {
            expect(timestamp >= 0 && timestamp <= 253_402_300_799_999).toBe(true);
            expect([key, value].every((bytes) => bytes === null || bytes instanceof Uint8Array)).toBe(true);
          }
        }
      }),
      { numRuns },
    );
  });

  it("refuses what is no event by saying so", () => {
    fc.assert(
      fc.property(fc.anything(), (event) => {
        fc.pre(typeof event !== "object" || event === null || !Object.hasOwn(event, "records"));
        expect(() => decodeMskEvent(event as MskEvent)).toThrow("not an event of an MSK event source mapping");
      }),
      { numRuns },
    );
  });
});

describe("the decoder of change streams", () => {
  const attribute = fc.oneof(
    fc.record({ S: fc.string() }),
    fc.record({ N: fc.integer().map(String) }),
    fc.record({ BOOL: fc.boolean() }),
  );
  const image = fc.dictionary(fc.constantFrom("pk", "sk", "body", "outbox", "ttl", "settled", "other"), attribute);

  it("passes over what was removed, and what is no document", () => {
    const change = fc.record({
      eventName: fc.constantFrom("INSERT", "MODIFY", "REMOVE"),
      dynamodb: fc.record({ NewImage: image, SequenceNumber: fc.string() }, { requiredKeys: [] }),
    });
    fc.assert(
      fc.property(fc.array(change), (Records) => {
        expect(decodeStreamEvent({ Records } as never)).toEqual([]);
      }),
      { numRuns },
    );
  });
});

/** JSON, and what is nearly JSON. */
const jsonText = fc.oneof(
  fc.json({ maxDepth: 4 }),
  fc.json({ maxDepth: 2 }).map((text) => text.slice(0, -1)),
  fc.string(),
  fc.constantFrom(
    '{"__proto__":{"user_id":"u"}}',
    '{"constructor":1}',
    "[".repeat(10_000),
    "1e999",
    '"\\ud800"',
    "nul",
  ),
);

const hostileValue = fc.oneof(
  fc.constantFrom("2024-01-01T12:00:00Z", "2024-13-01T12:00:00Z", 1_704_110_400_000, 1_704_110_400_000_000, "1", 1, -1),
  fc.constantFrom("c", "u", "d", "r", "click", "conversion", "play", "", null, 1e300, 0.1, "0.0000001", "9".repeat(40)),
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.constantFrom("a\nb", "\u0000", "\u2028", "\ud800", "x".repeat(2_000)),
  fc.integer(),
  fc.double(),
  fc.jsonValue({ maxDepth: 2 }),
);

/** Some of these names, with values of any kind. */
function someOf(names: readonly string[], maxKeys = names.length) {
  return fc.dictionary(fc.constantFrom(...names, "__proto__", "more"), hostileValue, { maxKeys });
}

/** A sample with some of its fields changed; of a change event, those of its row too. */
function changed(sample: Record<string, unknown>): fc.Arbitrary<object> {
  const some = someOf(Object.keys(sample), 2).map((fields) => ({ ...sample, ...fields }));
  const { after } = sample;
  if (typeof after !== "object" || after === null) return some;
  const rows = someOf(Object.keys(after), 2).map((fields) => ({ ...sample, after: { ...after, ...fields } }));
  return fc.oneof(some, rows).chain((change) => fc.constantFrom<object>(change, { schema: {}, payload: change }));
}

describe.each(sources)("the records of %s in %s", (name, topic, event) => {
  const sample = JSON.parse(samplesOf(event)[0] ?? "") as Record<string, unknown>;
  const text = fc.oneof(
    jsonText,
    someOf(Object.keys(sample)).map((one) => JSON.stringify(one)),
    changed(sample).map((one) => JSON.stringify(one)),
  );
  const bytes = fc.oneof(
    text.map((one) => Buffer.from(one)),
    text.map((one) => Buffer.concat([Buffer.from(one), Buffer.of(0xff)])),
    fc.uint8Array(),
  );

  it("are read, ignored, or rejected in a sentence of one line, and never throw", () => {
    const reached = new Set<string>();
    fc.assert(
      fc.property(bytes, (value) => {
        const parsed = pipelines[name].parse(topic, value);
        reached.add(parsed.kind);
        if (parsed.kind === "rejected") expect(parsed.message).toMatch(/^[^\n]{5,500}$/);
      }),
      { numRuns },
    );
    expect(reached).toContain("record");
    expect(reached).toContain("rejected");
  });
});

describe("a line of a record file", () => {
  it("is a record, nothing, or refused by its number", () => {
    const near = someOf(["topic", "partition", "offset", "ts", "key", "payload", "headers"]);
    const line = fc.oneof(
      near.map((one) => Buffer.from(JSON.stringify(one))),
      jsonText.map((one) => Buffer.from(one)),
      fc.uint8Array().map((one) => Buffer.from(one)),
    );
    fc.assert(
      fc.property(line, (bytes) => {
        try {
          const record = parseRecordLine({ number: 7, bytes });
          expect(record === undefined || record.topic.length > 0).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(RecordLineError);
          expect((error as Error).message).toMatch(/^line 7 is no record: /);
        }
      }),
      { numRuns },
    );
  });
});
