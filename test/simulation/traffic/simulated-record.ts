/** A record that is going to be written. */
export interface SimulatedRecord {
  /** Its place in the traffic: what a shorter run names it by. */
  readonly place: number;
  readonly topic: string;
  readonly partition: number;
  readonly timestamp: number;
  readonly key: string;
  readonly value: string | Uint8Array | null;
  /** Its event time, where it is well-formed and has one. */
  readonly time: number | null;
  /** Whether it comes after its topic was made anew. */
  readonly isAnew: boolean;
}
