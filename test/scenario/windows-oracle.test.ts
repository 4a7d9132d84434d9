import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RecordLine } from "../../localstack/record-file/record-line.ts";
import { judgeWindows, type WindowsSettings } from "../support/oracle/windows-oracle.ts";
import {
  amount,
  faultsOf,
  type InputShape,
  idAlike,
  minute,
  noAmounts,
  noIds,
  noTimes,
  second,
} from "./oracle-inputs.ts";
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
import { windowsWorld } from "./windows-world.ts";

/** `SEED=7 RUNS=5000 npx vitest run test/scenario/windows-oracle.test.ts` looks elsewhere, and longer. */
const seed = Number(process.env.SEED ?? 20_240_101);
const numRuns = Number(process.env.RUNS ?? 100);

const users = ["user", "a|b", "～"];

const shape: InputShape = {
  topic: "incoming-events",
  fields(move, place, eventTime) {
    const { user, choice } = move;
    const eventId = choice % 2 === 0 ? idAlike(move) : `event ${place}`;
    const eventType = [undefined, null, "sale"][choice % 3];
    return { eventId, userId: users[user], amount: choice % 7 === 0 ? null : amount(choice), eventType, eventTime };
  },
  faults: [
    ...["eventId", "userId"].flatMap((name) => faultsOf(name, noIds)),
    ...faultsOf("eventTime", noTimes),
    ...faultsOf("amount", noAmounts),
    ...faultsOf("eventType", [7, true, {}]),
  ],
  identity: ["eventId"],
  wanders: true,
};

const anySettings = fc.record({
  allowedLateness: fc.constantFrom(0, minute, 2 * minute, 5 * minute),
  windowSize: fc.constantFrom(second, 30 * second, minute, 90 * second, 5 * minute),
  maxFutureSkew: fc.constantFrom(0, minute, 5 * minute),
  partitions: fc.constantFrom(1, 2, 3),
});

async function expectOracleAnswer(
  settings: WindowsSettings,
  lines: readonly RecordLine[],
  cut: Cut,
): Promise<string[]> {
  const world = windowsWorld(settings);
  await playThrough(world, lines, cut);
  const answer = judgeWindows(lines, settings);
  await expectAnswer(world, answer);
  await expectRevisionsToLeadToFinals(world, ({ body }) => `${body.windowStart} ${body.userId}`);
  for (const { topic, key, value } of messagesOf(world)) {
    const { userId } = JSON.parse(value) as { userId: string };
    expect([topic, key.slice(0, userId.length + 1)]).toEqual(["mode-b-aggregates", `${userId}|`]);
  }
  world.end();
  return kindsOfFate(answer);
}

describe("windows against the oracle", () => {
  it("give its answer, however the input is cut, sent again and closed in between", async () => {
    await fc.assert(
      fc.asyncProperty(anyInput(shape, anySettings), async ({ settings, lines, cut }) => {
        await expectOracleAnswer(settings, lines, cut);
      }),
      { seed, numRuns },
    );
  });

  it("give its answer for 10,000 records of generated traffic", async () => {
    const settings = { allowedLateness: 10 * minute, windowSize: 5 * minute, maxFutureSkew: 5 * minute, partitions: 3 };
    const kinds = await expectOracleAnswer(settings, generatedInput("windows", seed), longCut);
    expect(kinds).toEqual(["accepted", "duplicate", "future", "ignored", "late", "malformed"]);
  });
});
