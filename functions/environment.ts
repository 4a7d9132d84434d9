import { StreamError } from "../shared/core/errors.ts";

/**
 * What a function is told by its environment. Values are asked for one by one; `check` then says at once all that is missing or wrong, so
 * that a deployment is mended in one go.
 */
export class Environment {
  readonly #values: Readonly<Record<string, string | undefined>>;
  readonly #problems = new Set<string>();

  constructor(values: Readonly<Record<string, string | undefined>>) {
    this.#values = values;
  }

  text(name: string): string {
    const value = this.#values[name];
    if (!value) this.#problems.add(`${name} is missing`);
    return value ?? "";
  }

  optional(name: string): string | undefined {
    return this.#values[name] || undefined;
  }

  /** A whole number from `min` to `max`. */
  wholeNumber(name: string, min: number, max: number): number {
    const text = this.text(name);
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (text && !(value >= min && value <= max))
      this.#problems.add(`${name} is "${text}", not a whole number from ${min} to ${max}`);
    return value;
  }

  oneOf<T extends string>(name: string, known: readonly T[]): T {
    const text = this.text(name);
    const value = known.find((one) => one === text);
    if (text && !value) this.#problems.add(`${name} is "${text}", not one of ${known.join(", ")}`);
    return value ?? (known[0] as T);
  }

  /** What `read` makes of a variable; what it throws is what is wrong with it. */
  read<T>(name: string, read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      this.#problems.add(`${name}: ${(error as Error).message}`);
      return undefined;
    }
  }

  /** Notes what is wrong with values that each can be read. */
  refuse(problem: string): void {
    this.#problems.add(problem);
  }

  /** @throws {StreamError} fault `bug`: names everything that is missing or wrong. */
  check(): void {
    if (this.#problems.size > 0) throw new StreamError("bug", `environment: ${[...this.#problems].join("; ")}`);
  }
}
