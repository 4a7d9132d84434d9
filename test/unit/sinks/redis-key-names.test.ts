import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  bucketExpiry,
  keptMinute,
  keyNames,
  lastExpiry,
  minuteOf,
  summedMinutes,
} from "../../../shared/sinks/redis/key-names.ts";

const at = (text: string) => Date.parse(`2024-01-01T${text}Z`);
const names = keyNames("");

describe("the keys", () => {
  it("have the names that readers know", () => {
    const { last, count, bucket, top } = names;
    expect([last("7"), count("7"), bucket(at("12:10:59.999")), top]).toEqual([
      "content:last:7",
      "content:count:7",
      "top:content:bucket:202401011210",
      "top:content:10m",
    ]);
  });

  it("all begin with the prefix", () => {
    const { last, count, bucket, mark, top, topMinute, nothing } = keyNames("{tidemark}:");
    const keys = [last("7"), count("7"), bucket(0), mark("7").key, mark("x").key, top, topMinute, nothing];
    expect(keys.filter((key) => !/^\{tidemark\}:[a-z]/.test(key))).toEqual([]);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it.each([
    ["00:00:00", "202401010000"],
    ["00:00:59.999", "202401010000"],
    ["00:01:00", "202401010001"],
    ["23:59:59.999", "202401012359"],
  ])("name the minute of %s %s", (time, minute) => {
    expect(minuteOf(at(time))).toBe(minute);
  });

  it("name the first and the last minute that there are", () => {
    expect([minuteOf(0), minuteOf(253_402_300_799_999)]).toEqual(["197001010000", "999912312359"]);
  });
});

describe("the mark of an event", () => {
  it.each([
    ["0", "0", 0],
    ["1", "0", 1],
    ["1999", "0", 1_999],
    ["2000", "1", 0],
    ["2001", "1", 1],
    ["1234567", "617", 567],
    ["9007199254740991", "4503599627370", 991],
    ["9007199254740992", "4503599627370", 992],
    ["9007199254740993", "4503599627370", 993],
    ["9223372036854775807", "4611686018427387", 1_807],
    ["18446744073709551616", "9223372036854775", 1_616],
    [`1${"0".repeat(60)}`, `5${"0".repeat(56)}`, 0],
  ])("%s is a bit of its two thousand", (id, number, bit) => {
    expect(names.mark(id)).toEqual({ key: `event:seen:${number}`, bit, bits: 2_000 });
  });

  it.each(["-1", "-0", "+1", "00", "007", "1.0", "1e3", " 1", "1 ", "1\n", "0x10", "١", "１", "abc", "{1}", "a:b"])(
    "%j, which is no number from 0 up as it is written, has a key of its own",
    (id) => {
      expect(names.mark(id)).toEqual({ key: `event:seen:${id}`, bit: 0, bits: 1 });
    },
  );

  it("is another for every other id", () => {
    const id = fc.oneof(fc.bigInt({ min: 0n, max: 10_000n }).map(String), fc.bigInt().map(String), fc.string());
    const marked = (text: string) => {
      const { key, bit } = names.mark(text);
      return `${bit} of ${key}`;
    };
    fc.assert(
      fc.property(id, id, (one, other) => (marked(one) === marked(other)) === (one === other)),
      { seed: 11, numRuns: 5_000 },
    );
  });

  it("has room in its bitmap", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n }), (id) => {
        const { bit, bits } = names.mark(String(id));
        return bit >= 0 && bit < bits;
      }),
      { seed: 11 },
    );
  });
});

describe("a minute", () => {
  it.each([
    ["is kept while it lasts", "12:10:30", "12:10:45", "12:10:00"],
    ["begins with its first millisecond", "12:10:00", "12:10:00", "12:10:00"],
    ["ends before the next one", "12:09:59.999", "12:10:00", "12:09:00"],
    ["is kept a millisecond before its start is 15 minutes ago", "12:10:59.999", "12:24:59.999", "12:10:00"],
    ["is gone when its start is 15 minutes ago", "12:10:59.999", "12:25:00", undefined],
    ["is gone a millisecond later", "12:10:00", "12:25:00.001", undefined],
    ["is kept before it begins", "12:13:00", "12:10:00", "12:13:00"],
  ])("%s: %s at %s", (_, time, now, start) => {
    expect(keptMinute(at(time), at(now))).toBe(start && at(start));
  });

  it("goes 900 s after its start", () => {
    expect(bucketExpiry(at("12:10:00"))).toBe(at("12:25:00"));
  });
});

describe("the last event", () => {
  it.each([
    ["just now", "12:10:00", "12:10:00", "13:10:00"],
    ["a millisecond less than an hour ago", "12:10:00.001", "13:10:00", "14:10:00"],
    ["an hour ago", "12:10:00", "13:10:00", undefined],
    ["more than an hour ago", "12:09:59.999", "13:10:00", undefined],
    ["ahead of the clock", "12:13:00", "12:10:00", "13:13:00"],
  ])("of %s (%s at %s) is kept until %s", (_, time, now, until) => {
    expect(lastExpiry(at(time), at(now))).toBe(until && at(until));
  });
});

describe("the top contents", () => {
  it("are those of the current minute and the nine before it, over midnight too", () => {
    expect(summedMinutes(at("00:03:59.999")).map(minuteOf)).toEqual([
      ...["202401010003", "202401010002", "202401010001", "202401010000"],
      ...["202312312359", "202312312358", "202312312357", "202312312356", "202312312355", "202312312354"],
    ]);
  });

  it("name no minute twice, and none before 1970", () => {
    expect(summedMinutes(60_000).map(minuteOf)).toEqual(["197001010001", "197001010000"]);
  });
});
