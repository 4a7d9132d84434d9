import type { Random } from "./random.ts";

/** The last few of many, in no order. */
export class Recent<T> {
  readonly #items: T[] = [];
  readonly #max: number;
  #next = 0;

  constructor(max: number) {
    this.#max = max;
  }

  add(item: T): void {
    this.#items[this.#next] = item;
    this.#next = (this.#next + 1) % this.#max;
  }

  pick(random: Random): T | undefined {
    return this.#items.length === 0 ? undefined : random.pick(this.#items);
  }
}
