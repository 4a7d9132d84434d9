import { afterEach, describe, expect, it } from "vitest";
import type { LogRecord } from "../../shared/core/record.ts";
import { dedupe } from "../../shared/pipelines/dedupe/dedupe.ts";
import { runFacts } from "../../shared/runtime/running-pipeline.ts";
import { clockTime, timeOf } from "../support/arrivals.ts";
import { interposedStore } from "../support/interposed-store.ts";
import { PipelineWorld } from "../support/pipeline-world.ts";

const minute = 60_000;
const day = 24 * 60 * minute;

const worlds: { end(): void }[] = [];
afterEach(() => {
  for (const world of worlds.splice(0)) world.end();
});

function dedupeWorld(settings: { partitions?: number; stateBytesMax?: number } = {}) {
  const world = new PipelineWorld({
    pipeline: dedupe({ allowedLateness: 5 * minute }),
    run: runFacts,
    settings: { partitions: 1, retention: 7 * day, ...settings },
    // Without transactions, as on DynamoDB: what a failed try has stored stays.
    interpose: (store) => interposedStore(store, {}),
  });
  worlds.push(world);
  return world;
}

type DedupeWorld = ReturnType<typeof dedupeWorld>;

/** `12:05 a`, then the partition (`p1`); the value is the record's JSON text with a member that only has to pass through. */
function arrivals(text: string): LogRecord[] {
  const offsets = new Map<number, number>();
  return text.split(";").map((row) => {
    const [time = "", eventId = "", partitionName = "p0"] = row.trim().split(" ");
    const partition = Number(partitionName.slice(1));
    const offset = offsets.get(partition) ?? 0;
    offsets.set(partition, offset + 1);
    const eventTime = new Date(timeOf(time)).toISOString();
    const value = Buffer.from(` {"eventId":"${eventId}", "eventTime":"${eventTime}","payload":{"n":1.10}} `);
    return { topic: "incoming-events", partition, offset, timestamp: timeOf(time), key: null, value };
  });
}

async function each(world: DedupeWorld, records: readonly LogRecord[]): Promise<void> {
  for (const record of records) expect(await world.deliver([record])).toEqual([]);
}

/** `a` for each row; `late b at 12:05` for each rejection; `2 duplicate`. */
async function answer(world: DedupeWorld): Promise<string[]> {
  const rows = (await world.finals()).map((row) => String(row.eventId));
  const rejections = (await world.rejections()).map(({ reason, value, watermark }) => {
    const id = /"eventId":"(?<id>[^"]+)"/.exec(String(value))?.groups?.id;
    return `${reason} ${id} at ${clockTime(Number(watermark))}`;
  });
  const { duplicate } = (await world.counts())["incoming-events"] ?? { duplicate: 0 };
  return [...rows.sort(), ...rejections, ...(duplicate > 0 ? [`${duplicate} duplicate`] : [])];
}

describe("an id", () => {
  const scenarios: [string, string, string[], number?][] = [
    ["comes through once, the first time", "12:00 a; 12:01 a; 12:02 b", ["a", "b", "1 duplicate"]],
    ["is the same in every partition", "12:00 a; 12:01 a p1; 12:02 a p2", ["a", "2 duplicate"], 3],
    ["that is late and unknown is rejected", "12:10 ahead; 12:04:59.999 a", ["ahead", "late a at 12:05"]],
    ["exactly at the watermark is on time", "12:10 ahead; 12:05 a", ["a", "ahead"]],
    ["that is known is a duplicate however late", "12:00 a; 12:10 ahead; 12:00 a", ["a", "ahead", "1 duplicate"]],
    [
      "that came late is still unknown when it comes on time",
      "12:10 ahead; 12:04 a; 12:10 a",
      ["a", "ahead", "late a at 12:05"],
    ],
    ["is never late while a partition hasn't been seen", "12:10 ahead; 11:00 a", ["a", "ahead"], 2],
    [
      "is late by the least watermark of all partitions",
      "12:30 ahead; 12:10 behind p1; 12:05 a; 12:04 b",
      ["a", "ahead", "behind", "late b at 12:05"],
      2,
    ],
  ];

  it.each(scenarios)("%s", async (_, text, expected, partitions = 1) => {
    const whole = dedupeWorld({ partitions });
    for (const [, records] of Map.groupBy(arrivals(text), ({ partition }) => partition)) {
      if (partitions === 1) expect(await whole.deliver(records)).toEqual([]);
    }
    if (partitions === 1) expect(await answer(whole)).toEqual(expected);
    const cut = dedupeWorld({ partitions });
    for (const record of arrivals(text)) {
      expect(await cut.deliver([record])).toEqual([]);
      expect(await cut.deliver([record])).toEqual([]);
      cut.restart();
    }
    expect(await answer(cut)).toEqual(expected);
  });
});

describe("the five steps by which the replaced system was checked", () => {
  it("hold: new, duplicate, late, a restart, and the duplicate again", async () => {
    const [first, duplicate, ahead, late, again] = arrivals("12:00 a; 12:00 a; 12:10 ahead; 12:04 b; 12:00 a") as [
      LogRecord,
      LogRecord,
      LogRecord,
      LogRecord,
      LogRecord,
    ];
    const world = dedupeWorld();
    await each(world, [first]);
    expect(await answer(world)).toEqual(["a"]);
    await each(world, [duplicate]);
    expect(await answer(world)).toEqual(["a", "1 duplicate"]);
    await each(world, [ahead, late]);
    expect(await answer(world)).toEqual(["a", "ahead", "late b at 12:05", "1 duplicate"]);
    world.restart();
    await each(world, [again]);
    expect(await answer(world)).toEqual(["a", "ahead", "late b at 12:05", "2 duplicate"]);
  });
});

describe("what an id has brought about", () => {
  it("is remembered for the retention in wall time, to the millisecond, and then forgotten", async () => {
    const [a, dup, fresh] = arrivals("12:00 a; 12:00 a; 12:00 a") as [LogRecord, LogRecord, LogRecord];
    const world = dedupeWorld();
    await each(world, [a]);
    world.now = 7 * day - 1;
    await each(world, [dup]);
    expect(await answer(world)).toEqual(["a", "1 duplicate"]);
    world.now = 7 * day;
    await each(world, [fresh]);
    expect(await answer(world)).toEqual(["a", "a", "1 duplicate"]);
  });

  it("is known again as its own when a try died over it, however much later the next one comes", async () => {
    const [a] = arrivals("12:00 a") as [LogRecord];
    const world = dedupeWorld();
    const { objects } = world;
    const create = objects.create.bind(objects);
    objects.create = () => Promise.reject(new Error("the bucket can't be reached"));
    expect(await world.deliver([a])).toHaveLength(1);
    objects.create = create;
    world.now = 5 * minute;
    await each(world, [a]);
    expect(await answer(world)).toEqual(["a"]);
    expect(await world.counts()).toMatchObject({ "incoming-events": { read: 1, accepted: 1, duplicate: 0 } });
  });
});

describe("what leaves", () => {
  it("is the value byte for byte, keyed by its id, and a row with the JSON text", async () => {
    const [a] = arrivals("12:00 a") as [LogRecord];
    const world = dedupeWorld();
    await each(world, [a]);
    const text = ` {"eventId":"a", "eventTime":"2024-01-01T12:00:00.000Z","payload":{"n":1.10}} `;
    const id = "dedupe:a:1";
    expect(world.emitted()).toEqual([
      {
        output: {
          ...{ id, pipeline: "dedupe", entity: "a", revision: 1, final: true },
          body: { eventId: "a", eventTime: "2024-01-01T12:00:00Z", body: text },
        },
        message: { id, topic: "processed-events", key: "a", value: text, timestamp: timeOf("12:00") },
      },
    ]);
    expect(await world.finals()).toEqual([{ eventId: "a", eventTime: timeOf("12:00"), body: text }]);
  });

  it("holds for hostile values too: an id of 1,024 bytes, one with every separator, a value with U+FFFD", async () => {
    const world = dedupeWorld();
    const ids = ["é".repeat(512), "a|b|0|c", "__proto__", "\u0000\n\t", "\ufffd\ufeff", "12"];
    const records = ids.map((eventId, offset): LogRecord => {
      const value = Buffer.from(JSON.stringify({ eventId, eventTime: timeOf("12:00"), "\ufffd": "\ud83d\ude00" }));
      return { topic: "incoming-events", partition: 0, offset, timestamp: 0, key: null, value };
    });
    expect(await world.deliver(records.map((record) => ({ ...record, timestamp: timeOf("12:00") })))).toEqual([]);
    expect((await world.finals()).map((row) => row.eventId)).toEqual(ids);
    expect(world.emitted().map(({ message }) => message.value)).toEqual(records.map(({ value }) => String(value)));
  });

  it("is refused as oversized when the value is one byte longer than a state may be, whether or not its id is known", async () => {
    const world = dedupeWorld({ stateBytesMax: 2_048 });
    const valueOfBytes = (bytes: number) => {
      const head = `{"eventId":"a","eventTime":${timeOf("12:00")},"é":"`;
      return Buffer.from(`${head}${"x".repeat(bytes - Buffer.byteLength(head) - 2)}"}`);
    };
    const records = [2_049, 2_048, 2_049].map((bytes, offset): LogRecord => {
      return {
        topic: "incoming-events",
        partition: 0,
        offset,
        timestamp: timeOf("12:00"),
        key: null,
        value: valueOfBytes(bytes),
      };
    });
    expect(await world.deliver(records)).toEqual([]);
    expect(await world.counts()).toMatchObject({
      "incoming-events": { read: 3, accepted: 1, duplicate: 0, rejected: { oversized: 2 } },
    });
    expect((await world.rejections()).map(({ offset, message }) => `${offset}: ${message}`)).toEqual([
      "0: its value of 2049 bytes passes the 2048 of a state",
      "2: its value of 2049 bytes passes the 2048 of a state",
    ]);
  });
});
