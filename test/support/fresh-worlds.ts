import { afterEach } from "vitest";
import { World, type WorldOptions } from "./world.ts";

const worlds: World[] = [];
afterEach(() => {
  for (const world of worlds.splice(0)) world.end();
});

/** A world that ends with its test. */
export function freshWorld(options: WorldOptions = {}): World {
  const world = new World(options);
  worlds.push(world);
  return world;
}
