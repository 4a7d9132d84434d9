import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  bytesWith,
  hasToken,
  type KnownIds,
  noIds,
  tokenOf,
  withToken,
} from "../../../../shared/pipelines/windows/known-ids.ts";
import { packUuid } from "../../../../shared/pipelines/windows/packed-uuid.ts";

const uuid = "864fd26f-b559-f75b-0000-0000ffffffff";
const packed = packUuid(uuid) as string;
const knows = (ids: KnownIds, id: string) => hasToken(ids, tokenOf(id));
const withIds = (...all: string[]) => all.reduce((ids, id) => withToken(ids, tokenOf(id)), noIds);
/** As they come back from the store, where nothing but the texts is left. */
const stored = ({ count, uuids, others }: KnownIds): KnownIds => JSON.parse(JSON.stringify({ count, uuids, others }));
const bytesOf = ({ uuids, others }: KnownIds) => Buffer.byteLength(JSON.stringify([uuids, others])) - '["",""]'.length;

/** Ids that look like one another, like the texts they are stored in, and like UUIDs. */
const id = fc.oneof(
  fc.uuid(),
  fc.uuid().map((one) => one.toUpperCase()),
  fc.uuid().map((one) => packUuid(one) as string),
  fc.string({ unit: fc.constantFrom(",", "~", "0", "1", "a", '"', "\\", "\n", "é", "😀"), minLength: 1, maxLength: 5 }),
  fc.constantFrom("evt_1", "evt_2", "1", "2", packed, `${packed},`, uuid, uuid.toUpperCase()),
);

describe("known ids", () => {
  it("are kept as they are, and UUIDs packed", () => {
    expect(withIds("evt_1", uuid, "evt_2")).toEqual({ count: 3, uuids: packed, others: "evt_1,evt_2," });
  });

  it("keep commas apart from those between ids", () => {
    expect(withIds("a,b", "~", "~1").others).toBe("a~1b,~0,~01,");
  });

  it.each([
    ["a packed UUID and an id that looks like it", uuid, packed],
    ["a UUID in small letters and in capitals", uuid, uuid.toUpperCase()],
    ["an id and the same with a comma", "a", "a,"],
    ["a comma and its stand-in", ",", "~1"],
    ["two ids and one with a comma", "a,b", "a"],
    ["an id and its beginning", "evt_12", "evt_1"],
    ["an id and its end", "evt_1", "1"],
  ])("tell apart %s", (_, one, other) => {
    expect([knows(withIds(one), one), knows(withIds(one), other)]).toEqual([true, false]);
    expect([knows(stored(withIds(other)), one), knows(stored(withIds(other)), other)]).toEqual([false, true]);
  });

  it("are, after their way through the store, those that were added and no others", () => {
    fc.assert(
      fc.property(fc.uniqueArray(id, { minLength: 2 }), (all) => {
        const added = all.filter((_, i) => i % 2 === 0);
        const ids = stored(withIds(...added));
        expect(all.filter((one) => knows(ids, one))).toEqual(added);
        expect(ids.count).toBe(added.length);
      }),
      { seed: 20_240_101, numRuns: 500 },
    );
  });

  it("don't change when one is added to them, whichever version it is added to", () => {
    const additions = fc.array(
      fc.record({ to: fc.nat(), id: fc.constantFrom("a", "b", "c", uuid), reload: fc.boolean() }),
    );
    fc.assert(
      fc.property(additions, (all) => {
        const versions: { ids: KnownIds; model: ReadonlySet<string> }[] = [{ ids: noIds, model: new Set() }];
        for (const { to, id: one, reload } of all) {
          const { ids, model } = versions[to % versions.length] as (typeof versions)[number];
          if (model.has(one)) continue;
          const next = withToken(ids, tokenOf(one));
          versions.push({ ids: reload ? stored(next) : next, model: new Set([...model, one]) });
          for (const version of versions) {
            expect(["a", "b", "c", uuid].filter((name) => knows(version.ids, name)).sort()).toEqual(
              [...version.model].sort(),
            );
          }
        }
      }),
      { seed: 20_240_101, numRuns: 500 },
    );
  });

  it("know what they take in JSON with one more, to the byte, added or read back", () => {
    fc.assert(
      fc.property(fc.uniqueArray(id, { minLength: 1 }), ([one = "", ...before]) => {
        const ids = withIds(...before);
        const bytes = bytesOf(withIds(...before, one));
        expect([bytesWith(ids, tokenOf(one)), bytesWith(stored(ids), tokenOf(one))]).toEqual([bytes, bytes]);
      }),
      { seed: 20_240_101, numRuns: 500 },
    );
  });

  it("take 20 bytes for a UUID, and one more than its own for a plain id", () => {
    expect([bytesWith(noIds, tokenOf(uuid)), bytesWith(noIds, tokenOf("evt_1"))]).toEqual([20, 6]);
  });
});
