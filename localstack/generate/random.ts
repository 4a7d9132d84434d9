/** Chance that repeats itself: the same seed, the same draws. */
export interface Random {
  /** At least 0, less than 1. */
  fraction(): number;
  /** Both ends in. */
  integer(from: number, to: number): number;
  chance(share: number): boolean;
  /** One of `items`, which aren't empty. */
  pick<T>(items: readonly T[]): T;
  /**
   * A rank of 1 to `ranks`, the low ones more often: rank k comes up in proportion to 1 / (k + `flattened`), Zipf's law with
   * Mandelbrot's shift, which keeps the first few from taking it all.
   */
  zipf(ranks: number, flattened?: number): number;
}

export function seededRandom(seed: number): Random {
  const fraction = mulberry32(seed);
  const integer = (from: number, to: number) => from + Math.floor(fraction() * (to - from + 1));
  return {
    fraction,
    integer,
    chance: (share) => fraction() < share,
    pick: <T>(items: readonly T[]) => items[integer(0, items.length - 1)] as T,
    zipf: (ranks, flattened = 0) => {
      const first = 1 + flattened;
      return Math.floor(first * ((ranks + first) / first) ** fraction() - flattened);
    },
  };
}

/** @see https://github.com/bryc/code/blob/master/jshash/PRNGs.md#mulberry32 */
function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
