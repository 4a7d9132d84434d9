import { type FaultKind, faultKinds } from "./faults.ts";
import type { Simulated } from "./run.ts";

/** What came of many runs of a pipeline. */
export interface Tally {
  seeds: number;
  steps: number;
  readonly faults: Partial<Record<FaultKind, number>>;
}

export function emptyTally(): Tally {
  return { seeds: 0, steps: 0, faults: {} };
}

export function addRun(tally: Tally, { steps, faults }: Simulated): void {
  tally.seeds++;
  tally.steps += steps;
  for (const [kind, count] of faults) tally.faults[kind] = (tally.faults[kind] ?? 0) + count;
}

export function sumOf(tallies: readonly Tally[]): Tally {
  const sum = emptyTally();
  for (const { seeds, steps, faults } of tallies) {
    sum.seeds += seeds;
    sum.steps += steps;
    for (const kind of faultKinds) if (faults[kind]) sum.faults[kind] = (sum.faults[kind] ?? 0) + faults[kind];
  }
  return sum;
}

/** `3 seeds, 1,200 steps, 41 faults` and a line for each kind of fault. */
export function tallyText({ seeds, steps, faults }: Tally): string {
  const total = Object.values(faults).reduce((sum, count) => sum + count, 0);
  const head = [`${count(seeds)} seed${seeds === 1 ? "" : "s"}`, `${count(steps)} steps`, `${count(total)} faults`];
  const lines = faultKinds.flatMap((kind) => (faults[kind] ? [`  ${kind}: ${count(faults[kind])}`] : []));
  return [head.join(", "), ...lines].join("\n");
}

function count(number: number): string {
  return number.toLocaleString("en");
}
