/** Counts what happened. Dimensions are few and bounded: never a user, an id or a key. */
export interface Meter {
  count(name: string, amount: number, dimensions: Readonly<Record<string, string>>): void;
}
