import type { Position } from "../core/position.ts";
import type { OpenTry } from "./claim.ts";
import type { Verdict } from "./judge.ts";
import type { PositionedRow } from "./position-objects.ts";

/** How the records that a try has judged take effect: what keyed state and facts do differently. What it throws fails the try as a whole. */
export type Intake<R> = (opened: OpenTry, verdicts: readonly Verdict<R>[]) => Promise<readonly TakenIn[]>;

export type Outcome = "accepted" | "duplicate" | "refused";

/** What became of some records. A record that is named in none of them is as its verdict says. */
export interface TakenIn {
  readonly outcomes: readonly { readonly position: Position; readonly outcome: Outcome }[];
  readonly refusals: readonly Refusal[];
  /** Of results in keyed state; a fact is one by itself. */
  readonly revisions: number;
  /** Rows that are final by now, for the object of their positions. */
  readonly rows?: readonly PositionedRow[];
  /** From this position on nothing is known to be stored. */
  readonly failed?: Failure;
}

/** Nothing was there to take in. */
export const noneTaken: TakenIn = { outcomes: [], refusals: [], revisions: 0 };

export interface Failure {
  readonly from: Position;
  readonly cause: unknown;
}

/** A record that was refused as oversized. */
export interface Refusal {
  readonly lane: string;
  readonly position: Position;
  readonly message: string;
}
