import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { judgeWindows } from "../support/oracle/windows-oracle.ts";
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
  smallInput,
} from "./oracle-inputs.ts";
import { anyCut, expectAnswer, expectRevisionsToLeadToFinals, messagesOf, playThrough } from "./oracle-play.ts";
import { windowsWorld } from "./windows-world.ts";

/** `SEED=7 RUNS=5000 npx vitest run test/scenario/windows-oracle.test.ts` looks elsewhere, and longer. */
const seed = Number(process.env.SEED ?? 20_240_101);
const numRuns = Number(process.env.RUNS ?? 150);

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

const input = fc
  .record({
    allowedLateness: fc.constantFrom(0, minute, 2 * minute, 5 * minute),
    windowSize: fc.constantFrom(second, 30 * second, minute, 90 * second, 5 * minute),
    maxFutureSkew: fc.constantFrom(0, minute, 5 * minute),
    partitions: fc.constantFrom(1, 2, 3),
  })
  .chain((settings) =>
    fc.record({
      settings: fc.constant(settings),
      lines: smallInput(shape, settings.partitions, settings.maxFutureSkew),
      cut: anyCut,
    }),
  );

describe("windows against the oracle", () => {
  it("give its answer, however the input is cut, sent again and closed in between", async () => {
    await fc.assert(
      fc.asyncProperty(input, async ({ settings, lines, cut }) => {
        const world = windowsWorld(settings);
        await playThrough(world, lines, cut);
        await expectAnswer(world, judgeWindows(lines, settings));
        await expectRevisionsToLeadToFinals(world, ({ body }) => `${body.windowStart} ${body.userId}`);
        for (const { topic, key, value } of messagesOf(world)) {
          const { userId } = JSON.parse(value) as { userId: string };
          expect([topic, key.slice(0, userId.length + 1)]).toEqual(["mode-b-aggregates", `${userId}|`]);
        }
        world.end();
      }),
      { seed, numRuns },
    );
  });
});
