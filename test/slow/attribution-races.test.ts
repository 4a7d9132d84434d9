import { describe, expect, it } from "vitest";
import { clicks, expectNoHarm, views } from "../support/one-users-race.ts";
import { nextSchedule, Turns } from "../support/turns.ts";
import { World } from "../support/world.ts";

const skip =
  process.env.TIDEMARK_ALL_ORDERS === "1" ? undefined : "a minute's work: TIDEMARK_ALL_ORDERS=1, as CI has it";

describe("a handler of clicks and one of page views race for the state of one user", () => {
  it.skipIf(skip)(
    `loses nothing and doubles nothing, in any order of their reads and writes${skip ? ` (${skip})` : ""}`,
    {
      timeout: 300_000,
    },
    async () => {
      let runs = 0;
      for (let schedule: number[] | undefined = []; schedule; ) {
        const turns: Turns = new Turns(schedule);
        const world = new World({ settings: { partitions: 1 }, interpose: turns.interpose });
        await turns.play({ clicks: () => world.deliver(clicks), views: () => world.deliver(views) });
        await expectNoHarm(world);
        world.end();
        schedule = nextSchedule(schedule, turns.waited);
        runs++;
      }
      // C(14, 7) orders of two handlers with seven operations each, and some more where a lost race makes one of them try again.
      expect(runs).toBeGreaterThan(3_000);
    },
  );
});
