import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LogRecord } from "../../shared/core/record.ts";
import { type Mishap, Turns } from "../support/turns.ts";
import { at, Changes, type EngagementWorld, engagementWorld, viewsOf } from "./engagement-world.ts";

const seed = Number(process.env.SEED ?? 20_240_101);
const numRuns = Number(process.env.RUNS ?? 200);

const changes = new Changes();
const bad = { ...changes.event(7, at(11)), value: Buffer.from("{}") };
/**
 * Events of two contents, a duplicate, one that is bad and one that is late. The last but one moves the watermark past the wait of event 1,
 * but not past that of event 3.
 */
const events: readonly LogRecord[] = [
  changes.event(1, at(10)),
  changes.event(2, at(30), { content_id: 2 }),
  changes.event(1, at(10)),
  bad,
  changes.event(3, at(31)),
  changes.event(4, at(40), { content_id: 9 }),
  changes.event(5, at(34), { content_id: 2 }),
].map((record, offset) => ({ ...record, offset }));
const contents: readonly LogRecord[] = [
  changes.content(1, ["video", 300]),
  changes.content(2, ["article", null]),
  changes.content(1, ["video", 70], "u"),
];

const mishap = fc.option(fc.record({ at: fc.nat({ max: 25 }), landed: fc.boolean(), deadly: fc.boolean() }), {
  nil: undefined,
});
const handlers = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant("events"), length: fc.integer({ min: 1, max: events.length }), mishap }),
    fc.record({ kind: fc.constant("contents"), length: fc.integer({ min: 1, max: contents.length }), mishap }),
    fc.record({ kind: fc.constant("close"), length: fc.constant(0), mishap }),
  ),
  { minLength: 2, maxLength: 5 },
);

describe("handlers of events and contents, and closings, that overlap, fail and die anywhere", () => {
  it("count each event once, in one row, as the last revision that has left says", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: 4 }), { maxLength: 80 }), handlers, async (schedule, tries) => {
        const mishaps: Record<string, Mishap> = {};
        for (const [at, { mishap }] of tries.entries()) if (mishap) mishaps[`try ${at}`] = mishap;
        const turns = new Turns(
          schedule.map((choice) => choice % tries.length),
          mishaps,
        );
        const world = engagementWorld({ turns });
        const actors: Record<string, () => Promise<unknown>> = {};
        for (const [at, { kind, length }] of tries.entries()) {
          const records = (kind === "events" ? events : contents).slice(0, length);
          const act = () => (kind === "close" ? world.close() : world.deliver(records));
          // What fails is sent again below.
          actors[`try ${at}`] = () => act().catch(() => {});
        }
        await turns.play(actors);
        await expectWhole(world);
        world.end();
      }),
      { seed, numRuns },
    );
  });
});

/** Whatever came of the race: what is left is sent again, and everything must be as if there had been no race. */
async function expectWhole(world: EngagementWorld): Promise<void> {
  for (const records of [events, contents]) expect(await world.deliver(records)).toEqual([]);
  await world.settle("end");
  const rows = await world.finals();
  expect(rows.map(({ event_id }) => event_id).sort()).toEqual([1, 2, 3, 4, 5]);
  const last = new Map<string, { revision: number; final: boolean; body: unknown }>();
  for (const { entity, revision, final, body } of world.revisions()) {
    const before = last.get(entity) ?? { revision: 0, final: false };
    expect({ entity, revision, afterFinal: before.final }).toEqual({
      entity,
      revision: before.revision + 1,
      afterFinal: false,
    });
    last.set(entity, { revision, final, body });
  }
  for (const { event_ts, ...row } of rows) expect(last.get(String(row.event_id))?.body).toMatchObject(row);
  // Nothing could end its wait before its content came.
  expect(rows.find(({ event_id }) => event_id === 3)?.content_type).toBe("video");
  expect(rows.find(({ event_id }) => event_id === 2)?.content_type).toBe("article");
  expect(rows.find(({ event_id }) => event_id === 4)?.content_type).toBe(null);
  const rejections = (await world.rejections()).map(({ offset, reason }) => `${offset} ${reason}`);
  expect(rejections).toEqual(["3 malformed"]);
  const views = viewsOf(world);
  expect(await Promise.all(["1", "2", "9"].map((id) => views.count(id)))).toEqual([2, 2, 1]);
  expect(await views.minutes("1")).toEqual(["202401011210", "202401011231"].map((minute) => ({ minute, count: 1 })));
  expect(await world.dueLists()).toBe(0);
}
