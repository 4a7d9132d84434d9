/** One revision of one result, as sinks get it. A consumer that keeps the highest revision per entity sees each result once. */
export interface Output {
  /** `pipeline:entity:revision`: the same for the same content, however often it is sent. */
  readonly id: string;
  readonly pipeline: string;
  readonly entity: string;
  readonly revision: number;
  readonly final: boolean;
  readonly body: Readonly<Record<string, string | number | boolean | null>>;
}
