import type { WallTimeMs } from "../core/units.ts";

export interface Clock {
  now(): WallTimeMs;
}
