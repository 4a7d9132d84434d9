import { closeSync, existsSync, fstatSync, ftruncateSync, mkdirSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/** A file of lines that grows, and can be cut back to where it stood: what was written after the last remembered length is undone. */
export class OutputFile {
  readonly path: string;
  readonly #file: number;
  #length: number;
  #pending: string[] = [];

  /** Opens the file at `length` bytes, dropping what stands behind. A shorter file goes on from its end. */
  constructor(path: string, length: number) {
    mkdirSync(dirname(path), { recursive: true });
    this.path = path;
    this.#file = openSync(path, existsSync(path) ? "r+" : "w+");
    this.#length = Math.min(length, fstatSync(this.#file).size);
    ftruncateSync(this.#file, this.#length);
  }

  add(line: string): void {
    this.#pending.push(line, "\n");
  }

  /** Writes what was added. @returns the file's length in bytes. */
  flush(): number {
    if (this.#pending.length > 0) {
      const bytes = Buffer.from(this.#pending.join(""));
      this.#pending = [];
      for (let written = 0; written < bytes.length; ) {
        written += writeSync(this.#file, bytes, written, bytes.length - written, this.#length + written);
      }
      this.#length += bytes.length;
    }
    return this.#length;
  }

  close(): void {
    closeSync(this.#file);
  }
}
