import { beforeEach, describe, expect, it } from "vitest";
import { SqliteStateStore } from "../../../localstack/embedded/sqlite-state-store.ts";
import type { Position } from "../../../shared/core/position.ts";
import type { LogRecord } from "../../../shared/core/record.ts";
import { attribution } from "../../../shared/pipelines/attribution/attribution.ts";
import type { ClickRecord, ViewRecord } from "../../../shared/pipelines/attribution/records.ts";
import type { UserState } from "../../../shared/pipelines/attribution/state.ts";
import { purchases } from "../../../shared/pipelines/purchases/purchases.ts";
import { silentMeter } from "../../../shared/ports/meter.ts";
import type { KeyedEngine } from "../../../shared/runtime/engine.ts";
import { type Reached, writePositionObjects } from "../../../shared/runtime/position-objects.ts";
import type { Rejection } from "../../../shared/runtime/rejections.ts";
import { jsonRowFormat, jsonRowsOf } from "../../support/json-row-format.ts";
import { MemoryObjectStore } from "../../support/memory-object-store.ts";

const clock = { now: () => 0 };
const source = { topic: "ad_clicks", partition: 2 };
let objects: MemoryObjectStore;
beforeEach(() => {
  objects = new MemoryObjectStore();
});

function engine(): KeyedEngine<ClickRecord | ViewRecord, UserState> {
  return {
    pipeline: attribution({ attributionWindow: 0, allowedLateness: 0, finalInterval: 1 }),
    settings: {
      partitions: 3,
      maxFutureSkew: 0,
      futureClock: "record",
      stateBytesMax: 1_024,
      immediate: true,
      finals: true,
      views: true,
      forgets: false,
    },
    store: new SqliteStateStore({ path: ":memory:", clock }),
    objects,
    rowFormat: jsonRowFormat,
    clock,
    meter: silentMeter,
  };
}

const at = (offset: number, epoch = 0): Position => ({ epoch, offset });
const reached = (offset: number, highest?: number): Reached => ({
  position: at(offset),
  highest,
  highestTimestamp: 1_000 + offset,
});

function rejection(offset: number, more: Partial<LogRecord> = {}, epoch = 0): Rejection {
  const value = Buffer.from(`value ${offset}`);
  const record = { ...source, offset, timestamp: 1_000 + offset, key: Buffer.from("u"), value, ...more };
  return { record, position: at(offset, epoch), reason: "late", message: "too late", watermark: 2_000 };
}

interface Write {
  readonly first?: Position;
  readonly to: Reached;
  readonly claimEnd: number | Position;
  readonly rejections?: readonly (number | Rejection)[];
}

function write({ first = at(10), to, claimEnd, rejections = [] }: Write): Promise<Reached> {
  const end = typeof claimEnd === "number" ? at(claimEnd) : claimEnd;
  const all = rejections.map((one) => (typeof one === "number" ? rejection(one) : one));
  return writePositionObjects(engine(), { source, first, claim: { end }, placed: [] }, to, {
    rejections: all,
    rows: [],
  });
}

const folder = "rejected_events/attribution/ad_clicks/2/";

/** `0-10 [11 12] end 20 highest 5`: an object by its first position, the offsets in it, and what its metadata says. */
async function stored(): Promise<string[]> {
  const shown: string[] = [];
  for await (const name of objects.list("")) {
    const bytes = (await objects.read(name))!;
    const { end, highest } = JSON.parse(jsonRowFormat.metadataOf(bytes).tidemark!) as {
      end: unknown;
      highest?: number;
    };
    const position = name.slice(folder.length, -".json".length).replace(/-0*(\d)/, "-$1");
    const offsets = jsonRowsOf(bytes).map((row) => row.offset);
    shown.push(`${position} [${offsets.join(" ")}] end ${JSON.stringify(end)} highest ${highest ?? "-"}`);
  }
  return shown;
}

describe("a try that nobody was ahead of", () => {
  it("leaves no object where nothing is rejected up to its claim's end", async () => {
    expect(await write({ to: reached(20, 5), claimEnd: 20 })).toEqual(reached(20, 5));
    expect(await stored()).toEqual([]);
  });

  it("leaves an empty object where it ends 1 before its claim does", async () => {
    expect(await write({ to: reached(19, 5), claimEnd: 20 })).toEqual(reached(19, 5));
    expect(await stored()).toEqual(["0-10 [] end 19 highest 5"]);
  });

  it("leaves no object where it did nothing at all", async () => {
    expect(await write({ to: reached(10), claimEnd: 20 })).toEqual(reached(10));
    expect(await stored()).toEqual([]);
  });

  it("writes all its rejections into one object that says where it ends", async () => {
    expect(await write({ to: reached(20), claimEnd: 20, rejections: [11, 13] })).toEqual(reached(20));
    expect(await stored()).toEqual(["0-10 [11 13] end 20 highest -"]);
  });

  it("names the object by its epoch and first offset, so wide that names sort by it", async () => {
    await write({
      first: at(7, 3),
      to: { position: at(9, 3), highest: 0, highestTimestamp: 1 },
      claimEnd: at(9, 3),
      rejections: [rejection(8, {}, 3)],
    });
    const names = await Array.fromAsync(objects.list(""));
    expect(names).toEqual([`${folder}3-00000000000000000007.json`]);
    expect(await stored()).toEqual(["3-7 [8] end [3,9] highest 0"]);
  });
});

describe("a try that finds the name taken", () => {
  it("takes over the end and the rows of one that came exactly as far, and the higher of both event times", async () => {
    await write({ to: reached(20, 7), claimEnd: 20, rejections: [11] });
    expect(await write({ to: reached(20, 5), claimEnd: 20, rejections: [11] })).toEqual(reached(20, 7));
    expect(await write({ to: reached(20, 9), claimEnd: 20, rejections: [11] })).toEqual(reached(20, 9));
    expect(await write({ to: reached(20), claimEnd: 20, rejections: [11] })).toEqual(reached(20, 7));
    expect(await stored()).toEqual(["0-10 [11] end 20 highest 7"]);
  });

  it("writes what is left behind the end of one that fell short", async () => {
    await write({ to: reached(15, 5), claimEnd: 20, rejections: [11, 14] });
    const answer = await write({ to: reached(20, 9), claimEnd: 20, rejections: [11, 14, 15, 19] });
    expect(answer).toEqual(reached(20, 9));
    expect(await stored()).toEqual(["0-10 [11 14] end 15 highest 5", "0-15 [15 19] end 20 highest 9"]);
  });

  it("writes nothing behind one that fell short where nothing is left up to the claim's end", async () => {
    await write({ to: reached(15, 9), claimEnd: 20, rejections: [11] });
    expect(await write({ to: reached(20, 5), claimEnd: 20, rejections: [11] })).toEqual(reached(20, 9));
    expect(await stored()).toEqual(["0-10 [11] end 15 highest 9"]);
  });

  it("leaves an empty object behind one that fell short where it falls short of the claim too", async () => {
    await write({ to: reached(12, 5), claimEnd: 20 });
    expect(await write({ to: reached(15, 6), claimEnd: 20 })).toEqual(reached(15, 6));
    expect(await stored()).toEqual(["0-10 [] end 12 highest 5", "0-12 [] end 15 highest 6"]);
  });

  it("moves on to the end of one that went further, with its event time, and writes nothing", async () => {
    await write({ to: reached(20, 9), claimEnd: 20, rejections: [11, 17] });
    expect(await write({ to: reached(15, 5), claimEnd: 20, rejections: [11] })).toEqual(reached(20, 9));
    expect(await stored()).toEqual(["0-10 [11 17] end 20 highest 9"]);
  });

  it("follows a chain of tries that fell short, row by row", async () => {
    await write({ to: reached(12, 1), claimEnd: 20, rejections: [10, 11] });
    await write({ to: reached(16, 4), claimEnd: 20, rejections: [10, 11, 13] });
    const answer = await write({ to: reached(20, 3), claimEnd: 20, rejections: [10, 11, 13, 18] });
    expect(answer).toEqual(reached(20, 4));
    expect(await stored()).toEqual([
      "0-10 [10 11] end 12 highest 1",
      "0-12 [13] end 16 highest 4",
      "0-16 [18] end 20 highest 4",
    ]);
  });

  it("knows that an epoch ends behind all offsets of an earlier one", async () => {
    const end = at(2, 1);
    await write({
      to: { position: end, highest: 5, highestTimestamp: 5 },
      claimEnd: at(9, 1),
      rejections: [11, rejection(0, {}, 1)],
    });
    expect(await write({ to: reached(500, 6), claimEnd: at(9, 1), rejections: [11] })).toEqual({
      position: end,
      highest: 6,
      highestTimestamp: 1_500,
    });
    expect(await stored()).toEqual(["0-10 [11 0] end [1,2] highest 5"]);
  });

  it("names each record in exactly one object, however many tries end wherever", async () => {
    const offsets = [10, 11, 12, 13, 14, 15, 16, 17, 18, 19];
    for (const end of [14, 11, 17, 12, 20, 16, 20]) {
      const rejections = offsets.filter((offset) => offset < end);
      const answer = await write({ to: reached(end, end), claimEnd: 20, rejections });
      expect(answer.position.offset).toBeGreaterThanOrEqual(end);
    }
    const written = (await Array.fromAsync(objects.list(""))).map(async (name) =>
      jsonRowsOf((await objects.read(name))!),
    );
    expect((await Promise.all(written)).flat().map((row) => row.offset)).toEqual(offsets);
  });
});

describe("a row of rejected_events", () => {
  const rowOf = async (one: Rejection) => {
    await write({ to: reached(20), claimEnd: 20, rejections: [one] });
    const [name = ""] = await Array.fromAsync(objects.list(""));
    return jsonRowsOf((await objects.read(name))!)[0];
  };
  const plain = {
    pipeline: "attribution",
    topic: "ad_clicks",
    partition: 2,
    offset: 11,
    timestamp: 1_011,
    key: "u",
    value: "value 11",
    value_encoding: "utf8",
    reason: "late",
    message: "too late",
    watermark: 2_000,
  };

  it("says all there is to say", async () => {
    expect(await rowOf(rejection(11))).toEqual(plain);
  });

  it("says null where there is no watermark yet", async () => {
    expect(await rowOf({ ...rejection(11), watermark: undefined })).toEqual({ ...plain, watermark: null });
  });

  it("holds a value that is no UTF-8 as base64, and says so", async () => {
    const value = Buffer.of(0x7b, 0xff, 0xfe, 0x7d);
    expect(await rowOf(rejection(11, { value }))).toEqual({ ...plain, value: "e//+fQ==", value_encoding: "base64" });
  });

  it("holds an empty value as an empty text", async () => {
    expect(await rowOf(rejection(11, { value: Buffer.alloc(0) }))).toEqual({ ...plain, value: "" });
  });

  it("holds a byte-order mark and U+FFFD as they came", async () => {
    const value = Buffer.from("\ufeff\ufffd");
    expect(await rowOf(rejection(11, { value }))).toEqual({ ...plain, value: "\ufeff\ufffd" });
  });

  it("holds a key that is no UTF-8 as base64, and none as null", async () => {
    expect(await rowOf(rejection(11, { key: Buffer.of(0xff) }))).toEqual({ ...plain, key: "/w==" });
    objects = new MemoryObjectStore();
    expect(await rowOf(rejection(11, { key: null }))).toEqual({ ...plain, key: null });
  });

  it("encodes just the value's own bytes of a longer buffer", async () => {
    const value = Uint8Array.of(1, 2, 0xff, 0xfe, 3, 4).subarray(2, 4);
    expect((await rowOf(rejection(11, { value })))?.value).toBe("//4=");
  });
});

describe("rejections beside rows of facts", () => {
  it("can decide by themselves, should the facts' sink be switched off before the next try", async () => {
    const facts = { ...engine(), pipeline: purchases() };
    const span = { source, first: at(10), claim: { end: at(20) }, placed: [] };
    const content = { rejections: [rejection(11)], rows: [] };
    expect(await writePositionObjects(facts, span, reached(15, 7), content)).toEqual(reached(15, 7));
    const withoutFacts = { ...facts, settings: { ...facts.settings, finals: false } };
    const more = { rejections: [rejection(11), rejection(16)], rows: [] };
    expect(await writePositionObjects(withoutFacts, span, reached(20, 9), more)).toEqual(reached(20, 9));
    const rows = await Promise.all(
      (await Array.fromAsync(objects.list("rejected_events/"))).map(async (name) =>
        jsonRowsOf((await objects.read(name))!),
      ),
    );
    expect(rows.flat().map((row) => row.offset)).toEqual([11, 16]);
  });
});

describe("rows of facts", () => {
  it("lie under the day of the timestamp that the first record of their object has in the log", async () => {
    const noon = Date.UTC(2024, 1, 29, 12);
    const placed = [10, 11, 12].map((offset) => {
      const { record } = rejection(offset, { timestamp: noon + (offset - 10) * 24 * 3_600_000 });
      return { record, position: at(offset), highestTimestamp: 0 };
    });
    const facts = { ...engine(), pipeline: purchases() };
    const span = { source, first: at(10), claim: { end: at(20) }, placed };
    const write = (end: number) => writePositionObjects(facts, span, reached(end), { rejections: [], rows: [] });
    expect([await write(11), await write(19)]).toEqual([reached(11), reached(19)]);
    const names = await Array.fromAsync(objects.list("purchases/"));
    expect(names.map((name) => name.split("/")[1])).toEqual(["dt=2024-02-29", "dt=2024-03-01"]);
  });
});
