/** Business ids of one run: unique over all runs that differ in seed or start, and within a run by their number. */
export class RunIds {
  readonly #text: string;
  readonly #digits: string;
  readonly #startHex: string;
  readonly #seedHex: string;
  #count = 0;

  constructor({ seed, start }: { seed: number; start: number }) {
    this.#text = `${start.toString(36)}_${seed.toString(36)}`;
    // A leading 9, as JSON has no integer that begins with 0.
    this.#digits = `9${start}${String(seed).padStart(10, "0")}`;
    this.#startHex = hex(start, 12);
    this.#seedHex = hex(seed, 8);
  }

  next(): number {
    return ++this.#count;
  }

  /** `lquvc000_1_42` */
  text(number: number): string {
    return `${this.#text}_${number}`;
  }

  /** An integer far beyond 2^53. */
  integer(number: number): string {
    return this.#digits + String(number).padStart(10, "0");
  }

  /** In the form of version 7: the start of the run, its seed and the number. @see https://www.rfc-editor.org/rfc/rfc9562 (section 5.7) */
  uuid(number: number): string {
    const low = this.#seedHex + hex(number, 10);
    const high = this.#startHex;
    return `${high.slice(0, 8)}-${high.slice(8)}-7${low.slice(0, 3)}-8${low.slice(3, 6)}-${low.slice(6)}`;
  }
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}
