import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RecordLine } from "../../localstack/record-file/record-line.ts";
import { type ConversionsSettings, judgeConversions } from "../support/oracle/conversions-oracle.ts";
import { NumberText } from "../support/oracle/oracle-json.ts";
import { conversionsWorld } from "./conversions-play.ts";
import { amount, faultsOf, type InputShape, minute, noAmounts, noIds, noTimes, second } from "./oracle-inputs.ts";
import {
  anyInput,
  type Cut,
  expectAnswer,
  expectRevisionsToLeadToFinals,
  generatedInput,
  kindsOfFate,
  longCut,
  messagesOf,
  playThrough,
} from "./oracle-play.ts";

/** `SEED=7 RUNS=5000 npx vitest run test/scenario/conversions-oracle.test.ts` looks elsewhere, and longer. */
const seed = Number(process.env.SEED ?? 20_240_101);
const numRuns = Number(process.env.RUNS ?? 100);

const names = ["a", "～", "😀"];

const shape: InputShape = {
  topic: "raw-events",
  fields({ user, choice: drawn }, place, timestamp) {
    const event_type = ["click", "click", "conversion", "conversion", "click", "impression"][drawn % 6];
    const choice = Math.floor(drawn / 6);
    const event_id =
      choice % 11 === 0
        ? new NumberText(`${9_007_199_254_740_993n + BigInt(place)}`)
        : names[choice % 3] + String(place);
    const shared = {
      event_type,
      event_id,
      user_id: `user_${user}`,
      campaign_id: `campaign ${Number(choice % 5 === 0)}`,
      timestamp,
    };
    const both = { ...shared, source: `source ${choice % 3}` };
    return event_type === "conversion"
      ? { ...both, type: "purchase", value: amount(choice) }
      : { ...both, ad_id: `ad ${choice % 5}`, metadata: { n: 1 } };
  },
  faults: [
    ...faultsOf("event_type", [undefined, null, 7]),
    ...["event_id", "user_id", "campaign_id"].flatMap((name) => faultsOf(name, noIds)),
    ...faultsOf("timestamp", noTimes),
    ...faultsOf("source", [undefined, null, 7, {}]),
    ...noAmounts.map((value) => ({ event_type: "conversion", type: "purchase", value })),
    { event_type: "conversion", type: null, value: 1 },
    { event_type: "click", ad_id: null },
  ],
  identity: ["event_type", "event_id", "user_id"],
  wanders: false,
};

const anySettings = fc.record({
  allowedLateness: fc.constantFrom(0, minute, 2 * minute, 5 * minute),
  attributionWindow: fc.constantFrom(0, minute, 3 * minute, 30 * minute, 24 * 60 * minute),
  finalInterval: fc.constantFrom(second, minute, 5 * minute),
  maxFutureSkew: fc.constantFrom(0, minute, 5 * minute),
  partitions: fc.constant(2),
});

type Settings = ConversionsSettings & { readonly partitions: number; readonly finalInterval: number };

async function expectOracleAnswer(settings: Settings, lines: readonly RecordLine[], cut: Cut): Promise<string[]> {
  const world = conversionsWorld(settings);
  await playThrough(world, lines, cut);
  const answer = judgeConversions(lines, settings);
  await expectAnswer(world, answer);
  // Of an id that was forgotten and came again there are two conversions, at different times.
  await expectRevisionsToLeadToFinals(world, ({ entity, body }) => `${entity} ${body.conversion_time}`);
  for (const { topic, key, value } of messagesOf(world)) {
    expect([topic, key]).toEqual(["attributed-events", (JSON.parse(value) as { user_id: string }).user_id]);
  }
  world.end();
  return kindsOfFate(answer);
}

describe("conversions against the oracle", () => {
  it("give its answer, however the input is cut, sent again and closed in between", async () => {
    await fc.assert(
      fc.asyncProperty(anyInput(shape, anySettings), async ({ settings, lines, cut }) => {
        await expectOracleAnswer(settings, lines, cut);
      }),
      { seed, numRuns },
    );
  });

  it("give its answer for 10,000 records of generated traffic", async () => {
    const day = 24 * 60 * minute;
    const settings = { allowedLateness: 5 * minute, attributionWindow: day, maxFutureSkew: 5 * minute, partitions: 3 };
    const kinds = await expectOracleAnswer(
      { ...settings, finalInterval: 5 * minute },
      generatedInput("conversions", seed),
      longCut,
    );
    expect(kinds).toEqual(["accepted", "duplicate", "future", "ignored", "late", "malformed"]);
  });
});
