import { type Simulated, simulate } from "./run.ts";
import type { WorldOptions } from "./world.ts";

export interface Shrunk {
  readonly options: WorldOptions;
  readonly simulated: Simulated;
}

/**
 * Leaves out records and faults as long as the run still fails by the same checker. Whatever is left out changes all that follows, so this
 * finds a small run rather than the smallest.
 */
export async function shrink(found: Shrunk, stepsMax: number, until: number): Promise<Shrunk> {
  const checker = checkerOf(found.simulated);
  let best = found;
  const attempt = async (left: Partial<WorldOptions>) => {
    const options = { ...best.options, ...left };
    const simulated = await simulate(options, stepsMax);
    if (checkerOf(simulated) !== checker) return false;
    best = { options, simulated };
    return true;
  };
  for (let isSmaller = true; isSmaller && Date.now() < until; ) {
    const before = size(best);
    await leaveOut(
      () => best.simulated.places,
      (places) => attempt({ withoutRecords: new Set([...(best.options.withoutRecords ?? []), ...places]) }),
      until,
    );
    await leaveOut(
      () => faultsLeft(best),
      (numbers) => attempt({ withoutFaults: new Set([...(best.options.withoutFaults ?? []), ...numbers]) }),
      until,
    );
    isSmaller = size(best) < before;
  }
  return best;
}

/** Tries to do without portions of what is left, large ones first. */
async function leaveOut(
  left: () => readonly number[],
  attempt: (portion: readonly number[]) => Promise<boolean>,
  until: number,
): Promise<void> {
  for (let length = Math.ceil(left().length / 2); length >= 1; length = length === 1 ? 0 : Math.ceil(length / 2)) {
    for (let at = 0; at < left().length && Date.now() < until; ) {
      const isGone = await attempt(left().slice(at, at + length));
      if (!isGone) at += length;
    }
  }
}

function faultsLeft({ options, simulated }: Shrunk): number[] {
  const numbers = Array.from({ length: simulated.drawn }, (_, number) => number);
  return numbers.filter((number) => !options.withoutFaults?.has(number));
}

function size(shrunk: Shrunk): number {
  return shrunk.simulated.places.length + faultsLeft(shrunk).length;
}

/** The name of the checker that failed first. */
function checkerOf({ violations }: Simulated): string | undefined {
  return violations[0]?.split(":")[0];
}
