import type { Output } from "./output.ts";

/** As a database keeps it. Whether it is final isn't among what a topic's message tells. */
export type StoredOutput = Omit<Output, "final">;

/**
 * What became of outputs. `refused`: the other side won't ever take one or more of them; `ids` names those, and all others are accepted;
 * without it nobody can tell which it is, and of the others some may be written. `unavailable`: it may help to try again later; some of
 * them may be written already.
 */
export type WriteOutcome =
  | { readonly kind: "accepted" }
  | { readonly kind: "refused"; readonly reason: string; readonly ids?: readonly string[] }
  | { readonly kind: "unavailable"; readonly reason: string };

/**
 * A database that takes results. Writing an output again, in whatever company, changes nothing, and an older revision never replaces a
 * newer one. It never throws for what the other side does.
 */
export interface ResultStore {
  /** Writes outputs in their order. A fired `signal` ends it as `unavailable`. */
  write(outputs: readonly StoredOutput[], signal?: AbortSignal): Promise<WriteOutcome>;
}
