import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type InstancePlan, type LimitPlan, playLimit, worstExcess } from "./limited-instances.ts";

/** `SEED=7 RUNS=5000 npx vitest run test/unit/runtime/shared-rate-limit-races.test.ts` looks elsewhere, and longer. */
const seed = Number(process.env.SEED ?? 20_240_101);
const numRuns = Number(process.env.RUNS ?? 100);

const calm: InstancePlan = { offset: 0, lines: 8, answerMs: 20, startMs: 0, frozen: [] };
const plain: Omit<LimitPlan, "ratePerSecond" | "instances"> = {
  seed: 1,
  storeMsMax: 20,
  failing: 0,
  durationMs: 20_000,
};

/** What is documented, in requests: a fifth of a second's, what the clocks differ by, and one. */
function burstOf({ ratePerSecond, instances }: LimitPlan): number {
  const offsets = instances.map(({ offset }) => offset);
  const spread = Math.max(...offsets) - Math.min(...offsets);
  return (ratePerSecond * (200 + spread)) / 1_000 + 1;
}

const times = (run: { readonly sent: readonly { readonly at: number }[] }) => run.sent.map(({ at }) => at);

describe("instances that share a rate limit", () => {
  const freeze = fc.tuple(fc.nat(9_000), fc.integer({ min: 1, max: 3_000 }));
  const instance = fc.record({
    offset: fc.oneof(fc.constant(0), fc.integer({ min: -2_500, max: 2_500 })),
    lines: fc.integer({ min: 1, max: 10 }),
    answerMs: fc.integer({ min: 1, max: 500 }),
    startMs: fc.oneof(fc.constant(0), fc.nat(8_000)),
    frozen: fc.array(freeze, { maxLength: 3 }),
  });
  const plan = fc.record({
    ratePerSecond: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 500 })),
    seed: fc.nat(1_000_000),
    storeMsMax: fc.integer({ min: 0, max: 200 }),
    failing: fc.constantFrom(0, 0, 10, 200),
    instances: fc.array(instance, { minLength: 1, maxLength: 5 }),
    durationMs: fc.constant(10_000),
  });

  it("never send more in any time than its rate and the documented burst, whatever races, fails, freezes or is off", async () => {
    await fc.assert(
      fc.asyncProperty(plan, async (plan) => {
        const run = await playLimit(plan);
        expect(worstExcess(times(run), plan.ratePerSecond)).toBeLessThanOrEqual(burstOf(plan) + 1e-6);
      }),
      { seed, numRuns },
    );
  });

  const among = (count: number, part: (i: number) => Partial<InstancePlan> = () => ({})) =>
    Array.from({ length: count }, (_, i) => ({ ...calm, ...part(i) }));

  it.each<[what: string, plan: Pick<LimitPlan, "ratePerSecond" | "instances"> & Partial<LimitPlan>]>([
    ["one instance, 1 per second", { ratePerSecond: 1, instances: among(1) }],
    ["one instance, 10 per second", { ratePerSecond: 10, instances: among(1) }],
    ["one instance, 300 per second", { ratePerSecond: 300, instances: among(1) }],
    ["one instance, a table that takes 100 ms", { ratePerSecond: 100, storeMsMax: 100, instances: among(1) }],
    ["four instances", { ratePerSecond: 100, instances: among(4) }],
    ["four instances, 1,000 per second", { ratePerSecond: 1_000, instances: among(4) }],
    ["40 instances, 1 per second", { ratePerSecond: 1, instances: among(40) }],
    ["40 instances, 1,000 per second", { ratePerSecond: 1_000, instances: among(40) }],
    [
      "ten instances that are each far slower than the rate",
      { ratePerSecond: 400, instances: among(10, () => ({ answerMs: 100 })) },
    ],
    ["clocks up to 5 seconds apart", { ratePerSecond: 100, instances: among(3, (i) => ({ offset: (i - 1) * 2_500 })) }],
    ["a table that fails twice in a hundred writes", { ratePerSecond: 100, failing: 10, instances: among(4) }],
  ])("send at least nine tenths of what they may where there is enough to send: %s", async (_, part) => {
    const plan = { ...plain, ...part };
    const { sent, withheld } = await playLimit(plan);
    const allowed = (plan.ratePerSecond * plan.durationMs) / 1_000;
    expect(sent.length).toBeGreaterThanOrEqual(0.9 * allowed);
    expect(worstExcess(times({ sent }), plan.ratePerSecond)).toBeLessThanOrEqual(burstOf(plan) + 1e-6);
    expect(withheld).toEqual([]);
  });

  it("all get on, where some are faster than others", async () => {
    const instances = among(6, (i) => ({ answerMs: 10 * (i + 1), lines: 2 + i }));
    const { sent } = await playLimit({ ...plain, ratePerSecond: 60, instances });
    const share = instances.map((_, i) => sent.filter(({ instance }) => instance === i).length);
    expect(Math.min(...share)).toBeGreaterThan(sent.length / 12);
  });

  it.each([
    [1, 1, 1_500],
    [10, 1, 250],
    [100, 1, 25],
    [100, 4, 50],
    [300, 1, 10],
  ])("at %i requests per second, %i at work, need at most %i writes per 1,000 requests", async (rate, count, most) => {
    const { sent, writes } = await playLimit({ ...plain, ratePerSecond: rate, instances: among(count) });
    expect((writes / sent.length) * 1_000).toBeLessThanOrEqual(most);
  });

  it("are stopped at the rate by it alone: without one they would send far more", async () => {
    const free = await playLimit({ ...plain, ratePerSecond: 100_000, durationMs: 5_000, instances: among(4) });
    expect(worstExcess(times(free), 100)).toBeGreaterThan(1_000);
  });
});
