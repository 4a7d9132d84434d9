import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { engagementTraffic } from "../../support/engagement-traffic.ts";
import { judgeEngagement } from "../../support/oracle/engagement-oracle.ts";
import { integerIdIn, rowChangeIn } from "../../support/oracle/oracle-envelope.ts";
import { objectIn } from "../../support/oracle/oracle-json.ts";

const minute = 60_000;
const shape = { partitions: 3, maxFutureSkew: 2 * minute, wanders: true };
const settings = {
  ...shape,
  allowedLateness: minute,
  enrichmentWait: 2 * minute,
  includeSnapshot: true,
};
const inputs = fc.sample(engagementTraffic(60, shape), { seed: 20_240_101, numRuns: 100 });

describe("the small traffic of engagement", () => {
  it("has what may become of a record, in both topics", () => {
    const fates = inputs.flatMap((lines) => judgeEngagement(lines, settings).fates);
    const kinds = new Set(fates.map(({ topic, fate, reason }) => `${topic.split(".").at(-1)} ${reason ?? fate}`));
    expect([...kinds].sort()).toEqual([
      "content accepted",
      "content ignored",
      "content malformed",
      "engagement_events accepted",
      "engagement_events duplicate",
      "engagement_events future",
      "engagement_events ignored",
      "engagement_events malformed",
    ]);
  });

  it("has what may become of an event, each often", () => {
    const ends = inputs.flatMap((lines) => {
      const { outputs } = judgeEngagement(lines, settings);
      return [...Map.groupBy(outputs, ({ entity }) => entity).values()].map((ofEvent) => {
        const { revision, final, body } = ofEvent.at(-1) ?? {};
        return `${revision} ${body?.content_type === null ? "unknown" : "known"} ${final ? "final" : "timed out"}`;
      });
    });
    const counts = Map.groupBy(ends, (end) => end);
    expect([...counts.keys()].sort()).toEqual([
      "1 known final",
      "1 unknown final",
      "1 unknown timed out",
      "2 known final",
    ]);
    for (const [end, { length }] of counts) expect(length, end).toBeGreaterThan(50);
  });

  it.each(["allowedLateness", "enrichmentWait", "maxFutureSkew"] as const)(
    "has times at the boundary of the %s: a millisecond more or less makes a difference",
    (name) => {
      const answers = [-1, 0, 1].map((ms) => {
        const judged = inputs.map((lines) => judgeEngagement(lines, { ...settings, [name]: settings[name] + ms }));
        return JSON.stringify(judged.map(({ fates, outputs }) => [fates.map(({ fate }) => fate), outputs]));
      });
      expect(new Set(answers).size).toBe(3);
    },
  );

  it("counts its offsets from 0 in each partition, and keeps to its topics' partitions", () => {
    for (const lines of inputs) {
      for (const [place, ofPlace] of Map.groupBy(lines, ({ topic, partition }) => `${topic} ${partition}`)) {
        expect(
          ofPlace.map(({ offset }) => offset),
          place,
        ).toEqual(ofPlace.map((_, i) => i));
      }
    }
    expect(new Set(inputs.flat().map(({ partition }) => partition))).toEqual(new Set([0, 1, 2]));
  });

  it("keeps events that come again in their partition, unless they are to wander", () => {
    const wanderers = (wanders: boolean) => {
      const drawn = fc.sample(engagementTraffic(60, { ...shape, wanders }), { seed: 20_240_101, numRuns: 50 });
      return drawn.flatMap((lines) => {
        const events = lines.filter(({ topic }) => topic.endsWith(".engagement_events"));
        const named = Map.groupBy(events, ({ payload }) => idIn(payload));
        const places = Array.from(
          named,
          ([id, ofId]) => [id, new Set(ofId.map(({ partition }) => partition))] as const,
        );
        return places.filter(([id, { size }]) => id !== undefined && size > 1);
      });
    };
    expect(wanderers(false)).toEqual([]);
    expect(wanderers(true).length).toBeGreaterThan(0);
  });
});

function idIn(payload: string | null): bigint | undefined {
  return integerIdIn(rowChangeIn(objectIn(payload ?? "") ?? {})?.after?.id);
}
