import type { Row } from "../../../shared/core/row.ts";
import type { PlacedRecord } from "../topics.ts";
import type { CheckerOf } from "./checker.ts";
import { oracleLine, placeOf, rejectionsByPlace } from "./stored-rows.ts";

/**
 * Invariant 2: what is rejected is rejected once and nothing that was never sent is, what can't be read is rejected as such, and what is
 * to be ignored isn't rejected. That all others take effect is what the oracle's rows tell.
 */
export const everyRecordHasOneFate: CheckerOf = (world, fail) => ({
  name: "every record has one fate",
  atEnd() {
    const { pipeline, settings, topics } = world;
    const rejections = rejectionsByPlace(world);
    const { fates } = pipeline.judge(topics.all.map(oracleLine), settings);
    const rejected = new Set(rejections.keys());
    /** By a record of the same partition: nobody can say which of two partitions came first. */
    const isKnownBefore = (at: number) => {
      const { topic, partition, of } = topics.all[at] as PlacedRecord;
      const isSame = (one: PlacedRecord) =>
        one.topic === topic && one.partition === partition && one.of.value === of.value;
      return topics.all.slice(0, at).some((one) => isSame(one) && !rejected.has(placeOf(one)));
    };
    topics.all.forEach((record, at) => {
      const rows = rejections.get(placeOf(record)) ?? [];
      rejections.delete(placeOf(record));
      const fate = fates[at];
      const isUnreadable = fate?.reason === "malformed";
      if (rows.length > 1) fail(`${placeOf(record)} is rejected ${rows.length} times`);
      if (isUnreadable !== rows.some(isMalformed))
        fail(`${placeOf(record)} ${isUnreadable ? "is not" : "is"} rejected as malformed`);
      const isLate = rows.some(({ reason }) => reason === "late");
      if (isLate && pipeline.remembersForEver && isKnownBefore(at))
        fail(`${placeOf(record)} is rejected as late, and its id is known`);
      if (fate?.fate === "ignored" && rows.length > 0) fail(`${placeOf(record)} is to be ignored, and is rejected`);
    });
    for (const place of rejections.keys()) fail(`${place} is rejected, and was never sent`);
  },
});

/** Too deep or not UTF-8 is malformed; longer than a value may be is oversized. */
function isMalformed({ reason }: Row): boolean {
  return reason === "malformed";
}
