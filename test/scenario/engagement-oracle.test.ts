import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RecordLine } from "../../localstack/record-file/record-line.ts";
import { engagementEvents } from "../../shared/pipelines/engagement/records.ts";
import { engagementTraffic } from "../support/engagement-traffic.ts";
import { expectOracleAnswer, sameTopic, sameTopicAndPartition } from "./engagement-play.ts";
import { minute, second } from "./oracle-inputs.ts";
import { anyCut, generatedInput, longCut } from "./oracle-play.ts";

/** `SEED=7 RUNS=5000 npx vitest run test/scenario/engagement-oracle.test.ts` looks elsewhere, and longer. */
const seed = Number(process.env.SEED ?? 20_240_101);
const numRuns = Number(process.env.RUNS ?? 100);

const anySettings = fc.record({
  allowedLateness: fc.constantFrom(0, minute, 2 * minute, 5 * minute),
  enrichmentWait: fc.constantFrom(0, minute, 3 * minute, 10 * minute),
  finalInterval: fc.constantFrom(second, minute, 5 * minute),
  maxFutureSkew: fc.constantFrom(0, minute, 5 * minute),
  includeSnapshot: fc.boolean(),
  partitions: fc.constantFrom(1, 2, 3),
});

const anyInput = fc.tuple(anySettings, fc.boolean()).chain(([settings, wanders]) => {
  const traffic = engagementTraffic(60, { ...settings, wanders });
  const lines = fc.oneof(traffic, traffic.map(withoutBlanks));
  return fc.record({ settings: fc.constant(settings), wanders: fc.constant(wanders), lines, cut: anyCut });
});

/** As Debezium spells JSON: a schema is recognized by its text. */
function withoutBlanks(lines: readonly RecordLine[]): RecordLine[] {
  return lines.map((line) => {
    const payload = line.payload?.replaceAll('": ', '":').replaceAll(', "', ',"') ?? null;
    return { ...line, payload };
  });
}

const ids = ["9", "10", "9007199254740991", "9007199254740992", "9007199254740993", "9223372036854775807"];

/** Events of one and the same time, each with another id and of any content. */
const anyTies: fc.Arbitrary<RecordLine[]> = fc
  .tuple(
    fc.shuffledSubarray(ids, { minLength: ids.length }),
    fc.array(fc.constantFrom(...ids), { minLength: 6, maxLength: 6 }),
  )
  .map(([eventIds, contentIds]) =>
    eventIds.map((id, offset) => {
      const [content_id = "", event_ts] = [contentIds[offset], ts];
      const payload = JSON.stringify({ op: "c", after: { id, content_id, user_id: "ann", event_type: "", event_ts } });
      return { topic: engagementEvents, partition: 0, offset, tstype: "create", ts, key: null, payload };
    }),
  );
const ts = Date.parse("2024-01-01T12:00:00Z");

const usual = {
  allowedLateness: 5 * minute,
  enrichmentWait: 10 * minute,
  finalInterval: 5 * minute,
  maxFutureSkew: 5 * minute,
  includeSnapshot: false,
  partitions: 3,
};

describe("engagement against the oracle", () => {
  it("gives its answer, however the input is cut, sent again and closed in between", async () => {
    await fc.assert(
      fc.asyncProperty(anyInput, async ({ settings, wanders, lines, cut }) => {
        await expectOracleAnswer(settings, lines, cut, wanders ? sameTopicAndPartition : sameTopic);
      }),
      { seed, numRuns },
    );
  });

  it("gives its answer where ids are apart that are one as a double, or in another order as text", async () => {
    await fc.assert(
      fc.asyncProperty(anyTies, anyCut, async (lines, cut) => {
        await expectOracleAnswer(usual, lines, cut, sameTopic);
      }),
      { seed, numRuns: 50 },
    );
  });

  it("gives its answer for 10,000 records of generated traffic", async () => {
    const input = generatedInput("engagement", seed);
    const kinds = await expectOracleAnswer(usual, input, longCut, sameTopicAndPartition);
    expect(kinds).toEqual(["accepted", "duplicate", "future", "ignored", "malformed"]);
  });
});
