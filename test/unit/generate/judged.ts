import type { RecordLine } from "../../../localstack/record-file/record-line.ts";
import { judgeAttribution } from "../../support/oracle/attribution-oracle.ts";
import { judgeConversions } from "../../support/oracle/conversions-oracle.ts";
import { judgeDedupe } from "../../support/oracle/dedupe-oracle.ts";
import { judgeEngagement } from "../../support/oracle/engagement-oracle.ts";
import type { Fate } from "../../support/oracle/judge-records.ts";
import { judgePurchases } from "../../support/oracle/purchases-oracle.ts";
import { judgeWindows } from "../../support/oracle/windows-oracle.ts";

const minute = 60_000;
const maxFutureSkew = 5 * minute;
const partitions = 3;

export const pipelines = ["attribution", "conversions", "dedupe", "windows", "engagement", "purchases"] as const;

/** What the oracles make of records in three partitions, with the settings that semantics.md calls the defaults. */
export const judged = {
  attribution: (lines: readonly RecordLine[]) =>
    judgeAttribution(lines, { allowedLateness: 2 * minute, attributionWindow: 30 * minute, maxFutureSkew }),
  conversions: (lines: readonly RecordLine[]) =>
    judgeConversions(lines, { allowedLateness: 5 * minute, attributionWindow: 1_440 * minute, maxFutureSkew }),
  dedupe: (lines: readonly RecordLine[]) =>
    judgeDedupe(lines, { allowedLateness: 5 * minute, maxFutureSkew, partitions }),
  windows: (lines: readonly RecordLine[]) =>
    judgeWindows(lines, { allowedLateness: 10 * minute, windowSize: 5 * minute, maxFutureSkew, partitions }),
  engagement: (lines: readonly RecordLine[]) =>
    judgeEngagement(lines, {
      ...{ allowedLateness: 5 * minute, enrichmentWait: 10 * minute, maxFutureSkew, partitions },
      includeSnapshot: false,
    }),
  purchases: (lines: readonly RecordLine[]) => judgePurchases(lines),
};

/** `accepted`, `duplicate`, `ignored`, or the reason of a rejection. */
export function toldFate({ fate, reason }: Fate): string {
  return reason ?? fate;
}

/** How many in a hundred have each fate, rounded to tenths. */
export function percentages(fates: readonly Fate[]): Record<string, number> {
  const counts = Object.entries(Object.groupBy(fates, toldFate));
  return Object.fromEntries(
    counts.map(([fate, those = []]) => [fate, Math.round((1_000 * those.length) / fates.length) / 10]),
  );
}
