import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LogRecord } from "../../shared/core/record.ts";
import { rowKey } from "../../shared/runtime/keys.ts";
import { commitRow } from "../../shared/runtime/partition-row.ts";
import { type Mishap, Turns } from "../support/turns.ts";
import { readRecords } from "./windows-arrivals.ts";
import { shown } from "./windows-play.ts";
import { type Settings, type WindowsWorld, windowsWorld } from "./windows-world.ts";

const seed = Number(process.env.SEED ?? 20_240_101);
const numRuns = Number(process.env.RUNS ?? 150);

const topic = "incoming-events";
const mishap = fc.option(fc.record({ at: fc.nat({ max: 20 }), landed: fc.boolean(), deadly: fc.boolean() }), {
  nil: undefined,
});
/** Who works: on which partition, on how many of its records, and what befalls him. */
const tries = fc.array(fc.record({ partition: fc.nat({ max: 1 }), length: fc.integer({ min: 1, max: 12 }), mishap }), {
  minLength: 2,
  maxLength: 4,
});
/** Whose turn it is, and for how long. */
const schedule = fc
  .array(fc.record({ who: fc.nat({ max: 6 }), turns: fc.oneof(fc.constant(1), fc.nat({ max: 20 })) }), {
    maxLength: 40,
  })
  .map((shifts) => shifts.flatMap(({ who, turns }) => Array.from({ length: turns }, () => who)));

interface Race {
  readonly schedule: readonly number[];
  readonly tries: readonly { partition: number; length: number; mishap: Mishap | undefined }[];
  readonly others: Readonly<Record<string, (world: WindowsWorld) => Promise<unknown>>>;
  readonly settings?: Settings;
}

/** A world in which all of them have worked at once, as far as they got. */
async function raced(
  { schedule, tries, others, settings }: Race,
  records: readonly LogRecord[],
): Promise<WindowsWorld> {
  const names = tries.map((_, at) => `try ${at}`);
  const mishaps = Object.fromEntries(tries.flatMap(({ mishap }, at) => (mishap ? [[names[at], mishap]] : [])));
  const workers = names.length + Object.keys(others).length;
  const turns = new Turns(
    schedule.map((choice) => choice % workers),
    mishaps,
  );
  const world = windowsWorld({ partitions: 2, ...settings }, turns);
  const actors = tries.map(({ partition, length }, at) => {
    const batch = ofPartition(records, partition).slice(0, length);
    return [names[at], () => world.deliver(batch)] as const;
  });
  const more = Object.entries(others).map(([name, act]) => [name, () => act(world)] as const);
  await turns.play(Object.fromEntries([...actors, ...more]));
  return world;
}

/** What is left is sent again until all is done, and the stream ends. */
async function finished(world: WindowsWorld, records: readonly LogRecord[]): Promise<void> {
  for (const partition of [0, 1]) expect(await world.deliver(ofPartition(records, partition))).toEqual([]);
  await world.settle("end");
}

function ofPartition(records: readonly LogRecord[], partition: number): LogRecord[] {
  return records.filter((record) => record.partition === partition);
}

async function expectRevisionsWithoutHoles(world: WindowsWorld): Promise<void> {
  const finals = await world.finals();
  const revisions = Map.groupBy(world.revisions(), ({ entity }) => entity);
  expect(revisions.size).toBe(finals.length);
  for (const row of finals) {
    const ofWindow = [...revisions.values()].find(([one]) =>
      shown(one?.body ?? {}).startsWith(shown(row).split(" ", 2).join(" ")),
    );
    expect(ofWindow?.map(({ revision }) => revision)).toEqual(
      Array.from({ length: Number(row.revision) }, (_, i) => i + 1),
    );
    expect(shown(ofWindow?.at(-1)?.body ?? {})).toBe(shown(row));
  }
}

describe("handlers of two partitions, who write the same windows, overlap, fail and die anywhere", () => {
  // Each partition is in the order of time, so that nothing is late, whoever is ahead.
  const records = readRecords(`
    12:00 a 1; 12:01 b 2; 12:00 c 4 u2; 12:16 d 8; 12:16 a 8; 12:31 x u9
    12:00 b 2 p1; 12:02 e 16 p1; 12:00 f 32 u2 p1; 12:17 g 64 p1; 12:30 h 128 p1; 12:31 y u9 p1`);

  it("leave every window as if one handler had made it, though closings run", async () => {
    await fc.assert(
      fc.asyncProperty(schedule, tries, async (order, attempts) => {
        const others = { closer: (world: WindowsWorld) => world.close().catch(() => {}) };
        const world = await raced({ schedule: order, tries: attempts, others }, records);
        await finished(world, records);
        expect((await world.finals()).map(shown)).toEqual([
          "u1 12:00 3 of 19 (1 to 16)",
          "u2 12:00 2 of 36 (4 to 32)",
          "u1 12:15 3 of 80 (8 to 64)",
          "u1 12:30 1 of 128 (128 to 128)",
          "u9 12:30 2",
        ]);
        expect(await world.rejections()).toEqual([]);
        await expectRevisionsWithoutHoles(world);
        world.end();
      }),
      { seed, numRuns },
    );
  });
});

describe("handlers of two partitions that are out of order, with closings and idle marks in between", () => {
  // Amounts are powers of two: a total tells whose they are.
  const times = ["12:10 12:00 12:31 12:14 12:15 12:02 12:40 12:25", "12:12 12:01 12:30 12:20 12:03 12:40 12:16 12:31"];
  const text = times.flatMap((ofPartition, partition) =>
    ofPartition.split(" ").map((time, i) => `${time} e${partition * 8 + i} ${2 ** (partition * 8 + i)} p${partition}`),
  );
  const records = readRecords(text.join(";"));

  it("count every event once or reject it, never both, and nothing final changes", async () => {
    const marked = fc.nat({ max: 1 });
    await fc.assert(
      fc.asyncProperty(schedule, tries, marked, async (order, attempts, partition) => {
        let earlier: string[] = [];
        const closing = async (world: WindowsWorld) => {
          await world.close().catch(() => {});
          earlier = (await world.finals()).map(shown);
        };
        const others = {
          closer: closing,
          marker: (world: WindowsWorld) => markIdleUnlessClaimed(world, partition),
          "second closer": (world: WindowsWorld) => world.close().catch(() => {}),
        };
        const world = await raced(
          { schedule: order, tries: attempts, others, settings: { allowedLateness: 600_000 } },
          records,
        );
        await finished(world, records);
        const finals = await world.finals();
        expect(finals.map(shown).filter((row) => earlier.includes(row))).toEqual(earlier);
        const counted = finals.reduce((sum, row) => sum + Number(row.totalAmount), 0);
        const late = (await world.rejections()).map(({ value }) => Number(JSON.parse(String(value)).amount));
        expect(counted + late.reduce((sum, amount) => sum + amount, 0)).toBe(2 ** 16 - 1);
        expect(new Set(late).size).toBe(late.length);
        await expectRevisionsWithoutHoles(world);
        world.end();
      }),
      { seed, numRuns },
    );
  });
});

/** As whoever watches for silence does it: only on a row without a claim, and only if it is still as it was read. */
async function markIdleUnlessClaimed(world: WindowsWorld, partition: number): Promise<void> {
  const row = await world.row({ topic, partition });
  if (row.claim) return;
  const key = rowKey(world.engine.pipeline, { topic, partition });
  await commitRow(world.engine.store.progress, key, { ...row, idle: true });
}
