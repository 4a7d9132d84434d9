import { compareCodePoints } from "../../shared/core/last-touch.ts";
import type { ObjectStore } from "../../shared/ports/object-store.ts";

/** Objects in memory. Bytes are copied in and out, as if they went over a network. */
export class MemoryObjectStore implements ObjectStore {
  readonly #objects = new Map<string, Uint8Array>();

  async create(name: string, bytes: Uint8Array): Promise<"created" | "taken"> {
    if (name.split("/").some((part) => part === "" || part === "." || part === ".."))
      throw new TypeError(`${name} is no object name`);
    if (this.#objects.has(name)) return "taken";
    this.#objects.set(name, bytes.slice());
    return "created";
  }

  async read(name: string): Promise<Uint8Array | undefined> {
    return this.#objects.get(name)?.slice();
  }

  async *list(prefix: string): AsyncGenerator<string> {
    yield* [...this.#objects.keys()].filter((name) => name.startsWith(prefix)).sort(compareCodePoints);
  }
}
