import { SqliteStateStore } from "../../../localstack/embedded/sqlite-state-store.ts";
import type { DocumentTable } from "../../../shared/ports/state-store.ts";
import { SharedRateLimit } from "../../../shared/runtime/shared-rate-limit.ts";
import { SimulatedTime } from "../../support/simulated-time.ts";

/** Numbers in [0, 1) that follow from a seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** An instance of a function that sends over several lines, each of which sends its next request when the one before is answered. */
export interface InstancePlan {
  /** How far its clock is ahead, in ms. */
  readonly offset: number;
  readonly lines: number;
  /** Until a request is answered, in ms. */
  readonly answerMs: number;
  /** When it begins, in ms. */
  readonly startMs: number;
  /** When it is frozen, as [from, for] in ms: nothing of it goes on. */
  readonly frozen: readonly (readonly [from: number, duration: number])[];
}

export interface LimitPlan {
  readonly ratePerSecond: number;
  readonly seed: number;
  /** Round trip to the table, at most, in ms. */
  readonly storeMsMax: number;
  /** Out of a thousand writes so many come to nothing, and so many more land without an answer. */
  readonly failing: number;
  readonly instances: readonly InstancePlan[];
  readonly durationMs: number;
}

export interface LimitRun {
  /** When each request was let through, and whose. */
  readonly sent: readonly { readonly at: number; readonly instance: number }[];
  readonly withheld: readonly string[];
  readonly reads: number;
  readonly writes: number;
}

const began = Date.UTC(2026, 2, 1);

/** Plays instances with unlimited demand against one limit, in simulated time: the same plan always goes the same way. */
export async function playLimit(plan: LimitPlan): Promise<LimitRun> {
  const time = new SimulatedTime();
  const random = randomFrom(plan.seed);
  const { progress } = new SqliteStateStore({ path: ":memory:", clock: { now: () => began + time.now } });
  const run = { sent: [] as { at: number; instance: number }[], withheld: [] as string[], reads: 0, writes: 0 };
  const sleeper =
    ({ frozen }: InstancePlan) =>
    async (delay: number) => {
      await time.sleep(delay);
      const freeze = frozen.find(([from, duration]) => from <= time.now && time.now < from + duration);
      if (freeze) await time.sleep(freeze[0] + freeze[1] - time.now);
    };
  const tableOf = (sleep: (delay: number) => Promise<void>): DocumentTable => {
    const half = () => sleep(1 + Math.floor((random() * plan.storeMsMax) / 2));
    return {
      async read(keys) {
        run.reads++;
        await half();
        const found = await progress.read(keys);
        await half();
        return found;
      },
      async commit(document) {
        run.writes++;
        const fate = random() * 1_000;
        await half();
        if (fate < plan.failing) throw new Error("not written");
        const outcome = await progress.commit(document);
        await half();
        if (fate < 2 * plan.failing) throw new Error("the answer is lost");
        return outcome;
      },
    };
  };
  const line = async (instance: number, limit: SharedRateLimit, sleep: (delay: number) => Promise<void>) => {
    await sleep(plan.instances[instance]?.startMs ?? 0);
    while (time.now < plan.durationMs) {
      const leave = await limit.take();
      if (leave.kind === "granted") run.sent.push({ at: time.now, instance });
      else run.withheld.push(leave.reason);
      await sleep(leave.kind === "granted" ? (plan.instances[instance]?.answerMs ?? 0) : 1_000);
    }
  };
  plan.instances.forEach((one, instance) => {
    const sleep = sleeper(one);
    const limit = new SharedRateLimit({
      ...{ table: tableOf(sleep), key: "limit", ratePerSecond: plan.ratePerSecond, sleep },
      ...{ clock: { now: () => began + time.now + one.offset }, random: randomFrom(plan.seed * 1_000 + instance) },
    });
    for (let i = 0; i < one.lines; i++) void line(instance, limit, sleep);
  });
  await time.run(plan.durationMs);
  return run;
}

/** By how many requests the worst of all windows of any length holds more than `ratePerSecond` times its length. */
export function worstExcess(times: readonly number[], ratePerSecond: number): number {
  let worst = 0;
  let least = Number.POSITIVE_INFINITY;
  times
    .toSorted((a, b) => a - b)
    .forEach((at, i) => {
      const allowed = (at * ratePerSecond) / 1_000;
      least = Math.min(least, i - allowed);
      worst = Math.max(worst, i + 1 - allowed - least);
    });
  return worst;
}
