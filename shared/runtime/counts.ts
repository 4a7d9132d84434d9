import { type RejectionReason, rejectionReasons } from "../core/record.ts";

/** What became of the records of a source partition; each position counts once. */
export interface Counts {
  readonly accepted: number;
  readonly duplicate: number;
  readonly ignored: number;
  readonly rejected: Readonly<Record<RejectionReason, number>>;
  /** Revisions of results that these records brought about. */
  readonly revisions: number;
  /** Final rows written with them, rather than by the closing of a bucket. */
  readonly finals: number;
}

export const noCounts: Counts = {
  accepted: 0,
  duplicate: 0,
  ignored: 0,
  rejected: { malformed: 0, late: 0, future: 0, oversized: 0 },
  revisions: 0,
  finals: 0,
};

export function addCounts(a: Counts, b: Counts): Counts {
  return {
    accepted: a.accepted + b.accepted,
    duplicate: a.duplicate + b.duplicate,
    ignored: a.ignored + b.ignored,
    rejected: {
      malformed: a.rejected.malformed + b.rejected.malformed,
      late: a.rejected.late + b.rejected.late,
      future: a.rejected.future + b.rejected.future,
      oversized: a.rejected.oversized + b.rejected.oversized,
    },
    revisions: a.revisions + b.revisions,
    finals: a.finals + b.finals,
  };
}

/** What was counted between two moments. */
export function minusCounts(later: Counts, earlier: Counts): Counts {
  const { malformed, late, future, oversized } = earlier.rejected;
  return addCounts(later, {
    ...{ accepted: -earlier.accepted, duplicate: -earlier.duplicate, ignored: -earlier.ignored },
    rejected: { malformed: -malformed, late: -late, future: -future, oversized: -oversized },
    ...{ revisions: -earlier.revisions, finals: -earlier.finals },
  });
}

/** All records that were counted. */
export function recordsRead(counts: Counts): number {
  return (
    counts.accepted +
    counts.duplicate +
    counts.ignored +
    rejectionReasons.reduce((sum, r) => sum + counts.rejected[r], 0)
  );
}
