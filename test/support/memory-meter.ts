import type { Meter } from "../../shared/ports/meter.ts";
import type { DimensionsOf, GreatestName, SumName } from "../../shared/ports/metrics.ts";

/** Keeps what is counted, under names such as `dead_letters_total of attribution http`. */
export class MemoryMeter implements Meter {
  readonly values: Record<string, number> = {};

  count<N extends SumName>(name: N, amount: number, dimensions: DimensionsOf<N>): void {
    const key = keyOf(name, dimensions);
    if (amount !== 0) this.values[key] = (this.values[key] ?? 0) + amount;
  }

  raise<N extends GreatestName>(name: N, value: number, dimensions: DimensionsOf<N>): void {
    const key = keyOf(name, dimensions);
    this.values[key] = Math.max(this.values[key] ?? value, value);
  }
}

function keyOf(name: string, dimensions: Readonly<Record<string, string>>): string {
  return `${name} of ${Object.values(dimensions).join(" ")}`;
}
