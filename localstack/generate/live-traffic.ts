import type { DurationMs, WallTimeMs } from "../../shared/core/units.ts";
import type { RecordLine } from "../record-file/record-line.ts";
import { Traffic, type TrafficOptions } from "./traffic.ts";
import type { Subject, TrafficPlan } from "./traffic-plan.ts";

/** After a longer pause the live traffic goes on from now: what was missed stays missing. */
const pauseMax: DurationMs = 5_000;

/** Traffic without end, as fast as the clock that it is asked by. Each call answers what has happened since the last, or since `start`. */
export function liveTraffic<S extends Subject>(
  plan: TrafficPlan<S>,
  options: TrafficOptions,
): (now: WallTimeMs) => RecordLine[] {
  const traffic = new Traffic(plan, options);
  let last = options.start;
  let owed = 0;
  return (now) => {
    const elapsed = Math.min(Math.max(now - last, 0), pauseMax);
    last = now;
    owed += (elapsed * options.ratePerSecond) / 1_000;
    const count = Math.floor(owed);
    owed -= count;
    return Array.from({ length: count }, (_, i) =>
      traffic.record(now - Math.floor((elapsed * (count - 1 - i)) / count)),
    );
  };
}
