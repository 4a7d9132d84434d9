import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { attributionTraffic } from "../../localstack/generate/attribution-traffic.ts";
import type { RecordLine } from "../../localstack/record-file/record-line.ts";
import { expectAnswerOf } from "../support/expect-oracle-answer.ts";
import { cutDeliveries, logRecord } from "../support/log-record.ts";
import { judgeAttribution } from "../support/oracle/attribution-oracle.ts";
import { smallTraffic } from "../support/small-traffic.ts";
import { World, type WorldSettings } from "../support/world.ts";

/** `SEED=7 RUNS=5000 npx vitest run test/scenario/attribution-oracle.test.ts` looks elsewhere, and longer. */
const seed = Number(process.env.SEED ?? 20240101);
const numRuns = Number(process.env.RUNS ?? 75);

const second = 1_000;
const minute = 60 * second;

/** What happens to a delivery, besides being delivered. */
interface Turn {
  readonly again: boolean;
  readonly restart: boolean;
  readonly close: boolean;
}

const settings = fc.record({
  allowedLateness: fc.constantFrom(0, minute, 2 * minute, 5 * minute),
  attributionWindow: fc.constantFrom(0, minute, 3 * minute, 30 * minute),
  finalInterval: fc.constantFrom(second, minute, 5 * minute),
  maxFutureSkew: fc.constantFrom(0, minute, 5 * minute),
});
const turns = fc.oneof(
  fc.constant<Turn[]>([{ again: false, restart: false, close: false }]),
  fc.constant<Turn[]>([{ again: false, restart: false, close: true }]),
  fc.array(fc.record({ again: fc.boolean(), restart: fc.boolean(), close: fc.boolean() }), {
    minLength: 1,
    maxLength: 9,
  }),
);
const input = settings.chain((chosen) =>
  fc.record({
    settings: fc.constant(chosen),
    lines: smallTraffic(60, chosen.maxFutureSkew),
    deliveryMax: fc.constantFrom(1, 2, 7, 500),
    turns,
  }),
);

async function played(
  lines: Iterable<RecordLine>,
  deliveryMax: number,
  turns: readonly Turn[],
  settings: Partial<WorldSettings>,
) {
  const world = new World({ settings });
  const records = Array.from(lines, logRecord);
  let delivered = 0;
  for (const delivery of cutDeliveries(records, deliveryMax)) {
    const { again, restart, close } = turns[delivered++ % turns.length] as Turn;
    await world.deliver(delivery);
    if (restart) world.restart();
    if (again) await world.deliver(delivery);
    if (close) await world.close();
  }
  await world.settle("end");
  return world;
}

describe("attribution against the oracle", () => {
  it("gives its answer, however the input is cut, sent again and closed in between", async () => {
    await fc.assert(
      fc.asyncProperty(input, async ({ settings, lines, deliveryMax, turns }) => {
        const world = await played(lines, deliveryMax, turns, { ...settings, partitions: 2 });
        await expectAnswerOf(world, judgeAttribution(lines, settings));
        world.end();
      }),
      { seed, numRuns },
    );
  });

  it("gives its answer for 20,000 records of generated traffic", async () => {
    const start = Date.parse("2026-03-01T12:00:00Z");
    const lines = [
      ...attributionTraffic({ records: 20_000, seed, partitions: 3, users: 500, start, ratePerSecond: 8 }),
    ];
    const turns = Array.from({ length: 50 }, (_, i) => ({ again: i % 7 === 0, restart: i === 0, close: i % 10 === 0 }));
    const world = await played(lines, 500, turns, { partitions: 3 });
    const { allowedLateness, attributionWindow, maxFutureSkew } = world.settings;
    const answer = judgeAttribution(lines, { allowedLateness, attributionWindow, maxFutureSkew });
    await expectAnswerOf(world, answer);
    expect(new Set(answer.rows.map(({ reason }) => reason))).toEqual(new Set(["click", "no-click", "better-click"]));
    world.end();
  });
});
