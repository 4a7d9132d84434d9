import type { WallTimeMs } from "../../shared/core/units.ts";

/** A line of a record file with nothing left out: the form that `kcat -J` prints. */
export interface RecordLine {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly tstype: "create";
  readonly ts: WallTimeMs;
  readonly key: string | null;
  /** The value as text; null is a tombstone. */
  readonly payload: string | null;
}
