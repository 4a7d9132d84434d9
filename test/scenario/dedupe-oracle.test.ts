import fc from "fast-check";
import { describe, it } from "vitest";
import { dedupe } from "../../shared/pipelines/dedupe/dedupe.ts";
import { runFacts } from "../../shared/runtime/running-pipeline.ts";
import { expectSame } from "../support/expect-oracle-answer.ts";
import { judgeDedupe } from "../support/oracle/dedupe-oracle.ts";
import { PipelineWorld } from "../support/pipeline-world.ts";
import { amount, faultsOf, type InputShape, idAlike, minute, noIds, noTimes, smallInput } from "./oracle-inputs.ts";
import { anyCut, expectAnswer, expectOneOutputEach, messagesOf, playThrough } from "./oracle-play.ts";

/** `SEED=7 RUNS=5000 npx vitest run test/scenario/dedupe-oracle.test.ts` looks elsewhere, and longer. */
const seed = Number(process.env.SEED ?? 20_240_101);
const numRuns = Number(process.env.RUNS ?? 150);

const shape: InputShape = {
  topic: "incoming-events",
  fields(move, place, eventTime) {
    const { choice } = move;
    const eventId = choice % 2 === 0 ? idAlike(move) : `event ${place}`;
    return { payload: { n: choice }, eventTime, amount: amount(choice), eventId };
  },
  faults: [...faultsOf("eventId", noIds), ...faultsOf("eventTime", noTimes)],
  identity: ["eventId"],
  wanders: true,
};

const input = fc
  .record({
    allowedLateness: fc.constantFrom(0, minute, 2 * minute, 5 * minute),
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

describe("dedupe against the oracle", () => {
  it("gives its answer, however the input is cut and sent again", async () => {
    await fc.assert(
      fc.asyncProperty(input, async ({ settings, lines, cut }) => {
        const { allowedLateness, ...engine } = settings;
        const world = new PipelineWorld({ pipeline: dedupe({ allowedLateness }), run: runFacts, settings: engine });
        await playThrough(world, lines, cut);
        const answer = judgeDedupe(lines, settings);
        await expectAnswer(world, answer);
        await expectOneOutputEach(world);
        const messages = answer.rows.map(({ eventId, body }) => ({
          topic: "processed-events",
          key: eventId,
          value: body,
        }));
        expectSame("messages", messagesOf(world), messages);
        world.end();
      }),
      { seed, numRuns },
    );
  });
});
