import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RecordLine } from "../../localstack/record-file/record-line.ts";
import { dedupe } from "../../shared/pipelines/dedupe/dedupe.ts";
import { runFacts } from "../../shared/runtime/running-pipeline.ts";
import { expectSame } from "../support/expect-oracle-answer.ts";
import { type DedupeSettings, judgeDedupe } from "../support/oracle/dedupe-oracle.ts";
import { PipelineWorld } from "../support/pipeline-world.ts";
import { amount, faultsOf, type InputShape, idAlike, minute, noIds, noTimes } from "./oracle-inputs.ts";
import {
  anyInput,
  type Cut,
  expectAnswer,
  expectOneOutputEach,
  generatedInput,
  kindsOfFate,
  longCut,
  messagesOf,
  playThrough,
} from "./oracle-play.ts";

/** `SEED=7 RUNS=5000 npx vitest run test/scenario/dedupe-oracle.test.ts` looks elsewhere, and longer. */
const seed = Number(process.env.SEED ?? 20_240_101);
const numRuns = Number(process.env.RUNS ?? 100);

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

const anySettings = fc.record({
  allowedLateness: fc.constantFrom(0, minute, 2 * minute, 5 * minute),
  maxFutureSkew: fc.constantFrom(0, minute, 5 * minute),
  partitions: fc.constantFrom(1, 2, 3),
});

async function expectOracleAnswer(settings: DedupeSettings, lines: readonly RecordLine[], cut: Cut): Promise<string[]> {
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
  return kindsOfFate(answer);
}

describe("dedupe against the oracle", () => {
  it("gives its answer, however the input is cut and sent again", async () => {
    await fc.assert(
      fc.asyncProperty(anyInput(shape, anySettings), async ({ settings, lines, cut }) => {
        await expectOracleAnswer(settings, lines, cut);
      }),
      { seed, numRuns },
    );
  });

  it("gives its answer for 10,000 records of generated traffic", async () => {
    const settings = { allowedLateness: 5 * minute, maxFutureSkew: 5 * minute, partitions: 3 };
    const kinds = await expectOracleAnswer(settings, generatedInput("dedupe", seed), longCut);
    expect(kinds).toEqual(["accepted", "duplicate", "future", "ignored", "late", "malformed"]);
  });
});
