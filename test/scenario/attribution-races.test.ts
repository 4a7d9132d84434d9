import fc from "fast-check";
import { describe, it } from "vitest";
import { clicks, expectNoHarm, views } from "../support/one-users-race.ts";
import { Turns } from "../support/turns.ts";
import { World } from "../support/world.ts";

describe("a handler of clicks and one of page views race for the state of one user", () => {
  it("survives overlapping deliveries of the same records and closings in between", async () => {
    const schedules = fc.array(fc.nat({ max: 3 }), { minLength: 40, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(schedules, fc.boolean(), async (choices, cut) => {
        const turns = new Turns(choices.map((choice) => choice % 2));
        const world = new World({ settings: { partitions: 1 }, interpose: turns.interpose });
        await turns.play({
          clicks: () => world.deliver(clicks),
          clicksAgain: () => world.deliver(cut ? clicks.slice(0, 1) : clicks),
          views: () => world.deliver(views),
          viewsAgain: () => world.deliver(cut ? views.slice(0, 1) : views),
        });
        await world.close();
        await expectNoHarm(world);
        world.end();
      }),
      { seed: 20_240_101, numRuns: 300 },
    );
  });
});
