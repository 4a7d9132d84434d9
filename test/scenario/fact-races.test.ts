import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { expectPurchasesWhole, historyOf, partition0, partition1, purchasesWorld } from "../support/fact-race.ts";
import { type Mishap, Turns } from "../support/turns.ts";

const seed = Number(process.env.SEED ?? 20_240_101);
const numRuns = Number(process.env.RUNS ?? 200);

const mishap = fc.option(fc.record({ at: fc.nat({ max: 18 }), landed: fc.boolean(), deadly: fc.boolean() }), {
  nil: undefined,
});
const length = fc.integer({ min: 1, max: partition0.length });

describe("handlers of the same purchases that overlap, fail and die anywhere", () => {
  it("count each purchase once, in one row, whatever the order of their operations", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat({ max: 3 }), { maxLength: 60 }),
        fc.array(fc.record({ length, mishap }), { minLength: 1, maxLength: 3 }),
        mishap,
        async (schedule, tries, others) => {
          const mishaps: Record<string, Mishap> = others ? { other: others } : {};
          for (const [at, { mishap }] of tries.entries()) if (mishap) mishaps[`try ${at}`] = mishap;
          const turns = new Turns(
            schedule.map((choice) => choice % (tries.length + 1)),
            mishaps,
          );
          const world = purchasesWorld(turns);
          const actors: Record<string, () => Promise<unknown>> = { other: () => world.deliver(partition1) };
          for (const [at, { length }] of tries.entries()) {
            actors[`try ${at}`] = () => world.deliver(partition0.slice(0, length));
          }
          await turns.play(actors);
          await expectTotalsOfLists(world);
          await expectPurchasesWhole(world);
          world.end();
        },
      ),
      { seed, numRuns },
    );
  });
});

async function expectTotalsOfLists(world: ReturnType<typeof purchasesWorld>): Promise<void> {
  for (const user of ["ann", "bob"]) {
    const { count, ids } = await historyOf(world, user);
    expect(ids.length, `the list of ${user} in the middle of it`).toBe(count);
  }
}
