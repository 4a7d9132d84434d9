import { describe, expect, it } from "vitest";
import type { LogRecord } from "../../../shared/core/record.ts";
import { noCounts } from "../../../shared/runtime/counts.ts";
import type { PartitionRow } from "../../../shared/runtime/partition-row.ts";
import { placeRecords, positionAfter } from "../../../shared/runtime/placing.ts";

const fresh: PartitionRow = {
  version: 0,
  highest: undefined,
  next: { epoch: 0, offset: 0 },
  highestTimestamp: -1,
  floor: undefined,
  idle: false,
  counts: noCounts,
};
const row = (epoch: number, offset: number, highestTimestamp: number): PartitionRow => {
  return { ...fresh, next: { epoch, offset }, highestTimestamp };
};

/** `5@100`: offset 5 with the timestamp 100. */
function records(text: string): LogRecord[] {
  return text.split(" ").map((one) => {
    const [offset, timestamp] = one.split("@").map(Number) as [number, number];
    return { topic: "t", partition: 0, offset, timestamp, key: null, value: null };
  });
}

/** `0:5^100`: epoch 0, offset 5, and the highest timestamp so far. */
function placed(at: PartitionRow, text: string): string {
  return placeRecords(at, records(text))
    .map(({ position, highestTimestamp }) => `${position.epoch}:${position.offset}^${highestTimestamp}`)
    .join(" ");
}

describe("records that are sent", () => {
  it.each<[name: string, row: PartitionRow, sent: string, placed: string]>([
    ["to a partition without a row are all new", fresh, "0@100 1@101", "0:0^100 0:1^101"],
    ["to a partition without a row may begin anywhere", fresh, "700@100 701@100", "0:700^100 0:701^100"],
    ["without timestamps are new", fresh, "0@0 1@0", "0:0^0 0:1^0"],
    ["from the next offset on are new", row(0, 5, 100), "5@100 6@90", "0:5^100 0:6^100"],
    ["behind a gap, as compaction leaves one, are new", row(0, 5, 100), "9@100 42@101", "0:9^100 0:42^101"],
    ["again are redeliveries", row(0, 5, 100), "3@98 4@100", ""],
    ["again without timestamps are redeliveries", row(0, 5, 0), "0@0 4@0", ""],
    ["partly again are new where they pass the next offset", row(0, 5, 100), "3@98 4@100 5@101", "0:5^101"],
    ["again, and younger than the one that is next, are redeliveries", row(0, 2, 100), "1@100 2@90", "0:2^100"],
    ["twice in one batch are taken once", fresh, "0@100 0@100 1@100", "0:0^100 0:1^100"],
    ["in a later epoch stay in it", row(3, 5, 100), "4@100 5@100", "3:5^100"],
  ])("%s", (_, at, sent, answer) => {
    expect(placed(at, sent)).toBe(answer);
  });
});

describe("a record at an offset that was passed", () => {
  it.each([
    ["1 ms older than all before", "0@99", ""],
    ["exactly as young as the youngest before", "0@100", ""],
    ["1 ms younger than all before", "0@101", "1:0^101"],
  ])("%s", (_, sent, answer) => {
    expect(placed(row(0, 5, 100), sent)).toBe(answer);
  });

  it.each<[name: string, row: PartitionRow, sent: string, placed: string]>([
    [
      "starts an epoch that the records behind it belong to",
      row(0, 5, 100),
      "0@101 1@101 2@90",
      "1:0^101 1:1^101 1:2^101",
    ],
    ["starts the epoch after the row's own", row(7, 5, 100), "0@101", "8:0^101"],
    ["starts an epoch at the last offset passed too", row(0, 5, 100), "4@101", "1:4^101"],
    ["starts an epoch behind records of the old one", row(0, 5, 100), "5@101 0@102", "0:5^101 1:0^102"],
    ["starts none where a record of the same batch is as young", row(0, 5, 100), "5@102 0@102", "0:5^102"],
    ["starts two where the log starts anew twice", row(0, 5, 100), "0@101 0@102", "1:0^101 2:0^102"],
  ])("%s", (_, at, sent, answer) => {
    expect(placed(at, sent)).toBe(answer);
  });

  it("is a redelivery once its epoch is stored", () => {
    const again = row(1, 3, 101);
    expect(placed(again, "0@101 1@101 2@90")).toBe("");
  });
});

describe("positionAfter", () => {
  it("is the next offset of the same epoch", () => {
    expect(positionAfter({ epoch: 2, offset: 41 })).toEqual({ epoch: 2, offset: 42 });
  });
});

describe("placed records", () => {
  it("are the very records that were sent", () => {
    const sent = records("4@100 5@101");
    expect(placeRecords(row(0, 5, 100), sent)).toEqual([
      { record: sent[1], position: { epoch: 0, offset: 5 }, highestTimestamp: 101 },
    ]);
  });
});
