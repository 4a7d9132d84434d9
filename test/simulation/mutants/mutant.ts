import type { PipelineName } from "../../../shared/settings/settings.ts";

/** A fault planted in a file of the product, in memory only. */
export interface Mutant {
  readonly name: string;
  /** From the root of the repository. */
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  /** Where it must be found. */
  readonly pipelines: readonly PipelineName[];
}
