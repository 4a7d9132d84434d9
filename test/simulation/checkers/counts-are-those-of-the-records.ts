import { addCounts, noCounts, recordsRead } from "../../../shared/runtime/counts.ts";
import { readRow } from "../../../shared/runtime/partition-row.ts";
import type { CheckerOf } from "./checker.ts";

/** Those that disturb nobody's handling of a batch. */
const harmless: ReadonlySet<string> = new Set([
  ...["sink down", "sink slow", "sink answer lost", "sink lies", "sink takes a part", "clock step", "clock skew"],
  ...["malformed record", "hostile record", "future record", "duplicate record", "oversized record", "topic anew"],
  ...["stalled partition", "redelivery", "stream redelivery", "removed by TTL"],
]);

/** Each record counts once. Under trouble counts are metrics: then a record may be missing, but none counts twice. */
export const countsAreThoseOfTheRecords: CheckerOf = ({ topics, tables, faults }, fail) => ({
  name: "counts are those of the records",
  atEnd() {
    const rows = [...tables.documents.progress].filter(([key]) => /^row\|[^|]*\|(?!backfill\|)/.test(key));
    const counts = rows.map(([, document]) => readRow(document).counts).reduce(addCounts, noCounts);
    const isCalm = [...faults.counts.keys()].every((kind) => harmless.has(kind));
    const read = recordsRead(counts);
    const isRight = isCalm ? read === topics.all.length : read <= topics.all.length;
    if (!isRight) fail(`${read} of ${topics.all.length} records are counted`);
  },
});
