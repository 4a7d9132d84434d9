import type { FaultKind } from "./faults.ts";
import { World, type WorldOptions } from "./world.ts";

/** Steps of trouble in a run, at most, before all comes to rest. */
export const stepsDefault = 2_000;

export interface Simulated {
  /** What doesn't hold, the first first; empty where all does. */
  readonly violations: readonly string[];
  readonly steps: number;
  readonly faults: ReadonlyMap<FaultKind, number>;
  /** How many faults were drawn: those that were left out among them. */
  readonly drawn: number;
  /** Every record that came to pass, by its place. */
  readonly places: readonly number[];
}

/** Plays one world to its end. The same options, the same run. */
export async function simulate(options: WorldOptions, stepsMax = stepsDefault): Promise<Simulated> {
  const world = new World(options);
  const places = world.places();
  await world.run(stepsMax);
  const { violations, scheduler, faults } = world;
  return { violations, steps: scheduler.step, faults: faults.counts, drawn: faults.drawn, places };
}
