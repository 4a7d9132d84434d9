/** Objects under names, each written once. */
export interface ObjectStore {
  /**
   * Creates the object if the name is free; the first of several racing callers wins, and its bytes stand whole or not at all.
   * `name`: relative, `/`-separated, without empty, `.` or `..` parts.
   */
  create(name: string, bytes: Uint8Array): Promise<"created" | "taken">;
  /** The object's bytes, `undefined` where there is none. */
  read(name: string): Promise<Uint8Array | undefined>;
  /** The names that begin with `prefix`, in code-point order. */
  list(prefix: string): AsyncIterable<string>;
}
